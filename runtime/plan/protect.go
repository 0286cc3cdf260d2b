package plan

import (
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
)

// readonlyPaths covers paths with read-only copies of themselves. A path that doesn't exist needs no cover.
func (c *compiler) readonlyPaths() error {
	c.pointer = "/linux/readonlyPaths"
	fd, tree := c.Slot(), c.Slot()
	for _, path := range c.o.ReadonlyPaths {
		missing := c.NewLabel()
		c.open(path, unix.O_PATH).to(fd).on(unix.ENOENT, missing).on(unix.ENOTDIR, missing)
		c.openTree(fd.Val(), "", true).to(tree)
		c.mountSetattr(tree.Val(), "", unix.MOUNT_ATTR_RDONLY, 0, 0, true)
		c.moveMount(tree.Val(), fd.Val())
		c.close(tree)
		c.close(fd)
		c.Mark(missing)
	}
	return nil
}

// maskedPaths covers files with /dev/null and folders with an empty read-only tmpfs, one for all of them.
func (c *compiler) maskedPaths() error {
	if len(c.o.MaskedPaths) == 0 || !c.has(unix.CLONE_NEWNS) {
		return nil
	}
	c.pointer = "/linux/maskedPaths"
	device, cover, used := c.nullDevice(), c.cover(), c.Slot()
	fd, tree := c.Slot(), c.Slot()
	for _, path := range c.o.MaskedPaths {
		missing, file, again, done := c.NewLabel(), c.NewLabel(), c.NewLabel(), c.NewLabel()
		c.open(path, unix.O_PATH|unix.O_DIRECTORY).to(fd).on(unix.ENOENT, missing).on(unix.ENOTDIR, file)
		// Kernels before 6.15 copy only mounts that are attached, so the first folder gets the cover itself.
		c.test(used.Val(), num(1), null, again)
		c.moveMount(cover.Val(), fd.Val())
		c.move(num(1), used.Addr()).next(done)
		c.Mark(again)
		c.openTree(cover.Val(), "", false).to(tree)
		c.moveMount(tree.Val(), fd.Val())
		c.call(unix.SYS_CLOSE, tree.Val()).next(done)
		c.Mark(file)
		c.open(path, unix.O_PATH).to(fd).on(unix.ENOENT, missing).on(unix.ENOTDIR, missing)
		c.openTree(device.Val(), "", false).to(tree)
		c.moveMount(tree.Val(), fd.Val())
		c.close(tree)
		c.Mark(done)
		c.close(fd)
		c.Mark(missing)
	}
	c.close(cover)
	c.close(device)
	return nil
}

// cover makes a detached empty tmpfs.
func (c *compiler) cover() program.Mem {
	fd := c.Slot()
	c.newFs("tmpfs", "tmpfs", nil, []string{"nr_blocks=1", "nr_inodes=1"})
	c.call(unix.SYS_FSMOUNT, c.fs.Val(), num(unix.FSMOUNT_CLOEXEC), num(unix.MOUNT_ATTR_RDONLY)).to(fd)
	c.onFailure(c.failed)
	c.close(c.fs)
	return fd
}

// nullDevice opens the host's /dev/null, which is why paths are masked before the host is left: the image has no say
// in it (CVE-2025-31133). That it is a null device is checked all the same, by its number.
func (c *compiler) nullDevice() program.Mem {
	const (
		statxRdev = 128 // offset of stx_rdev_major and stx_rdev_minor in struct statx, statx(2)
		null13    = 1 | 3<<32
	)
	fd, attr, isNull, other := c.Slot(), c.Zero(256), c.NewLabel(), c.NewLabel()
	c.openat2(cwd, "/dev/null", unix.O_PATH|unix.O_NOFOLLOW, 0, 0).to(fd)
	c.call(unix.SYS_STATX, fd.Val(), empty, num(unix.AT_EMPTY_PATH), num(unix.STATX_TYPE), attr.Addr())
	c.test(attr.Load(statxRdev), program.Int(^uint64(0)), num(null13), other).next(isNull)
	c.Mark(other)
	c.words = "the host's /dev/null is not the null device"
	c.fail(unix.ENODEV)
	c.words = ""
	c.Mark(isNull)
	return fd
}
