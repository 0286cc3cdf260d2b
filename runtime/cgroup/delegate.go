package cgroup

import (
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// delegateFile lists the files that belong to whoever manages the cgroups below a cgroup (cgroup-v2.rst, "Delegation").
const delegateFile = "/sys/kernel/cgroup/delegate"

// delegate gives a v2 folder to the container's user; its limits stay the parent's. The user of a rootless container may
// be one that crabcan has no right to give anything to, which is then not delegated.
func (m *Manager) delegate(dir string) error {
	if m.owner == nil || int(*m.owner) == os.Geteuid() {
		return nil
	}
	list, err := readFile(delegateFile)
	if errors.Is(err, unix.ENOENT) {
		list, err = "cgroup.procs cgroup.threads cgroup.subtree_control", nil // the kernel doesn't say
	}
	if err != nil {
		return err
	}
	for _, file := range append([]string{"."}, strings.Fields(list)...) {
		err := os.Chown(dir+"/"+file, int(*m.owner), -1)
		if err != nil && !errors.Is(err, unix.ENOENT) && !(m.saved.Rootless && permission(err)) {
			return explainCreate(err)
		}
	}
	return nil
}
