package plan

import (
	"fmt"
	"path"
	"slices"
	"strings"

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

// devices makes the device nodes, and furnishes /dev, unless the config binds a whole one: that is its owner's.
func (c *compiler) devices() error {
	if !c.has(unix.CLONE_NEWNS) && !MountsOnHost(c.o) {
		return nil // the root folder is the host's, and stays as it is
	}
	var inside, elsewhere []spec.Device
	for _, d := range Devices(c.o) {
		if strings.HasPrefix(d.Path, "/dev/") {
			inside = append(inside, d)
		} else {
			elsewhere = append(elsewhere, d)
		}
	}
	if c.o.BoundDev() < 0 {
		c.furnishDev(inside)
	}
	for _, d := range elsewhere {
		c.device(d)
	}
	c.pointer = ""
	return nil
}

func (c *compiler) furnishDev(devices []spec.Device) {
	dev := c.Slot()
	c.mkdirs("/dev", dev)
	for _, d := range devices {
		if path.Dir(d.Path) == "/dev" {
			c.deviceIn(dev, d)
		} else {
			c.device(d)
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
}

// device makes a device in a folder that may be missing.
func (c *compiler) device(d spec.Device) {
	folder := c.Slot()
	c.pointer = d.Pointer
	c.mkdirs(path.Dir(d.Path), folder)
	c.deviceIn(folder, d)
	c.close(folder)
}

func (c *compiler) deviceIn(folder program.Mem, d spec.Device) {
	c.pointer = d.Pointer
	if c.inUserNS() && d.Mode&unix.S_IFMT != unix.S_IFIFO {
		c.bindDevice(folder, d)
	} else {
		c.makeDevice(folder, d)
	}
}

// makeDevice makes a node in a folder. One that is there already stays as it is: it may be a mount of the host's, whose
// owner is not the container's to change. What the image has there must be that device.
func (c *compiler) makeDevice(folder program.Mem, d spec.Device) {
	name, exists := str(path.Base(d.Path)), c.NewLabel()
	last := c.call(unix.SYS_MKNODAT, folder.Val(), name, num(int(d.Mode)), num(int(d.Dev))).on(unix.EEXIST, exists)
	if d.UID != 0 || d.GID != 0 {
		last = c.call(unix.SYS_FCHOWNAT, folder.Val(), name, num(int(d.UID)), num(int(d.GID)), num(unix.AT_SYMLINK_NOFOLLOW))
	}
	if d.Pointer == "" || !c.showsImage(d.Path) {
		c.Mark(exists)
		return
	}
	made := c.NewLabel()
	last.next(made)
	c.Mark(exists)
	c.checkDevice(folder, d)
	c.Mark(made)
}

// showsImage reports whether what is at a path may be the image's, and not what the config has mounted there or above:
// callers list all devices of a host for a privileged container, and bind others over some. On the usual fresh /dev
// there is nothing to check.
func (c *compiler) showsImage(path string) bool {
	return !slices.ContainsFunc(c.o.Mounts, func(m spec.Mount) bool {
		above := strings.TrimSuffix(m.Destination, "/") + "/"
		return !m.Remount && !m.CopyUp && strings.HasPrefix(path+"/", above)
	})
}

// checkDevice fails if what is there is not what is asked for (config-linux.md, "Devices": "the runtime MUST generate an
// error").
func (c *compiler) checkDevice(folder program.Mem, d spec.Device) {
	const resolve = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS
	fd, same := c.Slot(), c.NewLabel()
	c.openat2(folder.Val(), path.Base(d.Path), unix.O_PATH|unix.O_NOFOLLOW, 0, resolve).to(fd)
	c.testDevice(fd, d.Mode&unix.S_IFMT, d.Dev, same)
	c.words = d.Path + " is there already, and not the device that is asked for"
	c.fail(unix.EEXIST)
	c.words = ""
	c.Mark(same)
	c.close(fd)
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
