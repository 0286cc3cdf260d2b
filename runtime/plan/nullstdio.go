package plan

import "golang.org/x/sys/unix"

// nullStdio puts the container's own /dev/null in place of the host's on 0, 1 and 2: the host's is a file of a mount that
// is not the container's, a descriptor to the outside (CVE-2024-21626 was one), and CRIU can't save it. A container
// whose /dev/null is missing or something else keeps what it was given.
func (c *compiler) nullStdio() error {
	if len(c.f.NullStdio) == 0 || !c.has(unix.CLONE_NEWNS) {
		return nil
	}
	own, isNull, other, done := c.Slot(), c.NewLabel(), c.NewLabel(), c.NewLabel()
	// O_NONBLOCK: the image may have put a fifo there, which nobody may ever write to.
	c.open("/dev/null", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK).onAny(done).to(own)
	c.testDevice(own, unix.S_IFCHR, unix.Mkdev(1, 3), isNull)
	c.jump(other)
	c.Mark(isNull)
	c.call(unix.SYS_FCNTL, own.Val(), num(unix.F_SETFL), null)
	for _, fd := range c.f.NullStdio {
		c.call(unix.SYS_DUP3, own.Val(), num(fd), null)
	}
	c.Mark(other)
	c.close(own)
	c.Mark(done)
	return nil
}
