package runtime

import (
	"fmt"
	"os"

	"github.com/crabcan/crabcan/runtime/netdev"
	"github.com/crabcan/crabcan/runtime/plan"
	"github.com/crabcan/crabcan/runtime/spawn"
)

// moveNetDevices moves the host's devices that the config names into the container's network namespace, which init is
// in by now. Init waits meanwhile: kernel parameters may be about them.
func (c *Container) moveNetDevices(init *spawn.Process) error {
	if len(c.opts.NetDevices) == 0 {
		return nil
	}
	ns, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", init.Pid))
	if err != nil {
		return err
	}
	defer ns.Close()
	for _, d := range c.opts.NetDevices {
		if err := netdev.Move(d.Name, d.NewName, ns); err != nil {
			return c.placed(&plan.Error{Pointer: d.Pointer, Err: err})
		}
	}
	return nil
}
