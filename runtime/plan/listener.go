package plan

import (
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
)

// passListener lets whoever started the container pass the descriptor on which the kernel will ask for decisions to the
// profile's agent, and waits until the agent has it: execve closes it. Init only tells its number; the other takes it
// by pidfd_getfd(2). So of all calls only write must not ask the agent, and that is refused beforehand; the rest, the
// read here and execve included, may: the agent has the descriptor by the time or gets it while init waits.
//
// The filter is loaded after start's word, so the agent is called then and not by create: a connection that waits for
// start would hold up an agent that serves one after the other.
func (c *compiler) passListener(listener program.Mem) {
	const words = "pass the seccomp listener on, for which the profile must allow read and write"
	c.reportToStart(words)
	told, answer, refused, passed := c.Data(program.Int(program.Listener), null, null), c.Slot(), c.NewLabel(), c.NewLabel()
	c.move(listener.Val(), told.At(8))
	to, from := c.result, c.exec
	if c.f.Run {
		to, from = c.socket(), c.socket()
	}
	c.call(unix.SYS_WRITE, to, told.Addr(), num(program.MessageSize))
	c.call(unix.SYS_READ, from, answer.Addr(), num(1))
	c.test(answer.Val(), num(0xff), num(program.ListenerPassed), refused).next(passed)
	c.Mark(refused)
	c.fail(unix.ECANCELED)
	c.Mark(passed)
}
