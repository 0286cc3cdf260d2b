package plan

import (
	"errors"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/spec"
)

// propagations are the propagation types; the rest of a propagation value is MS_REC.
const propagations = unix.MS_SHARED | unix.MS_SLAVE | unix.MS_PRIVATE | unix.MS_UNBINDABLE

// errOnHost says why a config without a mount namespace can't have this.
var errOnHost = errors.New("needs a mount namespace in linux.namespaces: without one it would change the host")

// errNoRights is about a user namespace without a mount namespace.
var errNoRights = errors.New("a namespace of type user needs one of type mount beside it: its root may mount nothing on the host")

// checkMounts refuses what would be done to the host's own mounts, those that are not below the root folder. What
// spec.Decode refuses, masked paths for example, does not come here.
func (c *compiler) checkMounts() error {
	if c.o.RootPropagation != 0 && !c.has(unix.CLONE_NEWNS) {
		return &Error{"/linux/rootfsPropagation", errOnHost}
	}
	if !MountsOnHost(c.o) {
		return nil
	}
	if c.o.MountDir == "/" {
		return &Error{"/root/path", errOnHost}
	}
	if c.has(unix.CLONE_NEWUSER) {
		return &Error{"/linux/namespaces", errNoRights}
	}
	for i := range c.o.Mounts {
		if err := checkOnHost(&c.o.Mounts[i]); err != nil {
			return err
		}
	}
	return nil
}

// checkOnHost refuses a mount that would be seen by the host elsewhere, or that whoever removes the container would not know
// for its own.
func checkOnHost(m *spec.Mount) error {
	shared := slices.ContainsFunc(m.Propagation, func(p uint64) bool { return p&unix.MS_SHARED != 0 })
	switch {
	case m.Remount:
		return nil
	case m.Bind && shared:
		return &Error{m.Pointer + "/options", errOnHost}
	case m.Destination == "/":
		return &Error{m.Pointer + "/destination", errOnHost}
	}
	return nil
}

// MountsOnHost reports whether a container has no mount namespace and yet something that takes mounts. They are among the
// host's then, on a mount of the root folder that must be there before init is: what is mounted and not thrown away with
// a namespace has to be known to whoever removes the container.
func MountsOnHost(o *spec.ContainerOpts) bool {
	own := slices.ContainsFunc(o.Namespaces, func(n spec.Namespace) bool { return n.Flag == unix.CLONE_NEWNS })
	return !own && (len(o.Mounts) > 0 || len(o.Devices) > 0 || o.RootReadonly || o.Terminal)
}

// rootfs makes the root folder a mount of its own, as pivot_root(2) demands, and keeps its descriptor. First all
// mounts become slaves of the host's (or what rootfsPropagation says), so that nothing mounted here shows there.
func (c *compiler) rootfs() error {
	c.pointer = "/linux/rootfsPropagation"
	if c.has(unix.CLONE_NEWNS) {
		c.hostPropagation()
	}
	c.pointer = "/root/path"
	if !c.has(unix.CLONE_NEWNS) {
		// What is mounted below it, if anything, lies on the mount that MountsOnHost tells of.
		c.openHost(c.o.MountDir, unix.O_PATH|unix.O_DIRECTORY, c.root)
		return nil
	}
	target := c.Slot()
	c.openHost(c.o.MountDir, unix.O_PATH|unix.O_DIRECTORY, target)
	c.openTree(target.Val(), "", true).to(c.root)
	c.moveMount(c.root.Val(), target.Val())
	c.close(target)
	return nil
}

// LeavesShared reports whether a rootfsPropagation leaves mounts of the new namespace shared with the host.
func LeavesShared(p uint64) bool {
	return p&unix.MS_SHARED != 0 || p != 0 && p&(unix.MS_REC|unix.MS_UNBINDABLE) == 0
}

// hostPropagation changes how the copy of the host's mounts hangs together with the host's. If some stay shared, the mount
// that the root folder lies in must still become private: else the root folder's own mount would appear on the host, and
// pivot_root refuses shared parents.
func (c *compiler) hostPropagation() {
	p := c.o.RootPropagation
	switch {
	case p == 0:
		p = unix.MS_SLAVE | unix.MS_REC
	case p&unix.MS_UNBINDABLE != 0:
		p = unix.MS_PRIVATE | unix.MS_REC // else the root folder could not be bound
	}
	c.mountSetattr(cwd, "/", 0, 0, p&propagations, p&unix.MS_REC != 0)
	if LeavesShared(c.o.RootPropagation) && (c.f.RootMount != "/" || p&unix.MS_SHARED != 0) {
		c.mountSetattr(cwd, c.f.RootMount, 0, 0, unix.MS_PRIVATE, false)
	}
}

