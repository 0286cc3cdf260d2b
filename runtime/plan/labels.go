package plan

import (
	"errors"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/spec"
)

var (
	errNoAppArmor = errors.New("needs AppArmor, which is not enabled on this host")
	errNoSELinux  = errors.New("needs SELinux, which is disabled or not supported on this host")
)

const (
	appArmorPointer = "/process/apparmorProfile"
	selinuxPointer  = "/process/selinuxLabel"
)

// labelled reports whether the process gets a label of a Linux Security Module.
func (c *compiler) labelled() bool { return c.o.AppArmor != "" || c.o.SELinux != "" }

func (c *compiler) labelPointer() string {
	if c.o.AppArmor != "" {
		return appArmorPointer
	}
	return selinuxPointer
}

// checkLabels refuses labels that the host would not enforce: a container that is less confined than its config says
// must not start.
func (c *compiler) checkLabels() error {
	switch {
	case c.o.AppArmor != "" && !c.f.AppArmor:
		return &Error{appArmorPointer, errNoAppArmor}
	case c.o.SELinux != "" && !c.f.SELinux:
		return &Error{selinuxPointer, errNoSELinux}
	case c.o.MountLabel != "" && !c.f.SELinux:
		return &Error{"/linux/mountLabel", errNoSELinux}
	}
	return nil
}

// labels says which label the process gets by its next execve. It comes before no_new_privs, under which neither module
// lets a confined process change what will become of it.
func (c *compiler) labels() error {
	if c.o.AppArmor != "" {
		c.pointer = appArmorPointer
		c.writeProc("self/attr/apparmor/exec", "exec "+c.o.AppArmor)
	}
	if c.o.SELinux != "" {
		c.pointer = selinuxPointer
		c.writeProc("self/attr/exec", c.o.SELinux)
	}
	return nil
}

// keyringLabel is the label of the keys that are made from here on: the container's, or with "" the usual one.
func (c *compiler) keyringLabel(label string) {
	if c.o.SELinux != "" {
		c.pointer = selinuxPointer
		c.writeProc("self/attr/keycreate", label)
		c.pointer = ""
	}
}

// unlabelled are the file systems that take no mount label: of some the kernel labels the files one by one, and those
// of cgroups are the host's, with the label they have there.
var unlabelled = []string{"proc", "sysfs", "mqueue", "cgroup", "cgroup2"}

// withContext adds the mount label to the options of a new file system.
func (c *compiler) withContext(kind string, options []string) []string {
	isContext := func(o string) bool { return strings.HasPrefix(o, "context=") }
	if c.o.MountLabel == "" || slices.Contains(unlabelled, kind) || slices.ContainsFunc(options, isContext) {
		return options
	}
	return append(slices.Clip(options), "context="+c.o.MountLabel)
}

// labelQueues gives the mount label to an mqueue, which takes none as an option but has a folder to write it on.
func (c *compiler) labelQueues(m *spec.Mount, tree program.Mem) {
	if c.o.MountLabel == "" || m.Type != "mqueue" {
		return
	}
	fd, label := c.Slot(), []byte(c.o.MountLabel)
	c.openat2(tree.Val(), ".", unix.O_RDONLY|unix.O_DIRECTORY, 0, inRoot).to(fd)
	c.call(unix.SYS_FSETXATTR, fd.Val(), str("security.selinux"), program.Bytes(label), num(len(label)), null)
	c.close(fd)
}
