package plan

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
)

// console gives the container a terminal from its own devpts, hands the master to whoever asked for it, and makes
// the slave its stdio, its controlling terminal and its /dev/console.
func (c *compiler) console() error {
	if !c.o.Terminal {
		return nil
	}
	c.pointer = "/process/terminal"
	master, slave := c.Slot(), c.Slot()
	unlocked := program.Words(null)
	c.open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY).to(master)
	c.call(unix.SYS_IOCTL, master.Val(), num(unix.TIOCSPTLCK), unlocked)
	// The kernel opens the slave itself: no path under /dev/pts is believed (CVE-2025-52565).
	c.call(unix.SYS_IOCTL, master.Val(), num(unix.TIOCGPTPEER), num(unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)).to(slave)
	c.windowSize(slave)
	c.sendMaster(master)
	c.close(master)
	if c.f.Join == 0 { // the container's /dev/console stays init's
		c.devConsole(slave)
	}
	for fd := range 3 {
		c.call(unix.SYS_DUP3, slave.Val(), num(fd), null)
	}
	c.close(slave)
	c.call(unix.SYS_IOCTL, null, num(unix.TIOCSCTTY), null)
	return nil
}

func (c *compiler) windowSize(slave program.Mem) {
	if c.o.ConsoleWidth == 0 && c.o.ConsoleHeight == 0 {
		return
	}
	c.pointer = "/process/consoleSize"
	size := binary.LittleEndian.AppendUint16(nil, c.o.ConsoleHeight) // struct winsize: rows, columns, pixels
	size = binary.LittleEndian.AppendUint16(size, c.o.ConsoleWidth)
	c.call(unix.SYS_IOCTL, slave.Val(), num(unix.TIOCSWINSZ), program.Bytes(append(size, 0, 0, 0, 0)))
	c.pointer = "/process/terminal"
}

// sendMaster passes the descriptor on with a name as data, as runc does.
func (c *compiler) sendMaster(master program.Mem) {
	const name = "/dev/ptmx"
	c.sendAlong(c.file(RoleConsole, ""), program.Bytes([]byte(name)), len(name), master.Val())
}

// devConsole binds the slave to /dev/console. The target is made and opened without following a link.
func (c *compiler) devConsole(slave program.Mem) {
	dev, tree := c.Slot(), c.Slot()
	c.open("/dev", unix.O_PATH|unix.O_DIRECTORY).to(dev)
	c.openTree(slave.Val(), "", false).to(tree)
	c.coverFile(dev, "console", tree)
	c.close(dev)
}
