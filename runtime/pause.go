package runtime

import "fmt"

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

// expect takes the lock and refuses what can't be done to a container that is as it is now.
func (c *Container) expect(verb string, allowed ...Status) error {
	if err := c.lock(); err != nil {
		return err
	}
	status, err := c.status()
	if err != nil {
		return err
	}
	for _, s := range allowed {
		if status == s {
			return nil
		}
	}
	return fmt.Errorf("cannot %s a container that is %s", verb, status)
}

// Pids are the container's processes, by the numbers that they have on the host.
func (c *Container) Pids() ([]int, error) { return c.cgroup.AllPids() }
