package plan

import (
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
)

// inProc are the rules by which files of the private procfs are opened: there is no way out of it, not even through
// its own magic links. "self" is a symbolic link of the ordinary kind.
const inProc = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_XDEV | unix.RESOLVE_NO_MAGICLINKS

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

// writeProc writes text to a file of the private procfs with one system call, as such files want it. Empty text takes
// back what was written before.
func (c *compiler) writeProc(proc program.Mem, path, text string) {
	fd := c.Slot()
	c.openat2(proc.Val(), path, unix.O_WRONLY, 0, inProc).to(fd)
	c.call(unix.SYS_WRITE, fd.Val(), program.Bytes([]byte(text)), num(len(text)))
	c.close(fd)
}
