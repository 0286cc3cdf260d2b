package plan

import (
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
)

// openProc makes the private procfs for the steps that need one. It comes before the host's root is left: in a user
// namespace the kernel makes a new procfs only as long as a whole one is in sight (mount_too_revealing in fs/namespace.c).
func (c *compiler) openProc() error {
	switch {
	case len(c.o.Sysctl) > 0:
		c.pointer = "/linux/sysctl"
	case c.labelled():
		c.pointer = c.labelPointer()
	default:
		return nil
	}
	if c.has(unix.CLONE_NEWUSER) && !c.has(unix.CLONE_NEWPID) {
		// A procfs belongs to its pid namespace, and here that is the host's.
		c.proc = c.Slot()
		c.openTree(cwd, "/proc", true).to(c.proc)
		return nil
	}
	c.proc = c.privateProc()
	return nil
}

// privateProc makes a procfs that is mounted nowhere, so that nothing in the container can stand in for its files
// (CVE-2019-16884, CVE-2025-52881).
func (c *compiler) privateProc() program.Mem {
	proc := c.Slot()
	c.newFs("proc", "proc", nil, nil)
	c.call(unix.SYS_FSMOUNT, c.fs.Val(), num(unix.FSMOUNT_CLOEXEC), null).to(proc)
	c.onFailure(c.failed)
	c.close(c.fs)
	return proc
}

// joinedProc is openProc for a process that joins a container. In a user namespace that has to be the container's own
// /proc, as the whole one is out of sight. That it is a procfs is checked; what is mounted over its files is refused
// when they are opened, and no procfs has a "self" that is not the process itself.
func (c *compiler) joinedProc() error {
	if !c.labelled() {
		return nil
	}
	c.pointer = c.labelPointer()
	if c.f.Join&unix.CLONE_NEWUSER == 0 {
		c.proc = c.privateProc()
		return nil
	}
	c.proc = c.Slot()
	stat, fake, real := c.Zero(128), c.NewLabel(), c.NewLabel() // struct statfs, which begins with the type
	c.openat2(c.root.Val(), "proc", unix.O_PATH|unix.O_DIRECTORY, 0, inRoot|unix.RESOLVE_NO_SYMLINKS).to(c.proc)
	c.call(unix.SYS_FSTATFS, c.proc.Val(), stat.Addr())
	c.test(stat.Load(0), program.Int(^uint64(0)), num(unix.PROC_SUPER_MAGIC), fake).next(real)
	c.Mark(fake)
	c.words = "the container's /proc is no procfs"
	c.fail(unix.EPERM)
	c.words = ""
	c.Mark(real)
	return nil
}

// inProc are the rules by which files of the private procfs are opened: there is no way out of it, not even through
// its own magic links. "self" is a link of the ordinary kind.
const inProc = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_XDEV | unix.RESOLVE_NO_MAGICLINKS

// writeProc writes text to a file of the private procfs, with one system call as such files want it.
func (c *compiler) writeProc(path, text string) {
	fd := c.Slot()
	c.openat2(c.proc.Val(), path, unix.O_WRONLY, 0, inProc).to(fd)
	c.call(unix.SYS_WRITE, fd.Val(), program.Bytes([]byte(text)), num(len(text)))
	c.close(fd)
}

// closeProc comes when all is written.
func (c *compiler) closeProc() error {
	if c.proc != 0 {
		c.close(c.proc)
	}
	return nil
}
