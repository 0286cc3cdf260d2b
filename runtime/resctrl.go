package runtime

import (
	"errors"
	"io/fs"

	"github.com/crabcan/crabcan/runtime/plan"
	"github.com/crabcan/crabcan/runtime/resctrl"
	"github.com/crabcan/crabcan/runtime/spawn"
	"github.com/crabcan/crabcan/runtime/state"
)

const rdtPointer = "/linux/intelRdt"

// findGroup decides which resctrl group the container belongs in, for its state to say so before it is made.
func (c *Container) findGroup() (state.IntelRdt, error) {
	if c.opts.IntelRdt == nil {
		return state.IntelRdt{}, nil
	}
	root, err := resctrl.Root()
	if err != nil {
		return state.IntelRdt{}, c.placed(&plan.Error{Pointer: rdtPointer, Err: err})
	}
	g, err := resctrl.Find(root, c.id, c.opts.IntelRdt)
	if err != nil {
		return state.IntelRdt{}, c.placed(&plan.Error{Pointer: rdtPointer, Err: err})
	}
	return state.IntelRdt(g), nil
}

// group is the container's resctrl group; the zero one if it has none.
func (c *Container) group() resctrl.Group { return resctrl.Group(c.state.IntelRdt) }

func (c *Container) makeGroup() error {
	if c.opts.IntelRdt == nil {
		return nil
	}
	// Pushed first: a group that was made in part is to be removed as well.
	c.undo.push(c.group().Remove)
	if err := c.group().Create(c.opts.IntelRdt); err != nil {
		return c.placed(&plan.Error{Pointer: rdtPointer, Err: err})
	}
	return nil
}

// joinGroup puts init into the group.
func (c *Container) joinGroup(init *spawn.Process) error {
	if err := c.group().Attach(init.Pid); err != nil {
		return c.placed(&plan.Error{Pointer: rdtPointer, Err: err})
	}
	return nil
}

// rejoinGroup puts a process that joins the container into the group, unless somebody has removed that meanwhile.
func (c *Container) rejoinGroup(process *spawn.Process) error {
	if err := c.group().Attach(process.Pid); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// groupStats are the group's figures; none if somebody has removed it or unmounted its file system meanwhile.
func (c *Container) groupStats() (resctrl.Stats, error) {
	group := c.group()
	if group.Folder == "" {
		return resctrl.Stats{}, nil
	}
	root, err := resctrl.Root()
	if errors.Is(err, resctrl.ErrNotMounted) {
		return resctrl.Stats{}, nil
	}
	if err != nil {
		return resctrl.Stats{}, err
	}
	stats, err := group.Stats(root)
	if errors.Is(err, fs.ErrNotExist) {
		return resctrl.Stats{}, nil
	}
	return stats, err
}
