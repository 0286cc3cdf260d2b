// Package hook runs a hook: a process that gets the container's state on its standard input and is given some time.
package hook

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
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
	// Answers are what is done for the process beside what every hook wants.
	Answers func(process *spawn.Process) spawn.Answers
	// State is what the hook reads from its standard input.
	State []byte
	// Abort is the pidfd of the process that the hook works for, 0 if there is none: when that ends the hook is killed.
	Abort int
	// Timeout is how long the hook may take from the call of Run; 0 is forever.
	Timeout time.Duration
}

// Run runs the hook and waits for its end. The output is what it wrote, as one line, also after an error; of much only
// the end is kept. When the time is up all of the hook's process group is killed. What the hook leaves running in the
// background does not keep crabcan, but loses its reader.
func (h Hook) Run() (string, error) {
	end := time.Now().Add(h.Timeout)
	stdin, err := memory("hook-state", h.State)
	if err != nil {
		return "", err
	}
	defer stdin.Close()
	out, stdout, err := newOutput()
	if err != nil {
		return "", err
	}
	defer out.close()
	process, err := h.Start(stdin, stdout, stdout)
	stdout.Close()
	if err != nil {
		return "", err
	}
	defer process.Close()
	err = h.await(process, out, end)
	return out.text(), err
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

// await sees the hook through and says how it ended.
func (h Hook) await(process *spawn.Process, out *output, end time.Time) error {
	if err := h.watch(process, out, end); err != nil {
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

// watch answers the process's messages until it has executed the hook, takes in what that writes, and returns when it
// has ended, must be killed or failed before.
func (h Hook) watch(process *spawn.Process, out *output, end time.Time) error {
	answers, abort := h.answers(process), h.Abort
	if abort == 0 {
		abort = -1
	}
	for socket := process.Socket(); ; {
		ended := process.Fd()
		if socket >= 0 {
			ended = -1 // its first process may end long before the hook does
		}
		ready, err := h.poll(end, ended, socket, out.fd, abort)
		if err != nil {
			return err
		}
		if ready[2] {
			out.read()
		}
		switch {
		case ready[1]:
			err = process.ServeOne(answers)
			if errors.Is(err, io.EOF) {
				socket, err = -1, nil
			}
			if err != nil {
				return err
			}
		case ready[0]:
			out.read() // what came between the two
			return nil
		case ready[3]:
			return errors.New("killed, because the container's init has ended")
		}
	}
}

// poll waits until one of the descriptors has something to be read, and not longer than the hook may take. A negative
// descriptor never has.
func (h Hook) poll(end time.Time, fds ...int) (ready []bool, err error) {
	list := make([]unix.PollFd, len(fds))
	for i, fd := range fds {
		list[i] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
	}
	for {
		wait := -1
		if h.Timeout > 0 {
			left := time.Until(end)
			if left <= 0 {
				return nil, fmt.Errorf("timed out after %v", h.Timeout)
			}
			wait = int(left.Milliseconds()) + 1
		}
		n, err := unix.Poll(list, wait)
		if err != nil && err != unix.EINTR {
			return nil, fmt.Errorf("poll: %w", err)
		}
		if n > 0 {
			break
		}
	}
	for _, p := range list {
		ready = append(ready, p.Revents != 0)
	}
	return ready, nil
}

// answers are those of every hook, and its own.
func (h Hook) answers(process *spawn.Process) spawn.Answers {
	all := spawn.Answers{
		program.Failed: func(m spawn.Message) error {
			failed := h.Plan.Failure(m.B, unix.Errno(m.A), m.Text)
			failed.Execve = false // not of the container's program
			return failed
		},
		program.Forked: func(m spawn.Message) error {
			if err := process.Adopt(int(m.A)); err != nil {
				return err
			}
			return process.Acknowledge()
		},
		program.Ready: func(spawn.Message) error { return process.Acknowledge() },
	}
	maps.Copy(all, h.Answers(process))
	return all
}
