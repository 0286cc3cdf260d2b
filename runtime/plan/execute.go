package plan

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
)

// homeSize is the most, in bytes, that the parent's answer "HOME=..." may take, its NUL included.
const homeSize = unix.PathMax + 8

// mounted lets the parent do what must be done between the last mount and the moment when init leaves the host's root:
// run hooks, and find HOME if the mounts may have covered the container's /etc/passwd.
func (c *compiler) mounted() error {
	switch h := c.o.Hooks; {
	case c.needsHome() && c.f.HomeUnknown:
		c.pointer = "/process/user/uid"
		c.home = c.Zero(homeSize)
		c.show(program.Mounted, c.root.Val(), num(1), c.home.Addr(), homeSize)
	case len(h.Prestart)+len(h.CreateRuntime)+len(h.CreateContainer) > 0:
		c.pointer = "/hooks"
		c.ask(program.Mounted, c.root.Val(), null, c.text.Addr(), 8)
	}
	return nil
}

// needsHome reports whether HOME is missing; like runc, an empty one counts as missing.
func (c *compiler) needsHome() bool {
	home, ok := c.env("HOME")
	return !c.f.ExactEnv && (!ok || home == "")
}

// environment is the env array for execve(2).
func (c *compiler) environment() program.Arg {
	list := make([]program.Arg, 0, len(c.o.Env)+2)
	for _, e := range c.o.Env {
		if e != "HOME=" {
			list = append(list, str(e))
		}
	}
	switch {
	case !c.needsHome():
	case c.f.HomeUnknown:
		list = append(list, c.home.Addr())
	default:
		list = append(list, str("HOME="+c.f.Home))
	}
	return program.Words(append(list, null)...)
}

// candidates are the paths at which the executable may be: itself, or itself below each folder of PATH.
func (c *compiler) candidates() []string {
	if strings.Contains(c.o.Path, "/") {
		return []string{c.o.Path}
	}
	path, _ := c.env("PATH")
	if path == "" {
		return nil
	}
	var list []string
	for _, folder := range strings.Split(path, ":") {
		if folder == "" {
			folder = "." // an empty entry is the working directory (execvp(3))
		}
		list = append(list, strings.TrimSuffix(folder, "/")+"/"+c.o.Path)
	}
	return list
}

// findExecutable looks, as the container's user, for the first candidate that is a file and may be executed, so that
// create fails already when there is none. AT_EACCESS: access(2) itself forgets the capabilities of an ordinary user.
func (c *compiler) findExecutable() error {
	c.pointer = "/process/args/0"
	found, denied, fd := c.NewLabel(), c.NewLabel(), c.Slot()
	refused := c.Slot()
	for _, path := range c.candidates() {
		next, exists, denies := c.NewLabel(), c.NewLabel(), c.NewLabel()
		c.words = fmt.Sprintf("exec: %q", c.o.Path)
		c.call(unix.SYS_FACCESSAT2, cwd, str(path), num(unix.X_OK), num(unix.AT_EACCESS)).
			on(unix.ENOENT, next).on(unix.ENOTDIR, next).on(unix.EACCES, denies)
		// A folder passes that test too, but can't be executed.
		c.call(unix.SYS_OPENAT, cwd, str(path), num(unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC)).to(fd).onAny(exists)
		c.close(fd)
		c.Mark(denies)
		c.move(num(1), refused.Addr()).next(next)
		c.Mark(exists)
		c.move(str(path), c.path.Addr()).next(found)
		c.Mark(next)
	}
	c.notFound(refused, denied)
	c.Mark(found)
	return nil
}

// notFound ends the program with the words that clients look for: Podman takes its exit status 126 or 127 from them.
func (c *compiler) notFound(refused program.Mem, denied program.Label) {
	c.test(refused.Val(), num(1), null, denied)
	if strings.Contains(c.o.Path, "/") {
		c.words = fmt.Sprintf("exec: %q: stat %s: %v", c.o.Path, c.o.Path, unix.ENOENT)
	} else {
		c.words = fmt.Sprintf("exec: %q: executable file not found in $PATH", c.o.Path)
	}
	c.fail(unix.ENOENT)
	c.Mark(denied)
	c.words = fmt.Sprintf("exec: %q: %v", c.o.Path, unix.EACCES)
	c.fail(unix.EACCES)
	c.words = ""
}

// ready reports that everything is in place and waits: first for the parent, who must have written the container
// down before init may outlive it, then, unless the parent goes on at once, for start.
func (c *compiler) ready() error {
	if !c.f.Run {
		c.endOnTerm()
	}
	c.call(unix.SYS_PRCTL, num(unix.PR_SET_PDEATHSIG), null)
	c.ask(program.Ready, null, null, c.text.Addr(), 8)
	if !c.f.Run {
		c.exec = c.file(RoleExec, "")
		c.call(unix.SYS_READ, c.exec, c.text.Addr(), num(1))
	}
	return nil
}

// endOnTerm lets SIGTERM end a container that waits to be started: of signals without a handler the first process of a
// pid namespace sees nothing (pid_namespaces(7)). execve takes the handler back.
func (c *compiler) endOnTerm() {
	const restorer = 0x04000000 // SA_RESTORER of asm/signal.h: amd64 wants it, for a handler that returns
	const setSize = 8
	act := program.Words(program.ExitOnSignal, num(restorer), program.ExitOnSignal, null)
	c.call(unix.SYS_RT_SIGACTION, num(int(unix.SIGTERM)), act, null, num(setSize))
}

// execute is what is left for start: the filter, the last capabilities that it cost, and execve.
func (c *compiler) execute() error {
	if !c.f.Run {
		c.result = c.file(RoleResult, "")
	}
	if err := c.filter(); err != nil {
		return err
	}
	c.pointer = "" // what is wrong now is not in the config
	c.reportToStart("exec " + c.o.Path)
	c.call(unix.SYS_EXECVE, c.path.Val(), program.Strs(c.o.Argv), c.environment())
	return nil
}
