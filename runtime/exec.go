package runtime

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/cgroup"
	"github.com/crabcan/crabcan/runtime/plan"
	"github.com/crabcan/crabcan/runtime/spawn"
	"github.com/crabcan/crabcan/runtime/state"
	"github.com/crabcan/crabcan/spec"
)

// ExecOptions are the flags of exec.
type ExecOptions struct {
	CreateOptions
	Detach bool
	// IgnorePaused starts the process in a paused container too, where it stands still like all others.
	IgnorePaused bool
	// ProcessFile is the name of a file that describes the process, Process its content; without them Change says
	// how the process differs from the container's own.
	ProcessFile string
	Process     []byte
	Change      spec.ExecChanges
	// Cgroup names a cgroup below the container's for the process: by controller, "" for all (cgroup v2: only that).
	Cgroup map[string]string
}

// Exec starts a further process in a running container. Detached, it returns when the process was executed, with
// status 0; else it waits for its end like Run. After an error the caller calls CleanExit.
func (c *Container) Exec(o ExecOptions) (int, error) {
	if err := c.checkExec(o); err != nil {
		return 0, err
	}
	if err := c.decodeExec(o); err != nil {
		return 0, err
	}
	if err := c.checkConsole(o.Detach); err != nil {
		return 0, err
	}
	terminal, openConsole := c.terminal()
	signals := catchSignals(o.Detach)
	process, err := c.beginExec(o, openConsole)
	if err != nil {
		return 0, err
	}
	// The process is where init is now, in the container's cgroup as a rule: there a delete finds it.
	if err := c.dir.Unlock(); err != nil && !errors.Is(err, state.ErrNotExist) {
		return 0, err
	}
	return c.oversee(process, terminal, signals)
}

// checkExec refuses containers that nothing can be started in.
func (c *Container) checkExec(o ExecOptions) error {
	if err := checkPreserved(o.PreserveFds); err != nil {
		return err
	}
	if err := c.share(); err != nil {
		return err
	}
	status, err := c.status()
	if err != nil {
		return err
	}
	c.cgroup = c.cgroup.ToJoin()
	c.paused = status == StatusPaused
	switch {
	case status == StatusStopped || status == StatusCreating:
		return errors.New("cannot exec in a stopped container")
	case status == StatusPaused && !o.IgnorePaused:
		return errors.New("cannot exec in a paused container (use --ignore-paused to override)")
	case status == StatusPaused:
		// The process stands still from its birth on, and who starts it with it: resume must not wait for them.
		return c.dir.Unlock()
	}
	return nil
}

// decodeExec turns the flags, or the process file, into options. What they don't say is as the container has it.
func (c *Container) decodeExec(o ExecOptions) error {
	config, err := c.dir.LoadConfig()
	if err != nil {
		return err
	}
	env := spec.Env{Bundle: c.state.Bundle}
	if o.ProcessFile != "" {
		c.opts, c.Warnings, err = spec.DecodeProcess(o.ProcessFile, o.Process, config, env)
	} else {
		c.opts, err = spec.ChangeProcess(config, env, o.Change)
	}
	c.flags = o.CreateOptions
	if err == nil {
		c.opts.Hooks, c.opts.NetDevices = spec.Hooks{}, nil // they are about the container, not about each process
	}
	return err
}

// beginExec goes from the options to a process that is at work inside the container.
func (c *Container) beginExec(o ExecOptions, openConsole func() (*os.File, error)) (*spawn.Process, error) {
	c.adopt = c.settle
	facts, err := c.gatherExec(c.opts, c.cgroup)
	if err != nil {
		return nil, err
	}
	if c.plan, err = plan.CompileExec(c.opts, facts); err != nil {
		return nil, err
	}
	image, err := c.plan.Program.Link()
	if err != nil {
		return nil, err
	}
	files, err := c.openFiles(func(f plan.File) (*os.File, error) {
		if f.Role == plan.RoleConsole {
			return openConsole()
		}
		return c.openJoined(f)
	})
	defer closeAll(files)
	if err != nil {
		return nil, err
	}
	// What was read and opened by init's pid was init's only if that is still alive.
	if alive, err := c.alive(); err != nil || !alive {
		return nil, errors.Join(err, errNotRunning)
	}
	return c.launchIn(o.Cgroup, image, files)
}

