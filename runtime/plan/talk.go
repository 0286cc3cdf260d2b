package plan

import (
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
)

// send gives a message to the parent. If the parent is gone this fails, and init ends.
func (c *compiler) send(message program.Arg, size int) {
	c.call(unix.SYS_SENDTO, c.socket(), message, num(size), num(unix.MSG_NOSIGNAL), null, null)
}

// ask sends a message with two values and waits for the answer.
func (c *compiler) ask(kind program.Message, a, b program.Arg, answer program.Arg, size int) {
	c.say(kind, a, b)
	c.receive(answer, size)
}

// say sends a message with two values.
func (c *compiler) say(kind program.Message, a, b program.Arg) {
	message := c.Data(program.Int(kind), null, null)
	for i, v := range []program.Arg{a, b} {
		if v.Kind != program.ArgInt || v.N != 0 {
			c.move(v, message.At(8+8*i))
		}
	}
	c.send(message.Addr(), program.MessageSize)
}

// show asks about two descriptors, of which the parent finds the numbers in the message and the files below /proc/PID/fd.
func (c *compiler) show(kind program.Message, a, b program.Arg, answer program.Arg, size int) {
	if !c.sendsAlong() {
		c.ask(kind, a, b, answer, size)
		return
	}
	if b.Kind == program.ArgLoad { // else it is no descriptor
		c.sendAlong(c.socket(), c.Data(program.Int(kind), null, null).Addr(), program.MessageSize, a, b)
	} else {
		c.sendAlong(c.socket(), c.Data(program.Int(kind), null, b).Addr(), program.MessageSize, a)
	}
	c.receive(answer, size)
}

// sendsAlong reports whether descriptors must be sent with the message about them (unix(7)): the parent has no right to
// look at them in a process that is not dumpable if it is not root.
func (c *compiler) sendsAlong() bool { return c.f.Unprivileged && !c.staysDumpable() }

// sendAlong sends size bytes with one or two descriptors over a socket (unix(7), SCM_RIGHTS).
func (c *compiler) sendAlong(socket, message program.Arg, size int, fds ...program.Arg) {
	const rights = unix.SOL_SOCKET | unix.SCM_RIGHTS<<32 // cmsg_level and cmsg_type
	length := unix.SizeofCmsghdr + 4*len(fds)
	control := c.Data(program.Int(length), program.Int(rights), null, null)
	for i, fd := range fds {
		c.move(fd, control.At(unix.SizeofCmsghdr+4*i)) // its upper half is overwritten by the next, or 0
	}
	data := program.Words(message, num(size))
	header := program.Words(null, null, data, num(1), control.Addr(), num(length), null)
	c.call(unix.SYS_SENDMSG, socket, header, num(unix.MSG_NOSIGNAL))
}

// receive waits for an answer.
func (c *compiler) receive(answer program.Arg, size int) {
	c.hear(unix.SYS_RECVFROM, answer, num(size), null, null, null)
}

// hear waits for an answer with one of the calls for it. An end-of-file instead of one means that the parent is gone,
// and init ends.
func (c *compiler) hear(nr uintptr, args ...program.Arg) {
	got, answered, gone := c.Slot(), c.NewLabel(), c.NewLabel()
	c.call(nr, append([]program.Arg{c.socket()}, args...)...).to(got)
	c.test(got.Val(), program.Int(^uint64(0)), null, answered).next(gone)
	c.Mark(gone)
	c.call(unix.SYS_EXIT_GROUP, num(1))
	c.Mark(answered)
}

// failures are the ends of the program: the report of a failed step, before start over the socket, after it over the
// fifo. It stands behind execve, so that only failures lead here. A seccomp profile may forbid even exit_group; the
// program must end all the same, and so it crashes then.
func (c *compiler) failures() error {
	report := c.NewLabel()
	c.Mark(c.failedFs)
	// The file system's own explanation, such as "tmpfs: Bad value for 'size'" (fsopen(2)); there may be none.
	c.call(unix.SYS_READ, c.fs.Val(), c.text.Addr(), num(program.TextSize-1)).onAny(report)
	c.Mark(c.failed)
	c.Mark(report)
	c.move(program.Int(program.Failed), program.TagAt)
	parts := program.Words(program.TagAt, num(program.MessageSize), c.text.Addr(), num(program.TextSize))
	header := program.Words(null, null, parts, num(2), null, null, null)
	crash := c.NewLabel()
	c.onFailure(crash)
	c.ignore(unix.SYS_SENDMSG, c.socket(), header, num(unix.MSG_NOSIGNAL))
	c.call(unix.SYS_EXIT_GROUP, num(1))
	c.Mark(crash)
	c.add(program.Step{Op: program.OpCrash})
	for _, r := range c.reports {
		c.Mark(r.at)
		c.onFailure(crash)
		parts := program.Words(program.ErrnoAt, num(8), program.Bytes([]byte(r.words)), num(len(r.words)))
		c.ignore(unix.SYS_WRITEV, c.result, parts, num(2))
		c.call(unix.SYS_EXIT_GROUP, num(1)).next(crash)
	}
	return nil
}

// report is an end of the program after start: the errno (8 bytes) and the words that begin the message.
type report struct {
	at    program.Label
	words string
}

// reportToStart makes failures from here on go to start, which has no plan at hand to look up a step in. When start
// follows at once in the parent, that is still there to hear of a step.
func (c *compiler) reportToStart(words string) {
	c.words = words
	if c.f.Run {
		return
	}
	r := report{c.NewLabel(), words}
	c.reports = append(c.reports, r)
	c.onFailure(r.at)
}
