package runtime

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"

	"github.com/crabcan/crabcan/runtime/cgroup"
	"github.com/crabcan/crabcan/runtime/hook"
	"github.com/crabcan/crabcan/runtime/plan"
	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/runtime/spawn"
	"github.com/crabcan/crabcan/spec"
)

// hookKind is a list of hooks and the name it has in the config.
type hookKind struct {
	name  string
	hooks []spec.Hook
}

// runHooks runs hooks in their order, each as prepare makes it ready; the first that fails ends it.
func (c *Container) runHooks(k hookKind, state []byte, prepare func(spec.Hook) (hook.Hook, error)) error {
	for i, h := range k.hooks {
		ready, err := prepare(h)
		if err == nil {
			var output string
			ready.State, ready.Timeout = state, time.Duration(h.Timeout)*time.Second
			output, err = ready.Run()
			if output != "" {
				logrus.Debugf("%s hook #%d (%s) wrote: %s", k.name, i, h.Path, output)
			}
			if err != nil && output != "" {
				err = fmt.Errorf("%w; it wrote: %s", err, output)
			}
		}
		if err != nil {
			return fmt.Errorf("error running %s hook #%d: %s: %w", k.name, i, h.Path, err)
		}
	}
	return nil
}

// hookState is the state that hooks get, with a pid as the hook sees it.
func (c *Container) hookState(status specs.ContainerState, pid int) []byte {
	return mustMarshal(c.specState(status, pid))
}

// specState is the container's state as the specification has it.
func (c *Container) specState(status specs.ContainerState, pid int) specs.State {
	return specs.State{
		Version:     c.state.OCIVersion,
		ID:          c.id,
		Status:      status,
		Pid:         pid,
		Bundle:      c.state.Bundle,
		Annotations: c.state.Annotations,
	}
}

