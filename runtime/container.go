// Package runtime makes, starts, inspects, signals and removes containers: the one room that knows all the others.
package runtime

import (
	"errors"
	"fmt"
	"os"

	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/bundles"
	"github.com/crabcan/crabcan/runtime/cgroup"
	"github.com/crabcan/crabcan/runtime/plan"
	"github.com/crabcan/crabcan/runtime/spawn"
	"github.com/crabcan/crabcan/runtime/state"
	"github.com/crabcan/crabcan/spec"
)

// Host is what the global flags say about where containers live and how they are kept.
type Host struct {
	// Root is the folder that holds a folder for each container.
	Root string
	// SystemdCgroup makes cgroups through systemd instead of the cgroup file system.
	SystemdCgroup bool
	// CgroupsDisabled makes no cgroup at all (Podman's --cgroup-manager disabled).
	CgroupsDisabled bool
	// Rootless says that crabcan runs without root's privileges on the host.
	Rootless bool
}

// CreateOptions are the flags of create and run.
type CreateOptions struct {
	PidFile       string
	ConsoleSocket string
	PidfdSocket   string
	NoPivot       bool
	NoNewKeyring  bool
	// PreserveFds is how many descriptors from 3 on the container gets.
	PreserveFds int
	// ListenFds is how many of them, the first, are sockets on which the container is to listen (sd_listen_fds(3)).
	ListenFds int
	// NotifySocket is the service manager's socket (sd_notify(3)), see NotifyThrough.
	NotifySocket string
}

// Container is one container of a host, made by New or found by Load. It is not safe for concurrent use; several
// processes may use the same container, each with a Container of its own.
type Container struct {
	host Host
	id   string
	// Warnings are what New found in the config that has no effect.
	Warnings []spec.Diagnostic

	bundle *bundles.Bundle
	opts   *spec.ContainerOpts
	flags  CreateOptions
	plan   *plan.Plan
	cgroup *cgroup.Manager

	dir   *state.Dir
	state state.State
	undo  undo
	// opener does for init what only this process may.
	opener opener
	// stuck says that a failed create could not remove its cgroup or its mounts.
	stuck bool
	// paused says that exec found the container paused.
	paused bool
	// adopt is told each process that becomes what this create, run or exec starts.
	adopt func(*spawn.Process) error
}

// ErrNotExist says that there is no such container; clients match its words.
var ErrNotExist = state.ErrNotExist

// DefaultRoot is where containers live for the user with the effective id uid, see state.DefaultRoot.
func DefaultRoot(uid int, env func(string) string, inUserNS func() bool) string {
	return string(state.DefaultRoot(uid, env, inUserNS))
}

// New prepares a container that does not exist yet: it checks the id, the config and the kernel, and makes nothing. When
// the config is wrong there are warnings beside the error: then the container is good for nothing else.
func New(h Host, id string, b *bundles.Bundle, flags CreateOptions) (*Container, error) {
	if err := checkKernel(); err != nil {
		return nil, err
	}
	if err := state.CheckID(id); err != nil {
		return nil, err
	}
	if err := checkPreserved(flags.PreserveFds); err != nil {
		return nil, err
	}
	c := &Container{host: h, id: id, bundle: b, flags: flags}
	if err := c.decode(); err != nil {
		return c, err
	}
	return c, c.checkRootless()
}

// decode reads the bundle's config and decides where the cgroup goes.
func (c *Container) decode() (err error) {
	if c.opts, c.Warnings, err = c.bundle.Decode(0); err != nil {
		return err
	}
	if own := ownNamespaces(c.opts.Namespaces); own != 0 {
		if c.opts, c.Warnings, err = c.bundle.Decode(own); err != nil {
			return err
		}
	}
	c.opts.ExecAffinity = spec.CPUAffinity{} // it is for processes that join the container
	c.announceSockets()
	c.showNotify()
	c.cgroup, err = cgroup.New(cgroup.Config{
		ID:          c.id,
		CgroupsPath: c.opts.CgroupsPath,
		Resources:   c.opts.Resources,
		Devices:     c.opts.Devices,
		Systemd:     c.host.SystemdCgroup,
		Annotations: c.opts.Annotations,
		Rootless:    c.host.Rootless,
		Owner:       c.cgroupOwner(),
		Disabled:    c.host.CgroupsDisabled,
	})
	if err != nil {
		return c.placed(err)
	}
	for _, note := range c.cgroup.Notes() {
		c.Warnings = append(c.Warnings, c.diagnostic("/linux/resources", note))
	}
	return nil
}

