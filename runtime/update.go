package runtime

import (
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"

	"github.com/crabcan/crabcan/runtime/resctrl"
	"github.com/crabcan/crabcan/runtime/state"
	"github.com/crabcan/crabcan/spec"
)

// Update changes limits of a container: those given, and nothing else. It warns of those that are obsolete.
func (c *Container) Update(r *specs.LinuxResources) error {
	if err := c.expectUpdatable(); err != nil {
		return err
	}
	err := c.cgroup.Set(r)
	for _, note := range c.cgroup.Notes() {
		logrus.Warn(note)
	}
	if err != nil {
		return err
	}
	c.state.Cgroup = state.Cgroup(c.cgroup.Saved())
	return c.dir.Save(c.state)
}

// UpdateGroup changes schemata of a container's resctrl group: those given, and nothing else.
func (c *Container) UpdateGroup(o *spec.IntelRdt) error {
	if err := c.expectUpdatable(); err != nil {
		return err
	}
	root, err := resctrl.Root()
	if err != nil {
		return err
	}
	return c.group().Change(root, o)
}

func (c *Container) expectUpdatable() error {
	return c.expect("update", StatusCreated, StatusRunning, StatusPaused)
}
