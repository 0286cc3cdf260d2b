// Package hook runs a hook: a process that gets the container's state on its standard input and is given some time.
package hook

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/plan"
	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/runtime/spawn"
)

// Hook is a hook that is ready to be run.
type Hook struct {
	// Start starts the compiled hook with the three files as its stdio.
	Start func(stdin, stdout, stderr *os.File) (*spawn.Process, error)
	// Plan is what was compiled, to tell which step failed.
	Plan *plan.Plan
	// PassListener passes a listener of the process's seccomp filter on to its agent, where there may be one.
	PassListener func(process *spawn.Process, listener int) error
	// RaiseLimits sets resource limits that the process may not raise itself, and answers it.
	RaiseLimits func(process *spawn.Process) error
	// State is what the hook reads from its standard input.
	State []byte
	// Abort is the pidfd of the process that the hook works for, 0 if there is none: when that ends the hook is killed.
	Abort int
	// Timeout is how long the hook may take; 0 is forever.
	Timeout time.Duration
}

// maxOutput is as much of a hook's output, in bytes and from its end, as is kept to explain a failure.
const maxOutput = 4096

// Run runs the hook and waits for its end. The output is what it wrote, also after an error. When the time is up all of
// the hook's process group is killed. Stdio are files, not pipes: what the hook leaves running in the background may
// keep them open without keeping crabcan.
func (h Hook) Run() (output string, err error) {
	stdin, err := memory("hook-state", h.State)
	if err != nil {
		return "", err
	}
	defer stdin.Close()
	stdout, err := memory("hook-output", nil)
	if err != nil {
		return "", err
	}
	defer stdout.Close()
	process, err := h.Start(stdin, stdout, stdout)
	if err != nil {
		return "", err
	}
	defer process.Close()
	err = h.await(process)
	return tail(stdout), err
}

// memory is a file in memory that holds data, to be read from its beginning.
func memory(name string, data []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	f := os.NewFile(uintptr(fd), name)
	if _, err := f.WriteAt(data, 0); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// await sees the hook through: until it was executed, then until it ends.
func (h Hook) await(process *spawn.Process) error {
	if err := h.untilExecuted(process); err != nil {
		process.Kill()
		return err
	}
	if err := h.untilEnd(process); err != nil {
		// The group's number is that of the hook's first process, which is not reaped yet and so still its own.
		_ = unix.Kill(-process.Pid, unix.SIGKILL)
		process.Kill()
		return err
	}
	status, err := process.Wait()
	switch {
	case err != nil:
		return err
	case status.Signaled():
		return fmt.Errorf("killed by signal %d (%v)", status.Signal(), status.Signal())
	case status.ExitStatus() != 0:
		return fmt.Errorf("exit status %d", status.ExitStatus())
	}
	return nil
}

// untilExecuted answers the process's messages until the socket closes: it has executed the hook.
func (h Hook) untilExecuted(process *spawn.Process) error {
	for {
		m, err := process.Receive()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case m.Kind == program.Failed:
			return h.failed(m)
		case m.Kind == program.Forked:
			if err := process.Adopt(int(m.A)); err != nil {
				return err
			}
			if err := process.Answer([]byte{0}); err != nil {
				return err
			}
		case m.Kind == program.Listener:
			if err := h.PassListener(process, int(m.A)); err != nil {
				return err
			}
			if err := process.Answer([]byte{program.ListenerPassed}); err != nil {
				return err
			}
		case m.Kind == program.Limits:
			if err := h.RaiseLimits(process); err != nil {
				return err
			}
		case m.Kind == program.Ready:
			if err := process.Answer([]byte{0}); err != nil {
				return err
			}
		default:
			return fmt.Errorf("the process sent a message of kind %d, which no hook has use for", m.Kind)
		}
	}
}

func (h Hook) failed(m spawn.Message) error {
	errno := unix.Errno(m.A)
	index, ok := h.Plan.Program.StepIndex(m.B)
	if !ok {
		return errno
	}
	words := h.Plan.Notes[index].Words
	if words == "" {
		words = h.Plan.Step(index)
	}
	if h.Plan.Program.Steps[index].Op == program.OpFail {
		return errors.New(words)
	}
	return fmt.Errorf("%s: %w", words, errno)
}

// untilEnd waits until the hook has ended, and not longer than it may take.
func (h Hook) untilEnd(process *spawn.Process) error {
	end := time.Now().Add(h.Timeout)
	poll := []unix.PollFd{{Fd: int32(process.Fd()), Events: unix.POLLIN}}
	if h.Abort != 0 {
		poll = append(poll, unix.PollFd{Fd: int32(h.Abort), Events: unix.POLLIN})
	}
	for {
		wait := -1
		if h.Timeout > 0 {
			wait = int(max(0, time.Until(end)).Milliseconds()) + 1
		}
		n, err := unix.Poll(poll, wait)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return err
		case poll[0].Revents != 0:
			return nil
		case n > 0:
			return errors.New("killed, because the container's init has ended")
		case time.Now().After(end):
			return fmt.Errorf("timed out after %v", h.Timeout)
		}
	}
}

// tail is the end of what a file holds, as one line.
func tail(f *os.File) string {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return ""
	}
	text := make([]byte, min(size, maxOutput))
	if _, err := f.ReadAt(text, size-int64(len(text))); err != nil {
		return ""
	}
	return strings.Join(strings.Fields(string(text)), " ")
}
