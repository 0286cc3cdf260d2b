package runtime

import (
	"errors"
	"fmt"
	"io"
	"os"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/console"
	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/runtime/spawn"
	"github.com/crabcan/crabcan/runtime/state"
)

// RunOptions are the flags that only run has.
type RunOptions struct {
	Detach, Keep, NoSubreaper bool
}

// Run creates and starts the container. Detached, it returns then, with status 0. In the foreground it waits for the
// end of the container's init, forwards signals and the terminal meanwhile, removes the container unless told to keep
// it, and returns the status of init, 128+N if signal N killed it. After an error the caller calls CleanExit.
func (c *Container) Run(o RunOptions) (status int, err error) {
	if err := c.checkConsole(o.Detach); err != nil {
		return 0, err
	}
	if err := becomeSubreaper(o); err != nil {
		return 0, err
	}
	terminal, openConsole := c.terminal()
	signals := catchSignals(o.Detach)
	init, err := c.begin(true, openConsole)
	if err != nil {
		return 0, err
	}
	notify, err := c.listenNotify()
	if err != nil {
		return 0, err
	}
	defer notify.close()
	if !o.Detach {
		go notify.forward()
	}
	status, err = c.oversee(init, terminal, signals)
	if err != nil {
		return status, err
	}
	if o.Detach {
		return 0, c.awaitReady(notify)
	}
	logrus.Debug("Finished, cleaning & exit")
	if o.Keep {
		return status, nil
	}
	return status, c.removeAfterRun()
}

// becomeSubreaper makes whatever a container in the foreground leaves behind this process's child, and not a stranger's.
func becomeSubreaper(o RunOptions) error {
	if o.Detach || o.NoSubreaper {
		return nil
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("become a subreaper: %w", err)
	}
	return nil
}

// terminal says who takes the container's terminal: the caller's socket, or a foreground of this process, which is nil
// when there is no terminal to show here.
func (c *Container) terminal() (*foreground, func() (*os.File, error)) {
	if !c.opts.Terminal || c.flags.ConsoleSocket != "" {
		return nil, c.dialConsole
	}
	f := &foreground{}
	return f, f.open
}

// oversee lets what was started run, and waits for its end unless it is detached, for which signals is nil. After an
// error it stays open: the clean exit needs its pidfd to kill it.
func (c *Container) oversee(process *spawn.Process, terminal *foreground, signals *console.Signals) (status int, err error) {
	switch {
	case signals == nil:
		err = c.detached(process)
	case terminal == nil:
		status, err = c.withoutTerminal(process, signals)
	default:
		status, err = c.onTerminal(process, terminal, signals)
	}
	if err == nil {
		process.Close()
	}
	return status, err
}

// detached lets the container run on without this process.
func (c *Container) detached(init *spawn.Process) error {
	if err := c.untilReady(init); err != nil {
		return err
	}
	return c.letRun(init)
}

// catchSignals begins to catch what is to be forwarded to a process that is waited for; nil is for a detached one.
func catchSignals(detach bool) *console.Signals {
	if detach {
		return nil
	}
	return console.Catch()
}

// checkConsole refuses a detached container whose terminal nobody would hold, and a socket for no terminal.
func (c *Container) checkConsole(detach bool) error {
	switch {
	case c.opts.Terminal && detach && c.flags.ConsoleSocket == "":
		return errors.New("cannot allocate tty if crabcan will detach without setting console socket")
	case c.flags.ConsoleSocket != "" && (!c.opts.Terminal || !detach):
		return errors.New("cannot use console socket if crabcan will not detach or allocate tty")
	}
	return nil
}

// letRun lets a ready init go on to the user's process and hears whether it got there: the socket closes then.
func (c *Container) letRun(init *spawn.Process) error {
	logrus.Debug("Creation finished")
	if err := c.startContainerHooks(); err != nil {
		return err
	}
	if err := c.commit(init); err != nil {
		return err
	}
	if err := c.untilExecuted(init); err != nil {
		return err
	}
	if err := executed(init.Pid); err != nil {
		return err
	}
	// All is written down; a poststart hook may well use crabcan on this container.
	if err := c.dir.Unlock(); err != nil && !errors.Is(err, state.ErrNotExist) {
		return err
	}
	if err := c.poststartHooks(); err != nil {
		return err
	}
	c.undo = nil
	return nil
}

// untilExecuted waits until init has executed the user's program. A seccomp profile may have an agent to meet before.
func (c *Container) untilExecuted(init *spawn.Process) error {
	status := specs.StateRunning
	if init.Pid == c.state.InitPid {
		status = specs.StateCreated
	}
	err := init.Converse(spawn.Answers{
		program.Failed:   c.stepError,
		program.Listener: func(m spawn.Message) error { return c.answerListener(init, m, status) },
	}, 0)
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// withoutTerminal is attended for a container that has this process's stdio.
func (c *Container) withoutTerminal(init *spawn.Process, signals *console.Signals) (int, error) {
	if err := c.untilReady(init); err != nil {
		return 0, err
	}
	stop := signals.Forward(init.Fd(), nil)
	// Letting go of all signals takes as long as catching them, and may be cut short by the end of this process.
	defer func() { go stop() }()
	if err := c.letRun(init); err != nil {
		return 0, err
	}
	return c.end(init)
}

// onTerminal is attended for a container whose terminal is shown on the caller's.
func (c *Container) onTerminal(init *spawn.Process, terminal *foreground, signals *console.Signals) (int, error) {
	if err := c.untilReady(init); err != nil {
		return 0, err
	}
	if err := terminal.attach(); err != nil {
		return 0, err
	}
	defer terminal.close()
	stop := signals.Forward(init.Fd(), terminal.proxy.Resize)
	defer stop()
	if err := c.letRun(init); err != nil {
		return 0, err
	}
	return c.end(init)
}

// end waits for the end of the process.
func (c *Container) end(init *spawn.Process) (int, error) {
	// While the container runs others must be able to signal and delete it.
	if err := c.dir.Unlock(); err != nil && !errors.Is(err, state.ErrNotExist) {
		return 0, err
	}
	status, err := init.Wait()
	if err != nil {
		return 0, fmt.Errorf("wait for init: %w", err)
	}
	if status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return status.ExitStatus(), nil
}

// removeAfterRun deletes the container, unless somebody else did while it ran.
func (c *Container) removeAfterRun() error {
	err := c.Delete(true)
	if errors.Is(err, state.ErrNotExist) {
		return nil
	}
	return err
}

// foreground is the terminal of a container that runs in the foreground.
type foreground struct {
	parent, init *os.File
	proxy        *console.Proxy
}

// open makes the socket over which init hands its terminal back.
func (f *foreground) open() (_ *os.File, err error) {
	f.parent, f.init, err = console.Pair()
	return f.init, err
}

// attach receives the terminal, which init has sent by now, and connects it to the caller's.
func (f *foreground) attach() error {
	defer f.parent.Close()
	master, err := console.Receive(f.parent)
	if err != nil {
		return err
	}
	f.proxy, err = console.Attach(master, console.Caller{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	return err
}

func (f *foreground) close() { f.proxy.Close() }
