package runtime

import "github.com/crabcan/crabcan/runtime/doctor"

// Doctor looks at this machine, and says what crabcan can and can't do on it. helperErr is why crabcan-criu can't be found, nil if it
// can.
func Doctor(h Host, helperErr error) doctor.Report {
	facts := doctor.Gather(h.Root, helperErr)
	facts.KernelErr = checkKernel()
	return doctor.Examine(facts)
}
