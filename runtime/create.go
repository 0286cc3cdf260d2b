package runtime

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/cgroup"
	"github.com/crabcan/crabcan/runtime/console"
	"github.com/crabcan/crabcan/runtime/plan"
	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/runtime/spawn"
	"github.com/crabcan/crabcan/runtime/state"
	"github.com/crabcan/crabcan/spec"
)

// Create makes the container; its init then waits to be started. After an error the caller calls CleanExit, which
// takes back everything made so far.
func (c *Container) Create() error {
	if err := c.checkConsole(true); err != nil {
		return err
	}
	init, err := c.begin(false, c.dialConsole)
	if err != nil {
		return err
	}
	if err := c.untilReady(init); err != nil {
		return err
	}
	if err := c.commit(init); err != nil {
		return err
	}
	c.undo = nil
	init.Close()
	logrus.Debug("Creation finished")
	return nil
}

// dialConsole connects to the socket that takes the terminal.
func (c *Container) dialConsole() (*os.File, error) {
	if !c.opts.Terminal {
		return nil, nil
	}
	return console.Dial(c.flags.ConsoleSocket)
}

// begin goes from the config to an init that is at work: everything that create and run have in common.
func (c *Container) begin(run bool, openConsole func() (*os.File, error)) (*spawn.Process, error) {
	c.adopt = c.record
	image, err := c.compile(run)
	if err != nil {
		return nil, err
	}
	group, err := c.findGroup()
	if err != nil {
		return nil, err
	}
	if err := c.makeFolder(group); err != nil {
		return nil, err
	}
	var fifos state.Fifos
	if !run {
		if fifos, err = c.dir.MakeFifos(); err != nil {
			return nil, err
		}
	}
	files, err := c.openFiles(func(f plan.File) (*os.File, error) {
		switch f.Role {
		case plan.RoleExec:
			return fifos.Exec, nil
		case plan.RoleResult:
			return fifos.Result, nil
		case plan.RoleConsole:
			return openConsole()
		case plan.RoleNamespace:
			return os.Open(f.Path)
		}
		return nil, nil
	})
	defer closeAll(files)
	if err != nil {
		fifos.Close()
		return nil, err
	}
	if err := c.makeCgroup(); err != nil {
		return nil, err
	}
	if err := c.makeGroup(); err != nil {
		return nil, err
	}
	if err := c.mountRoot(); err != nil {
		return nil, err
	}
	return c.startInit(image, files)
}

// makeFolder makes and locks the container's folder and writes down already where the cgroup will be, so that delete
// finds everything however far this create comes.
func (c *Container) makeFolder(group state.IntelRdt) error {
	var err error
	if c.dir, err = state.Create(state.Root(c.host.Root), c.id); err != nil {
		return err
	}
	c.undo.push(func() error {
		c.poststopHooks()
		return nil
	})
	c.undo.push(func() error {
		if c.stuck {
			return nil // delete --force is to find what is left, and to try again
		}
		return c.dir.Remove()
	})
	c.state = state.State{
		ID:           c.id,
		OCIVersion:   c.opts.OCIVersion,
		Bundle:       c.bundle.Dir,
		Rootfs:       c.opts.MountDir,
		Created:      time.Now().UTC(),
		Owner:        uint32(os.Geteuid()),
		Annotations:  c.opts.Annotations,
		Hooks:        !c.opts.Hooks.IsZero(),
		SharedPids:   !c.ownPids(),
		NoNewKeyring: c.flags.NoNewKeyring,
		Cgroup:       state.Cgroup(c.cgroup.Saved()),
		IntelRdt:     group,
		Descriptors:  c.pipes(),
	}
	if err := c.dir.Save(c.state); err != nil {
		return err
	}
	if c.flags.NotifySocket != "" {
		if err := c.dir.MakeNotify(); err != nil {
			return err
		}
	}
	return c.dir.SaveConfig(c.bundle.Config)
}

// ownPids reports whether the container gets a pid namespace of its own.
func (c *Container) ownPids() bool {
	return slices.ContainsFunc(c.opts.Namespaces, func(n spec.Namespace) bool {
		return n.Flag == unix.CLONE_NEWPID && n.Path == ""
	})
}

