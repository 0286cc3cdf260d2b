package spec

import (
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// namespaceFlags holds the kernel's bit for each namespace type.
var namespaceFlags = [...]struct {
	name specs.LinuxNamespaceType
	flag uint64
}{
	{specs.PIDNamespace, unix.CLONE_NEWPID},
	{specs.NetworkNamespace, unix.CLONE_NEWNET},
	{specs.MountNamespace, unix.CLONE_NEWNS},
	{specs.IPCNamespace, unix.CLONE_NEWIPC},
	{specs.UTSNamespace, unix.CLONE_NEWUTS},
	{specs.UserNamespace, unix.CLONE_NEWUSER},
	{specs.CgroupNamespace, unix.CLONE_NEWCGROUP},
	{specs.TimeNamespace, unix.CLONE_NEWTIME},
}

// namespaceFlag is 0 for an unknown type.
func namespaceFlag(name specs.LinuxNamespaceType) uint64 {
	for _, n := range namespaceFlags {
		if n.name == name {
			return n.flag
		}
	}
	return 0
}

func (c *checker) namespaceList() {
	const pointer = "/linux/namespaces"
	for i, n := range c.spec.Linux.Namespaces {
		entry := element(pointer, i)
		flag := namespaceFlag(n.Type)
		switch {
		case n.Type == "":
			c.errorf(member(entry, "type"), "is required")
		case flag == 0:
			c.errorf(member(entry, "type"), "unknown namespace type %q", n.Type)
		case c.namespaces&flag != 0:
			c.errorf(member(entry, "type"), "namespace %s is listed twice", n.Type)
		}
		if n.Path != "" {
			n.Path = c.absolute(member(entry, "path"), n.Path)
		}
		if n.Path != "" && flag&c.env.Own != 0 {
			continue
		}
		c.namespaces |= flag
		c.opts.Namespaces = append(c.opts.Namespaces, Namespace{Flag: flag, Path: n.Path, Pointer: entry})
	}
}

// needs reports, as an error at pointer, that what stands there would change the host: the container neither makes nor
// joins the namespace that holds it.
func (c *checker) needs(flag uint64, pointer, name string) {
	if c.namespaces&flag == 0 && !c.isBroken("/linux/namespaces") {
		c.errorf(pointer, "needs a namespace of type %s in linux.namespaces", name)
	}
}
