package runtime

import (
	"fmt"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/console"
)

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
