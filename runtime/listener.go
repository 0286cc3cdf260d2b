package runtime

import (
	"fmt"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/console"
	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/runtime/spawn"
)

// answerListener passes the listener on that a process speaks of, and tells it so.
func (c *Container) answerListener(process *spawn.Process, m spawn.Message, status specs.ContainerState) error {
	if err := c.passListener(process.Fd(), process.Pid, int(m.A), status); err != nil {
		return err
	}
	return process.Answer([]byte{program.ListenerPassed})
}

// passListener gives the agent of the seccomp profile the descriptor on which the kernel asks it about a process's
// calls (config-linux.md, "The Container Process State"). The process, which pidfd and pid stand for, has it under the
// number listener and waits meanwhile.
func (c *Container) passListener(pidfd, pid, listener int, status specs.ContainerState) error {
	fd, err := unix.PidfdGetfd(pidfd, listener, 0)
	if err != nil {
		return fmt.Errorf("take the seccomp listener over: pidfd_getfd: %w", err)
	}
	defer unix.Close(fd)
	profile := c.opts.Seccomp
	agent, err := console.Dial(profile.ListenerPath)
	if err != nil {
		return fmt.Errorf("failed to connect with seccomp agent specified in the seccomp profile: %w", err)
	}
	defer agent.Close()
	return console.SendListener(agent, fd, mustMarshal(specs.ContainerProcessState{
		Version:  specs.Version,
		Fds:      []string{specs.SeccompFdName},
		Pid:      pid,
		Metadata: profile.ListenerMetadata,
		State:    c.specState(status, c.state.InitPid),
	}))
}