// pivot makes the root folder the root. pivot_root(".", ".") stacks the old root on the new one (pivot_root(2)), so
// one umount gets rid of all of the host.
func (c *compiler) pivot() error {
	c.call(unix.SYS_FCHDIR, c.root.Val())
	switch {
	case !c.has(unix.CLONE_NEWNS):
		c.call(unix.SYS_CHROOT, str("."))
	case c.f.NoPivot:
		// A root that lies on the initramfs can't be pivoted from; it is moved over the old root instead.
		c.coverKernelMounts()
		c.moveMountTo("/")
		c.call(unix.SYS_CHROOT, str("."))
	default:
		c.pivotRoot()
	}
	c.call(unix.SYS_CHDIR, str("/"))
	if p := c.o.RootPropagation; p != 0 && c.has(unix.CLONE_NEWNS) {
		c.pointer = "/linux/rootfsPropagation"
		c.mountSetattr(cwd, "/", 0, 0, p&propagations, p&unix.MS_REC != 0)
	}
	return nil
}

// coverKernelMounts gets rid of the host's procfs and sysfs mounts below a root that is only moved. Whoever has such a
// mount somewhere in the namespace, with nothing on top of it, may mount another one in a user namespace of his own
// (mount_namespaces(7)), and that would be without the container's masks.
func (c *compiler) coverKernelMounts() {
	for _, path := range c.f.KernelMounts {
		locked, gone := c.NewLabel(), c.NewLabel()
		c.mountSetattr(cwd, path, 0, 0, unix.MS_SLAVE, true).on(unix.ENOENT, gone)
		c.call(unix.SYS_UMOUNT2, str(path), num(unix.MNT_DETACH)).on(unix.EINVAL, locked).on(unix.EPERM, locked).next(gone)
		c.Mark(locked)
		cover := c.cover()
		c.call(unix.SYS_MOVE_MOUNT, cover.Val(), empty, cwd, str(path), num(unix.MOVE_MOUNT_F_EMPTY_PATH))
		c.close(cover)
		c.Mark(gone)
	}
}

// pivotRoot changes the root and gets rid of the old one. The umount must not reach the host through mounts that are
// still shared with it, as they are only if the config wants it so.
func (c *compiler) pivotRoot() {
	host := c.Slot()
	shared := LeavesShared(c.o.RootPropagation)
	if shared {
		c.openat2(cwd, "/", unix.O_PATH|unix.O_DIRECTORY, 0, 0).to(host)
	}
	c.call(unix.SYS_PIVOT_ROOT, str("."), str("."))
	if shared {
		c.mountSetattr(host.Val(), "", 0, 0, unix.MS_SLAVE, true)
		c.close(host)
	}
	c.call(unix.SYS_UMOUNT2, str("."), num(unix.MNT_DETACH))
}

// moveMountTo moves the root's mount onto a path of the host.
func (c *compiler) moveMountTo(path string) {
	c.call(unix.SYS_MOVE_MOUNT, c.root.Val(), empty, cwd, str(path), num(unix.MOVE_MOUNT_F_EMPTY_PATH))
}

// readonlyRoot comes when nothing needs to be made in the root any more.
func (c *compiler) readonlyRoot() error {
	for _, m := range c.o.Mounts {
		if c.isLateReadonly(*folded(&m)) {
			c.pointer = m.Pointer
			c.setReadonly(m.Destination)
		}
	}
	if c.o.RootReadonly {
		c.pointer = "/root/readonly"
		c.mountSetattr(c.root.Val(), "", unix.MOUNT_ATTR_RDONLY, 0, 0, false)
	}
	return nil
}

// setReadonly makes the topmost mount at a path of the container read-only.
func (c *compiler) setReadonly(path string) {
	fd := c.Slot()
	c.open(path, unix.O_PATH).to(fd)
	c.mountSetattr(fd.Val(), "", unix.MOUNT_ATTR_RDONLY, 0, 0, false)
	c.close(fd)
}