// mustMarshal is for what always is JSON: strings and numbers.
func mustMarshal(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// onHost prepares a hook to run in the runtime's own namespaces and in the bundle.
func (c *Container) onHost(h spec.Hook) (hook.Hook, error) {
	return c.hookIn(withOwnEnv(h), 0, c.state.Bundle)
}

// withOwnEnv gives a hook without env the runtime's, as runc does with those that run in its own namespaces: they look for
// programs in its PATH.
func withOwnEnv(h spec.Hook) spec.Hook {
	if h.Env == nil {
		h.Env = os.Environ()
	}
	return h
}

// hookIn prepares a hook of the host's to run in those namespaces of the container's that join says. The specification
// has nothing on the folder in which it starts; hooks rely on what runc does.
func (c *Container) hookIn(h spec.Hook, join uint64, folder string) (hook.Hook, error) {
	umask, err := ownUmask()
	if err != nil {
		return hook.Hook{}, err
	}
	p, err := plan.CompileHook(h, join, umask, folder)
	if err != nil {
		return hook.Hook{}, err
	}
	return c.prepare(p, cgroup.Load(cgroup.Saved{}))
}

// prepare links a compiled hook that is to run in a cgroup.
func (c *Container) prepare(p *plan.Plan, in *cgroup.Manager) (hook.Hook, error) {
	image, err := p.Program.Link()
	start := func(stdin, stdout, stderr *os.File) (process *spawn.Process, err error) {
		files := []*os.File{stdin, stdout, stderr}
		defer func() { closeAll(files) }()
		for _, want := range p.Files {
			f, err := c.openJoined(want)
			if err != nil {
				return nil, err
			}
			files = append(files, f)
		}
		config := spawn.Config{
			Image: image, Folder: c.host.Root, Argv: []string{"crabcan-hook", c.id}, Files: files, SocketAt: p.FirstFile,
		}
		err = in.Enter(func(fd int) (err error) {
			config.Cgroup = fd
			process, err = spawn.Start(config)
			return err
		})
		return process, err
	}
	answers := func(process *spawn.Process) spawn.Answers { return c.hookAnswers(process, in) }
	return hook.Hook{Plan: p, Start: start, Answers: answers}, err
}

// hostHooks runs those of create's hooks that know nothing of the container's inside, while init waits.
func (c *Container) hostHooks(init *spawn.Process) error {
	own, state := c.opts.Hooks, c.hookState(specs.StateCreating, init.Pid)
	for _, k := range []hookKind{{"prestart", own.Prestart}, {"createRuntime", own.CreateRuntime}} {
		err := c.runHooks(k, state, func(h spec.Hook) (hook.Hook, error) {
			return c.during(init, withOwnEnv(h), 0, c.state.Bundle)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// during prepares a hook that ends with init.
func (c *Container) during(init *spawn.Process, h spec.Hook, join uint64, folder string) (hook.Hook, error) {
	ready, err := c.hookIn(h, join, folder)
	ready.Abort = init.Fd()
	return ready, err
}

// createHooks runs the hooks of create's while init waits before it leaves the host's root.
func (c *Container) createHooks(init *spawn.Process) error {
	if err := c.hostHooks(init); err != nil {
		return err
	}
	own := c.opts.Hooks.CreateContainer
	if len(own) == 0 {
		return nil
	}
	join, err := foreignNamespaces(init.Pid)
	if err != nil {
		return err
	}
	pid, err := innerPid(init.Pid)
	if err != nil {
		return err
	}
	return c.runHooks(hookKind{"createContainer", own}, c.hookState(specs.StateCreating, pid),
		func(h spec.Hook) (hook.Hook, error) { return c.during(init, h, join, c.opts.MountDir) })
}

// startContainerHooks runs them inside the finished container, as the process that the config describes.
func (c *Container) startContainerHooks() error {
	if len(c.opts.Hooks.StartContainer) == 0 {
		return nil
	}
	pid, err := innerPid(c.state.InitPid)
	if err != nil {
		return err
	}
	return c.runHooks(hookKind{"startContainer", c.opts.Hooks.StartContainer}, c.hookState(specs.StateCreated, pid), c.inside)
}

// inside prepares a hook like an exec of the container's own process with another command line. A hook without env has
// the process's, as runc's hooks always had.
func (c *Container) inside(h spec.Hook) (hook.Hook, error) {
	o := *c.opts
	o.Path, o.Argv, o.Terminal, o.Cwd = h.Path, h.Argv, false, "/"
	ownEnv := h.Env != nil
	if ownEnv {
		o.Env = h.Env
	}
	joined := c.cgroup.ToJoin()
	facts, err := c.gatherExec(&o, joined)
	if err != nil {
		return hook.Hook{}, err
	}
	facts.ExactEnv, facts.PreserveFds, facts.OwnStdio, facts.NullStdio = ownEnv, 0, nil, nil
	p, err := plan.CompileExec(&o, facts)
	if err != nil {
		return hook.Hook{}, err
	}
	return c.prepare(p, joined)
}

// hookAnswers are what a hook's process wants of crabcan that has the container's cgroup, limits and filter.
func (c *Container) hookAnswers(process *spawn.Process, in *cgroup.Manager) spawn.Answers {
	return spawn.Answers{
		program.Attach: func(spawn.Message) error {
			if err := in.Attach(process.Pid); err != nil {
				return err
			}
			return process.Acknowledge()
		},
		program.Limits:   func(spawn.Message) error { return c.raiseLimits(process) },
		program.Listener: func(m spawn.Message) error { return c.answerListener(process, m, specs.StateCreated) },
	}
}

// poststartHooks run when the user's program does.
func (c *Container) poststartHooks() error {
	k := hookKind{"poststart", c.opts.Hooks.Poststart}
	return c.runHooks(k, c.hookState(specs.StateRunning, c.state.InitPid), c.onHost)
}

// poststopHooks run when nothing of the container is left. Their failures are warnings: there is nothing to undo.
func (c *Container) poststopHooks() {
	for _, h := range c.opts.Hooks.Poststop {
		k := hookKind{"poststop", []spec.Hook{h}}
		if err := c.runHooks(k, c.hookState(specs.StateStopped, 0), c.onHost); err != nil {
			logrus.Warn(err)
		}
	}
}

// loadOpts decodes the config that the container was created from, if there may be hooks in it to run.
func (c *Container) loadOpts() error {
	if c.opts != nil {
		return nil
	}
	if !c.state.Hooks {
		c.opts = &spec.ContainerOpts{}
		return nil
	}
	return c.readOpts()
}

// readOpts decodes the config that the container was created from.
func (c *Container) readOpts() error {
	config, err := c.dir.LoadConfig()
	if err != nil {
		return err
	}
	opts, _, err := spec.Decode("config.json", config, spec.Env{Bundle: c.state.Bundle})
	if err == nil {
		c.opts = opts
	}
	return err
}

// innerPid is the pid of a process in its own pid namespace.
func innerPid(pid int) (int, error) {
	list, err := statusField(strconv.Itoa(pid), "NSpid")
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(list[len(list)-1])
}

// ownUmask reads this process's umask without changing it, as umask(2) would for a moment.
func ownUmask() (uint32, error) {
	list, err := statusField("self", "Umask")
	if err != nil {
		return 0, err
	}
	umask, err := strconv.ParseUint(list[0], 8, 32)
	return uint32(umask), err
}

// statusField is the value of a field of /proc/PID/status (proc(5)), split at spaces; it is never empty.
func statusField(pid, name string) ([]string, error) {
	status, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return nil, err
	}
	for line := range bytes.Lines(status) {
		if value, ok := strings.CutPrefix(string(line), name+":"); ok && strings.TrimSpace(value) != "" {
			return strings.Fields(value), nil
		}
	}
	return nil, fmt.Errorf("/proc/%s/status has no field %s", pid, name)
}