func (c *Container) makeCgroup() error {
	// Pushed first: a cgroup that was made in part is to be removed as well.
	c.undo.push(func() error {
		err := c.cgroup.Undo()
		c.stuck = c.stuck || err != nil
		return err
	})
	if err := c.cgroup.Create(); err != nil {
		return c.placed(err)
	}
	c.state.Cgroup = state.Cgroup(c.cgroup.Saved()) // a rootless container may have to do without
	if c.host.Rootless && len(c.cgroup.Paths()) == 0 && !c.makesNamespace(unix.CLONE_NEWPID) {
		logrus.Warn("without a cgroup and a pid namespace of the container's own nothing can kill what its init leaves " +
			"behind. Such configuration is strongly discouraged")
	}
	return nil
}

// startInit starts the linked program and limits the cgroup while it is at work.
func (c *Container) startInit(image []byte, files []*os.File) (*spawn.Process, error) {
	init, err := c.launch(c.cgroup, image, files, c.plan.CloneFlags)
	if err == nil && !c.cgroup.NeedsAttach() {
		err = c.placed(c.cgroup.Limit())
	}
	return init, err
}

// launch starts a linked program in a cgroup. After an error init, if there is one, is on the undo stack.
func (c *Container) launch(in *cgroup.Manager, image []byte, files []*os.File, namespaces uint64) (init *spawn.Process, err error) {
	config := spawn.Config{
		Image:      image,
		Folder:     c.dir.Path(),
		Argv:       []string{"crabcan-init", c.id},
		Files:      files,
		SocketAt:   c.plan.FirstFile,
		Namespaces: namespaces,
		Affinity:   c.opts.ExecAffinity.Initial,
	}
	err = in.Enter(func(cgroup int) (err error) {
		config.Cgroup = cgroup
		init, err = spawn.Start(config)
		return err
	})
	if init == nil {
		return nil, err
	}
	logrus.Debugf("init is process %d", init.Pid)
	c.undo.push(func() error {
		init.Kill()
		return nil
	})
	if err == nil {
		err = c.adopt(init)
	}
	return init, err
}

// record writes down who the container's init is, and does for it what is done from outside.
func (c *Container) record(init *spawn.Process) error {
	started, err := state.StartTime(init.Pid)
	if err != nil {
		return err
	}
	c.state.InitPid, c.state.InitStartTime, c.state.Creating = init.Pid, started, true
	if err := c.dir.Save(c.state); err != nil {
		return err
	}
	if err := c.joinGroup(init); err != nil {
		return err
	}
	return c.setOOMScore(init)
}

// setOOMScore goes through the host's /proc: the container's can't be believed (CVE-2019-16884).
func (c *Container) setOOMScore(init *spawn.Process) error {
	if c.opts.OOMScoreAdj == nil || unprivileged() {
		return nil // init has set its own, see plan's ownOOMScore
	}
	path := fmt.Sprintf("/proc/%d/oom_score_adj", init.Pid)
	if err := os.WriteFile(path, []byte(strconv.Itoa(*c.opts.OOMScoreAdj)), 0); err != nil {
		return fmt.Errorf("process.oomScoreAdj: %w", err)
	}
	return nil
}

// openFiles collects what init is started with: stdio, preserved descriptors, and the plan's own, for which open is
// asked. What it returns is to be closed by closeAll, also after an error.
func (c *Container) openFiles(open func(plan.File) (*os.File, error)) ([]*os.File, error) {
	files := stdio()
	for i := range c.flags.PreserveFds {
		files = append(files, os.NewFile(uintptr(3+i), "preserved"))
	}
	for _, want := range c.plan.Files {
		f, err := open(want)
		if err != nil {
			return files, err
		}
		files = append(files, f)
	}
	return files, nil
}

// closeAll closes what was opened for init; stdio stays open.
func closeAll(files []*os.File) {
	for _, f := range files[min(3, len(files)):] {
		if f != nil {
			f.Close()
		}
	}
}

// untilReady answers init's messages until it is ready.
func (c *Container) untilReady(init *spawn.Process) error {
	defer c.opener.close()
	err := init.Converse(c.answers(init), program.Ready)
	if errors.Is(err, io.EOF) {
		return c.died(init)
	}
	if _, said := errors.AsType[*StepError](err); err != nil && !said && init.Ended() {
		return c.died(init) // what could not be done was to be done for a process that is gone
	}
	return err
}

