package runtime

import (
	"errors"
	"fmt"

	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/cgroup"
	"github.com/crabcan/crabcan/runtime/state"
	"github.com/crabcan/crabcan/spec"
)

// errNotRunning has the words that containerd looks for.
var errNotRunning = errors.New("container not running")

// Kill sends a signal to the container's init, or with all to all its processes. SIGKILL is for all, too, where they
// would outlive init. For a container that has no process left the error says "container not running"; with all that
// is none.
func (c *Container) Kill(sig unix.Signal, all bool) error {
	switch {
	case all && c.cgroup.Mode() != cgroup.None:
		return c.killAll(sig)
	case sig == unix.SIGKILL && c.state.SharedPids:
		pids, err := c.cgroup.AllPids()
		if err != nil {
			return err
		}
		if len(pids) > 0 {
			return c.killAll(sig)
		}
	}
	err := c.signalInit(sig)
	if all && errors.Is(err, errNotRunning) {
		return nil
	}
	return err
}

// killAll takes the lock: on cgroup v1 a create or exec is itself in the container's cgroup for a moment.
func (c *Container) killAll(sig unix.Signal) error {
	if err := c.lock(); err != nil {
		return err
	}
	return c.cgroup.Kill(sig)
}

// signalInit sends a signal to init by pidfd: a bare pid could be somebody else's by now.
func (c *Container) signalInit(sig unix.Signal) error {
	fd, err := c.initPidfd()
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	err = unix.PidfdSendSignal(fd, sig, nil, 0)
	if errors.Is(err, unix.ESRCH) {
		return errNotRunning
	}
	if err != nil {
		return fmt.Errorf("send signal %d to init: %w", sig, err)
	}
	if sig == unix.SIGKILL {
		return c.thaw()
	}
	return nil
}

// thaw lets a process that was killed die: cgroup v1 keeps frozen processes even from that.
func (c *Container) thaw() error {
	if c.cgroup.Mode() == cgroup.Unified {
		return nil
	}
	frozen, err := c.cgroup.Frozen()
	if err != nil || !frozen {
		return err
	}
	return c.cgroup.Freeze(false)
}

// initPidfd opens init's pidfd. Whether it is init is checked after opening, when it can't become another process
// any more. The error is errNotRunning if init has ended.
func (c *Container) initPidfd() (int, error) {
	if c.state.InitPid == 0 {
		return -1, errNotRunning
	}
	fd, err := unix.PidfdOpen(c.state.InitPid, 0)
	if errors.Is(err, unix.ESRCH) {
		return -1, errNotRunning
	}
	if err != nil {
		return -1, fmt.Errorf("pidfd_open: %w", err)
	}
	alive, err := c.alive()
	if err == nil && !alive {
		err = errNotRunning
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// killTime is how long, in milliseconds, a killed init may take to be gone: it may be in the middle of a write to a
// slow disk.
const killTime = 10_000

// killInit kills init and waits until it has ended.
func (c *Container) killInit() error {
	fd, err := c.initPidfd()
	if errors.Is(err, errNotRunning) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("kill init: %w", err)
	}
	if err := c.thaw(); err != nil {
		return err
	}
	poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(poll, killTime)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return fmt.Errorf("wait for init: %w", err)
		case n == 0:
			return errors.New("container init still running after SIGKILL")
		default:
			return nil
		}
	}
}

// Delete removes a container that is stopped or was never started; with force it kills one that runs.
func (c *Container) Delete(force bool) error {
	take := c.lock
	if force {
		take = c.lockToEnd
	}
	err := take()
	if errors.Is(err, state.ErrIncomplete) {
		return c.removeRemains(force)
	}
	if err != nil {
		return err
	}
	status, err := c.status()
	if err != nil {
		return err
	}
	if !force && status != StatusStopped && status != StatusCreated && status != StatusCreating {
		return fmt.Errorf("cannot delete container %s that is not stopped: %s", c.id, status)
	}
	return c.destroy()
}

// lockToEnd is lock for whoever wants the container gone. It kills init before: whoever holds the lock may be waiting for
// something that will not come, such as the end of a hook. That it may not work does not matter, it is done again with
// the lock.
func (c *Container) lockToEnd() error {
	if c.reload() == nil {
		_ = c.signalInit(unix.SIGKILL)
	}
	if err := c.dir.Lock(); err != nil {
		return err
	}
	return c.reload()
}

// destroy ends what is left of the container, removes all that was made for it and runs the poststop hooks.
func (c *Container) destroy() error {
	logrus.Debug("Cleaning container")
	if err := c.loadOpts(); err != nil {
		logrus.Warnf("no poststop hook is run: %v", err)
		c.opts = &spec.ContainerOpts{}
	}
	if err := c.killInit(); err != nil {
		return err
	}
	// Without a pid namespace of its own, or after a create that was killed, there may be others than init.
	if err := c.cgroup.Kill(unix.SIGKILL); err != nil {
		return err
	}
	if err := c.cgroup.Destroy(); err != nil {
		return err
	}
	if err := c.group().Remove(); err != nil {
		return err
	}
	if err := c.unmountRoot(); err != nil {
		return err
	}
	if err := c.dir.Remove(); err != nil {
		return err
	}
	c.poststopHooks()
	return nil
}

// Delete removes the container id of a host; see Container.Delete. With force it is no error if there is none, and
// the remains of a create that was killed at its very start are removed as well.
func Delete(h Host, id string, force bool) error {
	c, err := find(h, id)
	if err == nil {
		defer c.Close()
		err = c.Delete(force)
	}
	if errors.Is(err, state.ErrNotExist) && force {
		return nil
	}
	return err
}

// removeRemains removes a folder that has no state: nothing else is made before the state is first written.
func (c *Container) removeRemains(force bool) error {
	if !force {
		return incomplete(c.id)
	}
	return c.dir.Remove()
}
