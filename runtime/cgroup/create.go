package cgroup

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/cgroups"
	"github.com/opencontainers/cgroups/fs"
	"github.com/opencontainers/cgroups/fs2"
	"golang.org/x/sys/unix"
)

// Create makes the cgroup's folders; under systemd it only checks, and Attach makes them. A cgroup that exists already
// is taken over if it is empty and not frozen. On an error nothing that Create made is left.
func (m *Manager) Create() error {
	err := m.create()
	if err == nil {
		return nil
	}
	return errors.Join(err, m.Undo())
}

func (m *Manager) create() error {
	switch {
	case m.saved.Systemd:
		return m.refuseOccupied(m.folders())
	case m.Mode() == Unified:
		return m.createUnified(m.saved.Paths[""])
	case len(m.saved.Paths) > 0:
		return m.createHierarchies()
	}
	return nil
}

// Undo takes back what Create made: the cgroup with all below it, and its parents as far as another container has not
// moved in there meanwhile; under systemd, what Attach made. A cgroup that Create found stays. Processes must be gone
// or going, as for Destroy.
func (m *Manager) Undo() error {
	if m.attached {
		return m.Destroy()
	}
	own, deadline := m.folders(), time.Now().Add(destroyTimeout)
	var errs []error
	for _, dir := range slices.Backward(m.made) {
		if slices.Contains(own, dir) {
			errs = append(errs, removeTree(dir, deadline))
		} else {
			_ = unix.Rmdir(dir)
		}
	}
	m.made = nil
	return errors.Join(errs...)
}

// createUnified makes the v2 folder. As a rule the parent has all controllers enabled already, and comparing two lists
// is all there is to do. Only else the library goes down from the root and enables them: each such write waits until
// all cgroups removed before are really gone (cgroup_lock_and_drain_offline), which takes milliseconds.
func (m *Manager) createUnified(dir string) error {
	made, err := m.makeFolder(dir)
	if err != nil {
		return m.withoutCgroup(err)
	}
	all, err := controllers(mountPoint)
	if err != nil {
		return err
	}
	have, err := controllers(dir)
	if err != nil {
		return err
	}
	if !slices.Equal(have, all) {
		if err := fs2.CreateCgroupPath(dir, m.config()); err != nil {
			return explainCreate(err)
		}
		if have, err = controllers(dir); err != nil {
			return err
		}
	}
	if err := m.limits.missing(have, dir); err != nil {
		return err
	}
	if !made {
		if err := m.refuseOccupied([]string{dir}); err != nil {
			return err
		}
	}
	return m.delegate(dir)
}

func controllers(dir string) ([]string, error) {
	text, err := readFile(dir + "/cgroup.controllers")
	return strings.Fields(text), err
}

// withoutCgroup lets a rootless container do without a cgroup if none can be made and nothing depends on it.
func (m *Manager) withoutCgroup(err error) error {
	if !m.saved.Rootless || m.explicit || !permission(err) {
		return explainCreate(err)
	}
	if len(m.limits.needs) > 0 {
		return &Error{m.limits.needs[0].pointer,
			fmt.Errorf("rootless needs no limits + no cgrouppath when no permission is granted for cgroups: %w", err)}
	}
	m.saved.Paths = nil
	return nil
}

// createHierarchies makes the folder of each v1 hierarchy. With all of them there before a process is, wrong limits
// are found before it, too.
func (m *Manager) createHierarchies() error {
	if err := m.limits.missing(sortedKeys(m.saved.Paths), "cgroup v1 on this host"); err != nil {
		return err
	}
	var occupied []string
	for _, dir := range m.folders() {
		made, err := m.makeHierarchyFolder(dir)
		if err == nil && !made && !m.named(dir) {
			occupied = append(occupied, dir)
		}
		if err == nil {
			continue
		}
		if !m.named(dir) && !m.forgivable(err) {
			return explainCreate(err)
		}
		if err := m.giveUp(dir); err != nil {
			return err
		}
	}
	if err := m.refuseOccupied(occupied); err != nil {
		return err
	}
	if m.limits.resources == nil {
		return nil
	}
	// A v1 list is emptied first and then filled rule by rule, so it must be complete before init makes its devices.
	return m.limitDevices()
}

// named reports whether a folder is in hierarchies without a controller, which limit nothing: a container does without
// one that can't be made, as under runc.
func (m *Manager) named(dir string) bool {
	for name, d := range m.saved.Paths {
		if d == dir && name != "" && name != "misc" && !strings.HasPrefix(name, namedPrefix) {
			return false
		}
	}
	return true
}

// forgivable reports whether a rootless container may do without a folder.
func (m *Manager) forgivable(err error) bool {
	return m.saved.Rootless && !m.explicit && permission(err)
}

// giveUp lets the container do without a folder, unless a limit needs it.
func (m *Manager) giveUp(dir string) error {
	for name, d := range m.saved.Paths {
		if d != dir {
			continue
		}
		for _, n := range m.limits.needs {
			if n.controller == name {
				return &Error{n.pointer, fmt.Errorf("cannot set %s limit: container could not join or create cgroup", name)}
			}
		}
		delete(m.saved.Paths, name)
	}
	return nil
}

// makeHierarchyFolder makes a v1 folder. A task can only enter a cpuset with CPUs and memory nodes, which a new one
// has not, nor one of cpu without real-time budget if the task needs it: the library sets these first.
func (m *Manager) makeHierarchyFolder(dir string) (made bool, err error) {
	if made, err = m.makeFolder(dir); err != nil {
		return made, err
	}
	r := m.config().Resources
	if dir == m.saved.Paths["cpuset"] {
		err = new(fs.CpusetGroup).ApplyDir(dir, r, -1)
	}
	if err == nil && dir == m.saved.Paths["cpu"] {
		err = new(fs.CpuGroup).SetRtSched(dir, r)
	}
	return made, m.limits.explainLimit(err)
}

// makeFolder makes dir and the parents that it lacks, and reports whether dir was not there before.
func (m *Manager) makeFolder(dir string) (made bool, err error) {
	err = mkdir(dir)
	if errors.Is(err, unix.ENOENT) {
		if _, err := m.makeFolder(path.Dir(dir)); err != nil {
			return false, err
		}
		err = mkdir(dir)
	}
	if errors.Is(err, unix.EEXIST) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	m.made = append(m.made, dir)
	return true, nil
}

// refuseOccupied refuses to put a container where others' processes are, which its limits and its end would hit, or
// into a frozen cgroup, where its init would hang.
func (m *Manager) refuseOccupied(dirs []string) error {
	for _, dir := range dirs {
		pids, err := cgroups.GetAllPids(dir)
		if err != nil && !isGone(err) {
			return fmt.Errorf("unable to get cgroup PIDs: %w", err)
		}
		if len(pids) > 0 {
			return fmt.Errorf("container's cgroup is not empty: %d process(es) found in %s", len(pids), dir)
		}
		if frozen, err := isFrozen(dir); err != nil {
			return fmt.Errorf("unable to get cgroup freezer state: %w", err)
		} else if frozen {
			return fmt.Errorf("container's cgroup unexpectedly frozen: %s", dir)
		}
	}
	return nil
}
