package runtime

import "github.com/crabcan/crabcan/runtime/doctor"

// Doctor looks at this machine, and says what crabcan can and can't do on it.
func Doctor(h Host) doctor.Report {
	facts := doctor.Gather(h.Root)
	facts.KernelErr = checkKernel()
	return doctor.Examine(facts)
}
