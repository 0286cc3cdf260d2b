package plan

import (
	"fmt"
	"path"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/spec"
)

// defaultDevices are what every container has (runtime-spec, config-linux.md, "Default Devices").
var defaultDevices = []spec.Device{
	{Path: "/dev/null", Mode: unix.S_IFCHR | 0o666, Dev: 1<<8 | 3},
	{Path: "/dev/random", Mode: unix.S_IFCHR | 0o666, Dev: 1<<8 | 8},
	{Path: "/dev/full", Mode: unix.S_IFCHR | 0o666, Dev: 1<<8 | 7},
	{Path: "/dev/tty", Mode: unix.S_IFCHR | 0o666, Dev: 5 << 8},
	{Path: "/dev/zero", Mode: unix.S_IFCHR | 0o666, Dev: 1<<8 | 5},
	{Path: "/dev/urandom", Mode: unix.S_IFCHR | 0o666, Dev: 1<<8 | 9},
}

// deviceLinks are the links that go with them.
var deviceLinks = [][2]string{
	{"/proc/self/fd", "fd"},
	{"/proc/self/fd/0", "stdin"},
	{"/proc/self/fd/1", "stdout"},
	{"/proc/self/fd/2", "stderr"},
}

// devices makes the device nodes and links, unless the config binds a whole /dev of its own.
func (c *compiler) devices() error {
	for _, m := range c.o.Mounts {
		if m.Bind && m.Destination == "/dev" {
			return nil
		}
	}
	if !c.has(unix.CLONE_NEWNS) && !MountsOnHost(c.o) {
		return nil // the root folder is the host's, and stays as it is
	}
	dev := c.Slot()
	c.mkdirs("/dev", dev)
	for _, d := range Devices(c.o) {
		c.pointer = d.Pointer
		folder := dev
		if path.Dir(d.Path) != "/dev" {
			folder = c.Slot()
			c.mkdirs(path.Dir(d.Path), folder)
		}
		if c.inUserNS() && d.Mode&unix.S_IFMT != unix.S_IFIFO {
			c.bindDevice(folder, d)
		} else {
			c.makeDevice(folder, d)
		}
		if folder != dev {
			c.close(folder)
		}
	}
	c.pointer = ""
	links := deviceLinks
	if c.f.Kcore {
		links = append(slices.Clip(links), [2]string{"/proc/kcore", "core"})
	}
	for _, l := range links {
		c.try([]unix.Errno{unix.EEXIST}, unix.SYS_SYMLINKAT, str(l[0]), dev.Val(), str(l[1]))
	}
	// Whatever ptmx the image has is not the one of the container's devpts.
	c.try([]unix.Errno{unix.ENOENT}, unix.SYS_UNLINKAT, dev.Val(), str("ptmx"), null)
	c.call(unix.SYS_SYMLINKAT, str("pts/ptmx"), dev.Val(), str("ptmx"))
	c.close(dev)
	return nil
}

// makeDevice makes a node in a folder. One that is there already stays as it is: it may be a mount of the host's, whose
// owner is not the container's to change.
func (c *compiler) makeDevice(folder program.Mem, d spec.Device) {
	name, there := str(path.Base(d.Path)), c.NewLabel()
	c.call(unix.SYS_MKNODAT, folder.Val(), name, num(int(d.Mode)), num(int(d.Dev))).on(unix.EEXIST, there)
	if d.UID != 0 || d.GID != 0 {
		c.call(unix.SYS_FCHOWNAT, folder.Val(), name, num(int(d.UID)), num(int(d.GID)), num(unix.AT_SYMLINK_NOFOLLOW))
	}
	c.Mark(there)
}

// bindDevice shows the host's node of the same path in a folder: in a user namespace nobody can make one. Owner and
// mode stay the host's.
func (c *compiler) bindDevice(folder program.Mem, d spec.Device) {
	tree, same := c.Slot(), c.NewLabel()
	c.copyHost(d.Path, false, tree)
	c.testDevice(tree, d.Mode&unix.S_IFMT, d.Dev, same)
	c.words = fmt.Sprintf("the host's %s is not the device that is asked for", d.Path)
	c.fail(unix.ENODEV)
	c.words = ""
	c.Mark(same)
	c.coverFile(folder, path.Base(d.Path), tree)
}

// coverFile attaches a mount tree, and closes it, at a file that is made if it is missing. No link is followed.
func (c *compiler) coverFile(folder program.Mem, name string, tree program.Mem) {
	target := c.Slot()
	c.try([]unix.Errno{unix.EEXIST}, unix.SYS_MKNODAT, folder.Val(), str(name), num(unix.S_IFREG|0o666), null)
	c.openat2(folder.Val(), name, unix.O_PATH|unix.O_NOFOLLOW, 0, unix.RESOLVE_BENEATH|unix.RESOLVE_NO_SYMLINKS).to(target)
	c.moveMount(tree.Val(), target.Val())
	c.close(tree)
	c.close(target)
}

// inUserNS reports whether init has its capabilities only in a user namespace.
func (c *compiler) inUserNS() bool { return c.has(unix.CLONE_NEWUSER) || c.f.InUserNS }

// Devices is the config's devices and those default ones that they don't replace.
func Devices(o *spec.ContainerOpts) []spec.Device {
	all := make([]spec.Device, 0, len(defaultDevices)+len(o.Devices))
	for _, d := range defaultDevices {
		if !slices.ContainsFunc(o.Devices, func(own spec.Device) bool { return own.Path == d.Path }) {
			all = append(all, d)
		}
	}
	return append(all, o.Devices...)
}
