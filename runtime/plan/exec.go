package plan

import (
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/spec"
)

// execChapters are the work of a process that joins a running container, in the order it is done. Everything that
// makes the process what the config wants is the same as for init.
var execChapters = []chapter{
	(*compiler).checkLabels,
	(*compiler).begin,
	(*compiler).enterCgroup,
	(*compiler).joinContainer,
	(*compiler).joinedProc,
	(*compiler).session,
	(*compiler).nullStdio,
	(*compiler).console,
	(*compiler).labels,
	(*compiler).closeProc,
	(*compiler).limits,
	(*compiler).scheduling,
	(*compiler).identity,
	(*compiler).closeOnExec,
	(*compiler).findExecutable,
	(*compiler).ready,
	(*compiler).execute,
	(*compiler).failures,
}

// CompileExec makes the plan of a process that joins a container: o's process part is the new process's, the rest the
// container's. The errors are of type *Error.
func CompileExec(o *spec.ContainerOpts, f Facts) (*Plan, error) {
	f.Run = true
	return compileChapters(o, f, execChapters)
}

// joinContainer enters all namespaces of the container at once, through init's pidfd: nothing of the container's is
// opened for it, and there is no moment in which the process is half inside (setns(2)).
func (c *compiler) joinContainer() error {
	if c.f.Join != 0 {
		c.call(unix.SYS_SETNS, c.file(RolePidfd, ""), program.Int(c.f.Join))
	}
	if c.f.Join&unix.CLONE_NEWPID != 0 {
		c.secondFork()
	}
	if c.f.Join&unix.CLONE_NEWNS == 0 {
		// Without a mount namespace the container has only a root folder of its own.
		root := c.file(RoleRoot, "")
		c.call(unix.SYS_FCHDIR, root)
		c.call(unix.SYS_CHROOT, str("."))
	}
	c.openat2(cwd, "/", unix.O_PATH|unix.O_DIRECTORY, 0, inRoot).to(c.root)
	return nil
}