// compile makes the plan and links it. run says that start follows in this process.
func (c *Container) compile(run bool) (image []byte, err error) {
	facts, err := gather(c.id, c.opts, c.flags, c.cgroup)
	if err != nil {
		return nil, c.placed(err)
	}
	facts.Run = run
	if c.plan, err = plan.Compile(c.opts, facts); err != nil {
		return nil, c.placed(err)
	}
	if c.opts.Seccomp != nil {
		logrus.Debugf("seccomp filter flags: %d", c.plan.FilterFlags)
		// Engines' profiles name calls of many kernels: a warning would be the rule.
		for _, name := range c.plan.UnknownCalls {
			logrus.Debugf("linux.seccomp.syscalls: %q is no system call that is known, and has no effect", name)
		}
	}
	return c.plan.Program.Link()
}

// Plan compiles the plan of a bundle's container without making anything; it needs no privilege.
func Plan(h Host, id string, b *bundles.Bundle, flags CreateOptions) (*plan.Plan, []spec.Diagnostic, error) {
	if err := state.CheckID(id); err != nil {
		return nil, nil, err
	}
	c := &Container{host: h, id: id, bundle: b, flags: flags}
	if err := c.decode(); err != nil {
		return nil, c.Warnings, err
	}
	_, err := c.compile(false)
	return c.plan, c.Warnings, err
}

// Load finds an existing container. One whose create has only begun does not exist yet.
func Load(h Host, id string) (*Container, error) {
	c, err := find(h, id)
	if err != nil {
		return nil, err
	}
	err = c.reload()
	if errors.Is(err, state.ErrIncomplete) {
		err = incomplete(id)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// find opens the folder of a container, whether it has a state or not.
func find(h Host, id string) (*Container, error) {
	dir, err := state.Open(state.Root(h.Root), id)
	if err != nil {
		return nil, err
	}
	return &Container{host: h, id: id, dir: dir}, nil
}

// incomplete is the error of a container whose folder has no state yet, or no longer.
func incomplete(id string) error {
	return fmt.Errorf("container %q %w: its create has only begun, or was killed", id, state.ErrNotExist)
}

// reload reads the container's state as it is now.
func (c *Container) reload() (err error) {
	if c.state, err = c.dir.Load(); err != nil {
		return err
	}
	c.cgroup = cgroup.Load(cgroup.Saved(c.state.Cgroup))
	return nil
}

// lock gives this process the container for itself and reads what others made of it meanwhile. It waits for any other
// operation but a create, which may be waiting for a hook that has called this process.
func (c *Container) lock() error { return c.take(c.dir.TryLock, c.dir.Lock) }

// share is lock for what several processes may do at a time.
func (c *Container) share() error { return c.take(c.dir.TryShare, c.dir.Share) }

func (c *Container) take(try, wait func() error) error {
	err := try()
	if errors.Is(err, state.ErrLocked) {
		if err := c.checkCreated(); err != nil {
			return err
		}
		err = wait()
	}
	if err != nil {
		return err
	}
	return c.reload()
}

// checkCreated refuses a container whose create is under way.
func (c *Container) checkCreated() error {
	if err := c.reload(); err != nil {
		return err
	}
	status, err := c.status()
	if err == nil && status == StatusCreating {
		err = fmt.Errorf("container %s is still being created: its create, or a hook of it, has not ended yet", c.id)
	}
	return err
}

// CleanExit takes back what a failed create or run has made so far. It is harmless when there is nothing to take back.
func (c *Container) CleanExit() error {
	if len(c.undo) > 0 {
		logrus.Debug("Cleaning container")
	}
	err := c.undo.run()
	c.Close()
	return err
}

// Close gives the container's folder, and with it its lock, to whoever comes next.
func (c *Container) Close() {
	if c.dir != nil {
		c.dir.Close()
	}
}

// StepError is a step of init that failed.
type StepError = plan.StepError

// stepError puts a failed step of the plan into words: what was done, why it failed, and which line of config.json
// asked for it.
func (c *Container) stepError(m spawn.Message) error {
	failed := c.plan.Failure(m.B, unix.Errno(m.A), m.Text)
	if failed.Pointer != "" && c.bundle != nil {
		failed.Where = c.diagnostic(failed.Pointer, "").String()
	}
	return failed
}

// stdio are the descriptors that a container without a terminal gets.
func stdio() []*os.File { return []*os.File{os.Stdin, os.Stdout, os.Stderr} }
