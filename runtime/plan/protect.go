package plan

import (
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
)

// readonlyPaths covers paths with read-only copies of themselves. A path that doesn't exist needs no cover.
func (c *compiler) readonlyPaths() error {
	fd, tree := c.Slot(), c.Slot()
	for i, path := range c.o.ReadonlyPaths {
		if slices.Contains(c.o.ReadonlyPaths[:i], path) {
			continue
		}
		c.pointer = "/linux/readonlyPaths/" + strconv.Itoa(i)
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
	for i, path := range c.o.MaskedPaths {
		if slices.Contains(c.o.MaskedPaths[:i], path) {
			continue // engines join their list with the user's
		}
		c.pointer = "/linux/maskedPaths/" + strconv.Itoa(i)
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
	c.newFs("tmpfs", "tmpfs", []string{"ro"}, c.withContext("tmpfs", []string{"nr_blocks=1", "nr_inodes=1"}))
	c.call(unix.SYS_FSMOUNT, c.fs.Val(), num(unix.FSMOUNT_CLOEXEC), num(unix.MOUNT_ATTR_RDONLY)).to(fd)
	c.onFailure(c.failed)
	c.close(c.fs)
	return fd
}

// nullDevice opens a null device to cover files with: the container's own, if nothing else sits in its place
// (CVE-2025-31133: a link there, followed, would put a host file of the image's choice over the masked one), else the
// host's, which is why paths are masked before the host is left.
func (c *compiler) nullDevice() program.Mem {
	fd, host, isNull := c.Slot(), c.NewLabel(), c.NewLabel()
	const null = 1<<8 | 3
	c.openat2(c.root.Val(), "dev/null", unix.O_PATH, 0, inRoot|unix.RESOLVE_NO_SYMLINKS).to(fd).onAny(host)
	c.testDevice(fd, unix.S_IFCHR, null, isNull)
	c.close(fd)
	c.Mark(host)
	c.openat2(cwd, "/dev/null", unix.O_PATH|unix.O_NOFOLLOW, 0, 0).to(fd)
	c.testDevice(fd, unix.S_IFCHR, null, isNull)
	c.words = "the host's /dev/null is not the null device"
	c.fail(unix.ENODEV)
	c.words = ""
	c.Mark(isNull)
	return fd
}

// testDevice leads to same if fd is the device dev, as unix.Mkdev makes it, of the type S_IFCHR or S_IFBLK.
func (c *compiler) testDevice(fd program.Mem, kind uint32, dev uint64, same program.Label) {
	const (
		statxMode = 28  // offset of stx_mode in struct statx, statx(2)
		statxRdev = 128 // of stx_rdev_major and stx_rdev_minor
	)
	attr, other := c.Zero(256), c.NewLabel()
	rdev := uint64(unix.Major(dev)) | uint64(unix.Minor(dev))<<32
	c.call(unix.SYS_STATX, fd.Val(), empty, num(unix.AT_EMPTY_PATH), num(unix.STATX_TYPE), attr.Addr())
	c.test(attr.Load(statxMode), num(unix.S_IFMT), program.Int(kind), other)
	c.test(attr.Load(statxRdev), program.Int(^uint64(0)), program.Int(rdev), other).next(same)
	c.Mark(other)
}
