package plan

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/spec"
)

// hostInstances are the file systems that show a namespace and that only root of the user namespace which that belongs
// to may mount. A container in a user namespace of its own that shares such a namespace with the host gets the host's
// instance.
var hostInstances = []struct {
	kind      string
	namespace uint64
	path      string
}{
	{"proc", unix.CLONE_NEWPID, "/proc"},
	{"sysfs", unix.CLONE_NEWNET, "/sys"},
	{"mqueue", unix.CLONE_NEWIPC, "/dev/mqueue"},
}

// hostInstance is where the host has the file system that a mount is to show, "" if it can be mounted anew.
func (c *compiler) hostInstance(m *spec.Mount) string {
	if m.Type == "cgroup" && c.f.Unified && !c.has(unix.CLONE_NEWCGROUP) {
		// To mount it anew in the host's cgroup namespace would change the host's own mount: all share its options,
		// nsdelegate to begin with (cgroups(7)).
		return "/sys/fs/cgroup"
	}
	if !c.has(unix.CLONE_NEWUSER) {
		return ""
	}
	return c.showsHost(m.Type)
}

// showsHost is where the host has the file system of a kind if the container's shows the same, "" if not.
func (c *compiler) showsHost(kind string) string {
	for _, h := range hostInstances {
		if h.kind == kind && !c.has(h.namespace) {
			return h.path
		}
	}
	return ""
}

// errNoOptions is about a file system that is shown as it is elsewhere.
var errNoOptions = errors.New("the container gets no file system of its own here, which could have options")

// checkOwnOptions refuses what only a new instance of a file system could be given.
func (c *compiler) checkOwnOptions(m *spec.Mount) error {
	v1 := m.Type == "cgroup" && !c.f.Unified
	if m.Bind || m.Remount || !v1 && c.hostInstance(m) == "" {
		return nil
	}
	options := append(without(m.SBFlags, "ro"), m.Data...)
	if len(options) == 0 {
		return nil
	}
	return &Error{m.Pointer + "/options", fmt.Errorf("%s: %w", options[0], errNoOptions)}
}

// bindInstance binds what can't be mounted. What is mounted below it on the host comes along, as the kernel wants it
// (it would else show what is covered), and is restricted like the rest: a read-only /sys must not have a writable
// cgroup below it (CVE-2023-25809).
func (c *compiler) bindInstance(m *spec.Mount) {
	b := *m
	b.Bind, b.Recursive, b.Source = true, true, c.hostInstance(m)
	b.RecAttr.Set |= m.Attr.Set &^ unix.MOUNT_ATTR__ATIME
	c.bind(&b)
}
