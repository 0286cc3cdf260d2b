package plan

import (
	"errors"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/runtime/seccomp"
)

var (
	errLateListener = errors.New("SCMP_ACT_NOTIFY in a user namespace that is joined needs run, not create and start, of an " +
		"ordinary user: start could not take the listener over")
	errAsksSendmsg = errors.New("SCMP_ACT_NOTIFY cannot be used for sendmsg by a process of an ordinary user that joins a " +
		"user namespace: with it the listener is passed on")
)

// checkAgent refuses profiles whose listener could not be passed on.
func (c *compiler) checkAgent(p seccomp.Profile) error {
	switch {
	case !c.sendsAlong():
		return nil
	case !c.f.Run:
		return errLateListener
	case mayAsk(p, "sendmsg"):
		return errAsksSendmsg
	}
	return nil
}

// mayAsk reports whether a profile asks the agent about some uses of a call.
func mayAsk(p seccomp.Profile, call string) bool {
	return slices.ContainsFunc(p.Rules, func(r seccomp.Rule) bool {
		return r.Action == seccomp.Notify && slices.Contains(r.Names, call)
	})
}

// passListener lets whoever started the container pass the descriptor on which the kernel will ask for decisions to the
// profile's agent, and waits until the agent has it: execve closes it. Init only tells its number; the other takes it
// by pidfd_getfd(2). So of all calls only write must not ask the agent, and that is refused beforehand; the rest, the
// read here and execve included, may: the agent has the descriptor by the time or gets it while init waits. Where the other
// may not take it, it is sent along, and it is sendmsg that must not ask.
//
// The filter is loaded after start's word, so the agent is called then and not by create: a connection that waits for
// start would hold up an agent that serves one after the other.
func (c *compiler) passListener(listener program.Mem) {
	pass := "write"
	if c.sendsAlong() {
		pass = "sendmsg"
	}
	c.reportToStart("pass the seccomp listener on, for which the profile must allow read and " + pass)
	told, answer, refused, passed := c.Data(program.Int(program.Listener), null, null), c.Slot(), c.NewLabel(), c.NewLabel()
	c.move(listener.Val(), told.At(8))
	to, from := c.result, c.exec
	if c.f.Run {
		to, from = c.socket(), c.socket()
	}
	if c.sendsAlong() {
		c.sendAlong(to, told.Addr(), program.MessageSize, listener.Val())
	} else {
		c.call(unix.SYS_WRITE, to, told.Addr(), num(program.MessageSize))
	}
	c.call(unix.SYS_READ, from, answer.Addr(), num(1))
	c.test(answer.Val(), num(0xff), num(program.ListenerPassed), refused).next(passed)
	c.Mark(refused)
	c.fail(unix.ECANCELED)
	c.Mark(passed)
}
