package runtime

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/plan"
	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/runtime/state"
)

// Start lets a created container's init become the user's process. The error says why it could not be executed. If a
// hook fails, the container is destroyed, as the specification has it (runtime.md, "Lifecycle", 7 and 9).
func (c *Container) Start() error {
	if err := c.lock(); err != nil {
		return err
	}
	status, err := c.status()
	if err != nil {
		return err
	}
	switch status {
	case StatusCreated:
	case StatusRunning:
		return errors.New("cannot start an already running container")
	case StatusStopped:
		return errStopped
	default:
		return fmt.Errorf("cannot start a container that is %s", status)
	}
	if err := c.loadOpts(); err != nil {
		return err
	}
	if err := c.startContainerHooks(); err != nil {
		return errors.Join(err, c.destroy())
	}
	notify, err := c.listenNotify()
	if err != nil {
		return err
	}
	defer notify.close()
	if err := c.letGo(); err != nil {
		// It has said what was wrong, but may not have ended yet, and whoever asks now must see it stopped.
		return errors.Join(err, c.killInit())
	}
	if err := c.dir.RemoveFifos(); err != nil {
		return err
	}
	// All is written down; a poststart hook may well use crabcan on this container.
	if err := c.dir.Unlock(); err != nil {
		return err
	}
	if err := c.poststartHooks(); err != nil {
		return errors.Join(err, c.Delete(true))
	}
	return c.awaitReady(notify)
}

// errStopped is Start's error for a container whose init ended before it was started.
var errStopped = errors.New("cannot start a container that has stopped")

// executed makes sure that the end-of-file which a successful execve causes was one: a process that was killed before,
// by its own seccomp filter for one, closes its files as well. The name that a process has gone by to its end tells;
// one that is reaped already has lived long enough to have been started.
func executed(pid int) error {
	p, err := state.Process(pid)
	if err == nil && p.Ended() && p.Name == plan.InitName {
		return errors.New("init was killed before it could execute the program; does the seccomp profile allow execve?")
	}
	return nil
}

// letGo writes the byte that init waits for and hears how execve went.
func (c *Container) letGo() error {
	result, err := c.dir.OpenResult()
	if err != nil {
		return err
	}
	defer result.Close()
	exec, err := c.dir.OpenExec()
	if errors.Is(err, unix.ENXIO) {
		return errStopped
	}
	if err != nil {
		return err
	}
	defer exec.Close()
	_, err = exec.Write([]byte{0})
	if errors.Is(err, unix.EPIPE) {
		return errStopped
	}
	if err != nil {
		return fmt.Errorf("tell init to start: %w", err)
	}
	return c.hearStart(result, exec)
}

// hearStart reads how execve went: end-of-file means well. A seccomp profile with an agent has init speak before: it
// waits until the agent has the listener, and can't go on without it.
func (c *Container) hearStart(result io.Reader, exec io.Writer) error {
	var first [program.MessageSize]byte
	n, err := io.ReadFull(result, first[:])
	word := binary.LittleEndian.Uint64
	if err == nil && program.Message(word(first[:])) == program.Listener {
		if err := c.startListener(int(word(first[8:])), exec); err != nil {
			return errors.Join(err, c.killInit())
		}
		n, _ = io.ReadFull(result, first[:])
	}
	rest, errRest := io.ReadAll(result)
	switch {
	case errRest != nil:
		return fmt.Errorf("hear from init: %w", errRest)
	case n < 8:
		return executed(c.state.InitPid)
	}
	return &StepError{Words: string(first[8:n]) + string(rest), Err: unix.Errno(word(first[:]))}
}

// startListener passes the listener of init's seccomp filter on and tells init so.
func (c *Container) startListener(listener int, exec io.Writer) error {
	if err := c.readOpts(); err != nil {
		return err
	}
	pidfd, err := c.initPidfd()
	if err != nil {
		return err
	}
	defer unix.Close(pidfd)
	taken, err := takeListener(pidfd, listener)
	if err != nil {
		return err
	}
	defer taken.Close()
	if err := c.passListener(taken, c.state.InitPid, specs.StateCreated); err != nil {
		return err
	}
	if _, err := exec.Write([]byte{program.ListenerPassed}); err != nil {
		return fmt.Errorf("tell init that the seccomp agent has the listener: %w", err)
	}
	return nil
}
