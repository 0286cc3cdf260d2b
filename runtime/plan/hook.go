package plan

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/spec"
)

// hookChapters are the work of a process that becomes a hook of the runtime's: a program of the host's, run in the
// host's namespaces or in the container's.
var hookChapters = []chapter{
	(*compiler).begin,
	(*compiler).joinForHook,
	(*compiler).ownSession,
	(*compiler).closeOnExec,
	(*compiler).executeHook,
	(*compiler).failures,
}

// CompileHook makes the plan of a prestart, createRuntime, createContainer, poststart or poststop hook. join holds the
// CLONE_NEW* bits of the container's namespaces that it is to run in; 0 is none. Then the plan has no file but the
// socket. umask is what the hook gets: its caller's. folder is where it starts, as those namespaces have it.
func CompileHook(h spec.Hook, join uint64, umask uint32, folder string) (*Plan, error) {
	o := &spec.ContainerOpts{Path: h.Path, Argv: h.Argv, Env: h.Env, Umask: umask, Cwd: folder}
	return compileChapters(o, Facts{Run: true, Join: join}, hookChapters)
}

// joinForHook enters the container's namespaces. Its init has not left the host's root yet, so neither does the hook:
// the path means what it means on the host, as the specification wants it for createContainer.
func (c *compiler) joinForHook() error {
	if c.f.Join != 0 {
		c.call(unix.SYS_SETNS, c.file(RolePidfd, ""), program.Int(c.f.Join))
	}
	if c.f.Join&unix.CLONE_NEWPID != 0 {
		c.secondFork()
	}
	c.words = "enter the hook's working directory " + c.o.Cwd
	// Root of a user namespace may have no way there.
	c.try([]unix.Errno{unix.EACCES}, unix.SYS_CHDIR, str(c.o.Cwd))
	c.words = ""
	return nil
}

// ownSession gives the hook a process group, so that all of it can be killed when it takes too long.
func (c *compiler) ownSession() error {
	c.call(unix.SYS_SETSID)
	return nil
}

func (c *compiler) executeHook() error {
	c.call(unix.SYS_UMASK, num(int(c.o.Umask)))
	c.words = fmt.Sprintf("exec %q", c.o.Path)
	env := program.Strs(c.o.Env)
	c.call(unix.SYS_EXECVE, str(c.o.Path), program.Strs(c.o.Argv), env)
	return nil
}