// settle does for a process in the container's cgroup what is done from outside.
func (c *Container) settle(process *spawn.Process) error {
	if final := c.opts.ExecAffinity.Final; final != nil {
		if err := process.SetAffinity(final); err != nil {
			return fmt.Errorf("process.execCPUAffinity.final: %w", err)
		}
	}
	if err := c.rejoinGroup(process); err != nil {
		return err
	}
	return c.setOOMScore(process)
}

// openJoined opens what a process needs that joins the container; nil is a file that somebody else fills in.
func (c *Container) openJoined(f plan.File) (*os.File, error) {
	switch f.Role {
	case plan.RolePidfd:
		fd, err := c.initPidfd()
		if err != nil {
			return nil, err
		}
		return os.NewFile(uintptr(fd), "init"), nil
	case plan.RoleRoot:
		return c.openRoot()
	}
	return nil, nil
}

// launchIn starts the process in the container's cgroup or one below it.
func (c *Container) launchIn(below map[string]string, image []byte, files []*os.File) (*spawn.Process, error) {
	if len(below) > 0 {
		in, err := c.cgroup.Below(below)
		if err != nil {
			return nil, err
		}
		c.cgroup = in
	}
	switch {
	case c.paused:
		// Whoever is born in a frozen cgroup stands still in the middle of its birth, and its parent with it. So the
		// process is put there later, when nobody waits for it with the container's lock in hand.
		return c.launch(cgroup.Load(cgroup.Saved{}), image, files, 0)
	case len(below) == 0:
		return c.launchWithInit(image, files)
	}
	process, err := c.launch(c.cgroup, image, files, 0)
	if process == nil && errors.Is(err, unix.EBUSY) {
		err = fmt.Errorf("--cgroup: adding pid of the new process to cgroups: %w", err)
	}
	return process, err
}

// launchWithInit starts the process in the container's cgroup, or where init is if it can't be there: a cgroup v2 that
// has controllers enabled for cgroups below it holds no processes (cgroups(7)), so that an init system in the container
// has moved init elsewhere; and one that init has left may have been removed.
func (c *Container) launchWithInit(image []byte, files []*os.File) (*spawn.Process, error) {
	unified := c.cgroup.Mode() == cgroup.Unified
	if !unified || !c.cgroup.NeedsAttach() { // of a refusal systemd would not say why, so there it is not tried
		process, err := c.launch(c.cgroup, image, files, 0)
		if process != nil || !unified || !errors.Is(err, unix.EBUSY) && !errors.Is(err, unix.ENOENT) {
			return process, err
		}
	}
	in, err := c.cgroup.Of(c.state.InitPid)
	if err != nil {
		return nil, err
	}
	c.cgroup = in
	return c.launch(c.cgroup, image, files, 0)
}

// gatherExec reads what the plan of a process that joins a cgroup of the container's must know: of the kernel, and of the
// container as it is now.
func (c *Container) gatherExec(o *spec.ContainerOpts, joined *cgroup.Manager) (f plan.Facts, err error) {
	f = plan.Facts{
		ID:           c.id,
		PreserveFds:  c.flags.PreserveFds,
		NoNewKeyring: c.state.NoNewKeyring,
		Attach:       c.paused || joined.NeedsAttach(),
		Unprivileged: unprivileged(),
	}
	f.OwnStdio, f.NullStdio = lookAtStdio(o)
	gatherLabels(&f, o)
	if f.Join, err = foreignNamespaces(c.state.InitPid); err != nil {
		return f, err
	}
	if f.LastCap, err = lastCap(); err != nil {
		return f, err
	}
	root, err := c.openRoot()
	if err != nil {
		return f, err
	}
	defer root.Close()
	f.Home, err = homeIn(root, o.UID, 0)
	return f, err
}

// openRoot opens the container's root as init sees it.
func (c *Container) openRoot() (*os.File, error) {
	return os.OpenFile(fmt.Sprintf("/proc/%d/root", c.state.InitPid), unix.O_PATH|unix.O_DIRECTORY, 0)
}
