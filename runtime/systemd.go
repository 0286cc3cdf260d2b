package runtime

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/crabcan/crabcan/runtime/plan"
)

// propertyPrefix begins the annotations that set properties of the container's systemd unit, as with runc.
const propertyPrefix = "org.systemd.property."

// refuseProperties refuses such annotations where there is a unit: without one they are annotations like any other.
func (c *Container) refuseProperties() error {
	if !c.host.SystemdCgroup {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(c.opts.Annotations)) {
		if strings.HasPrefix(name, propertyPrefix) {
			pointer := "/annotations/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
			return c.placed(&plan.Error{Pointer: pointer, Err: errors.New("is not supported yet")})
		}
	}
	return nil
}
