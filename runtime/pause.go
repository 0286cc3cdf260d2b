package runtime

import (
	"fmt"
	"slices"

	"github.com/crabcan/crabcan/runtime/cgroup"
)

// Pause stops all processes of a running container until Resume.
func (c *Container) Pause() error {
	if err := c.expect("pause", StatusRunning, StatusCreated); err != nil {
		return err
	}
	return c.cgroup.Freeze(true)
}

// Resume lets the processes of a paused container go on.
func (c *Container) Resume() error {
	if err := c.expect("resume", StatusPaused); err != nil {
		return err
	}
	return c.cgroup.Freeze(false)
}

// expect takes the lock and refuses what can't be done to a container that is as it is now, or has no cgroup.
func (c *Container) expect(verb string, allowed ...Status) error {
	if err := c.lockIn(verb, allowed...); err != nil {
		return err
	}
	return c.needCgroup(verb)
}

// lockIn takes the lock and refuses what can't be done to a container that is as it is now.
func (c *Container) lockIn(verb string, allowed ...Status) error {
	if err := c.lock(); err != nil {
		return err
	}
	status, err := c.status()
	if err != nil {
		return err
	}
	if status == StatusStopped && !slices.Contains(allowed, status) {
		return fmt.Errorf("cannot %s it: %w", verb, errNotRunning)
	}
	if !slices.Contains(allowed, status) {
		return fmt.Errorf("cannot %s a container that is %s", verb, status)
	}
	return nil
}

// needCgroup refuses what is done through the cgroup for a container that was made without one.
func (c *Container) needCgroup(verb string) error {
	if c.cgroup.Mode() == cgroup.None {
		return fmt.Errorf("cannot %s: the container has no cgroup", verb)
	}
	return nil
}

// Pids are the container's processes, by the numbers that they have on the host.
func (c *Container) Pids() ([]int, error) {
	if err := c.needCgroup("ps"); err != nil {
		return nil, err
	}
	return c.cgroup.AllPids()
}
