package runtime

import (
	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// Update changes limits of a container: those given, and nothing else.
func (c *Container) Update(r *specs.LinuxResources) error {
	if err := c.expect("update", StatusCreated, StatusRunning, StatusPaused); err != nil {
		return err
	}
	return c.cgroup.Set(r)
}
