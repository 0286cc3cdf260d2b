package runtime

import (
	"fmt"
	"os"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/console"
	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/runtime/spawn"
)

// answerListener passes the listener on that a process speaks of or has sent along, and tells it so.
func (c *Container) answerListener(process *spawn.Process, m spawn.Message, status specs.ContainerState) error {
	if len(m.Files) == 0 {
		taken, err := takeListener(process.Fd(), int(m.A))
		if err != nil {
			return err
		}
		defer taken.Close()
		m.Files = []*os.File{taken}
	}
	if err := c.passListener(m.Files[0], process.Pid, status); err != nil {
		return err
	}
	return process.Answer([]byte{program.ListenerPassed})
}

// takeListener gets the listener that a process, for which pidfd stands, has under a number.
func takeListener(pidfd, number int) (*os.File, error) {
	fd, err := unix.PidfdGetfd(pidfd, number, 0)
	if err != nil {
		return nil, fmt.Errorf("take the seccomp listener over: pidfd_getfd: %w", err)
	}
	return os.NewFile(uintptr(fd), "listener"), nil
}

// passListener gives the agent of the seccomp profile the descriptor on which the kernel asks it about a process's
// calls (config-linux.md, "The Container Process State"). The process waits meanwhile.
func (c *Container) passListener(listener *os.File, pid int, status specs.ContainerState) error {
	profile := c.opts.Seccomp
	agent, err := console.Dial(profile.ListenerPath)
	if err != nil {
		return fmt.Errorf("failed to connect with seccomp agent specified in the seccomp profile: %w", err)
	}
	defer agent.Close()
	return console.SendListener(agent, int(listener.Fd()), mustMarshal(specs.ContainerProcessState{
		Version:  specs.Version,
		Fds:      []string{specs.SeccompFdName},
		Pid:      pid,
		Metadata: profile.ListenerMetadata,
		State:    c.specState(status, c.state.InitPid),
	}))
}
