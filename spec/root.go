package spec

import (
	"slices"

	"golang.org/x/sys/unix"
)

// propagation is a mount propagation type, MS_* bits.
type propagation struct {
	name  string
	flags uint64
}

// propagations holds the names of mount propagation types that a rootfs can have; the specification has only those without r, the peers take all.
var propagations = [...]propagation{
	{"private", unix.MS_PRIVATE},
	{"rprivate", unix.MS_PRIVATE | unix.MS_REC},
	{"slave", unix.MS_SLAVE},
	{"rslave", unix.MS_SLAVE | unix.MS_REC},
	{"shared", unix.MS_SHARED},
	{"rshared", unix.MS_SHARED | unix.MS_REC},
	{"unbindable", unix.MS_UNBINDABLE},
	{"runbindable", unix.MS_UNBINDABLE | unix.MS_REC},
}

// root takes over the root folder. That it exists is checked where it is opened: here no file is touched.
func (c *checker) root() {
	c.opts.MountDir = c.inBundle("/root/path", c.spec.Root.Path)
	c.opts.RootReadonly = c.spec.Root.Readonly
	name := c.spec.Linux.RootfsPropagation
	if name == "" {
		return
	}
	i := slices.IndexFunc(propagations[:], func(p propagation) bool { return p.name == name })
	if i < 0 {
		c.errorf("/linux/rootfsPropagation", "unknown mount propagation %q", name)
		return
	}
	c.opts.RootPropagation = propagations[i].flags
}