// answers are what this process does for init before it is ready.
func (c *Container) answers(init *spawn.Process) spawn.Answers {
	return spawn.Answers{
		program.Failed: c.stepError,
		program.Forked: func(m spawn.Message) error { return c.adoptForked(init, int(m.A)) },
		program.Open:   func(m spawn.Message) error { return c.answerOpen(init, m.A) },
		program.Limits: func(spawn.Message) error { return c.raiseLimits(init) },
		program.Attach: func(spawn.Message) error {
			if err := c.attach(init); err != nil {
				return err
			}
			return init.Acknowledge()
		},
		program.CopyUp: func(m spawn.Message) error {
			if err := copyUp(m.Path(init, 0, m.A), m.Path(init, 1, m.B)); err != nil {
				return fmt.Errorf("tmpcopyup: %w", reason(err))
			}
			return init.Acknowledge()
		},
		program.Mounted: func(m spawn.Message) error {
			if err := c.createHooks(init); err != nil {
				return err
			}
			return c.answerHome(init, m)
		},
	}
}

// adoptForked takes over the process pid, which init has forked to be init in its place.
func (c *Container) adoptForked(init *spawn.Process, pid int) error {
	if err := init.Adopt(pid); err != nil {
		return err
	}
	if err := c.adopt(init); err != nil {
		return err
	}
	if c.plan.Maps {
		if err := c.mapIDs(init); err != nil {
			return err
		}
	}
	return init.Acknowledge()
}

// reason is an error without the path of a descriptor of init's, which says nothing to anybody.
func reason(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok && strings.HasPrefix(e.Path, "/proc/") {
		return e.Err
	}
	return err
}

// answerHome looks HOME up where the mounts are by now, if the message asks for it.
func (c *Container) answerHome(init *spawn.Process, m spawn.Message) error {
	if m.B == 0 {
		return init.Acknowledge()
	}
	root, err := os.OpenFile(m.Path(init, 0, m.A), unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return fmt.Errorf("look HOME up in the container: %w", reason(err))
	}
	defer root.Close()
	home, err := homeIn(root, c.opts.UID, 0)
	if err != nil {
		return err
	}
	return init.Answer([]byte("HOME=" + home + "\x00"))
}

// attach does for init what must be done before it goes on in its namespaces.
func (c *Container) attach(init *spawn.Process) error {
	if c.paused {
		return c.cgroup.Attach(init.Pid)
	}
	if c.cgroup.NeedsAttach() {
		if err := c.cgroup.Attach(init.Pid); err != nil {
			return c.placed(err)
		}
		if err := c.cgroup.Limit(); err != nil {
			return c.placed(err)
		}
	}
	return c.moveNetDevices(init)
}

// died explains an init that ended without a word.
func (c *Container) died(init *spawn.Process) error {
	status, err := init.Wait()
	switch {
	case err != nil:
		return fmt.Errorf("init ended: %w", err)
	case status.Signaled() && status.Signal() == unix.SIGKILL:
		return errors.New("init was killed; is the memory limit too low for it?")
	case status.Signaled():
		return fmt.Errorf("init was killed by %v", status.Signal())
	}
	return fmt.Errorf("init ended with status %d", status.ExitStatus())
}

// commit declares the container created, if it is one that is committed and not a process of exec, hands out the pid and
// lets init live on without this process.
func (c *Container) commit(init *spawn.Process) error {
	if err := c.announce(init); err != nil {
		return err
	}
	err := init.Acknowledge()
	if err != nil && init.Ended() {
		return c.died(init)
	}
	return err
}

// announce declares the container created and hands out the pid.
func (c *Container) announce(init *spawn.Process) error {
	if c.state.Creating {
		c.state.Creating = false
		if err := c.dir.Save(c.state); err != nil {
			return err
		}
	}
	if path := c.flags.PidFile; path != "" {
		if err := writePidFile(path, init.Pid); err != nil {
			return err
		}
		c.undo.push(func() error { return os.Remove(path) })
	}
	if path := c.flags.PidfdSocket; path != "" {
		return sendPidfd(path, init)
	}
	return nil
}

// writePidFile writes the pid as digits only. Clients wait for the file to appear, so it appears complete.
func writePidFile(path string, pid int) error {
	temp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path))
	_ = os.Remove(temp) // of a create that was killed
	// The folder may be anybody's: a link planted under that name must not be followed.
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return fmt.Errorf("write the pid file: %w", err)
	}
	_, err = f.WriteString(strconv.Itoa(pid))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the pid file: %w", err), os.Remove(temp))
	}
	return nil
}

func sendPidfd(path string, init *spawn.Process) error {
	socket, err := console.Dial(path)
	if err != nil {
		return err
	}
	defer socket.Close()
	return console.SendPidfd(socket, init.Fd())
}
