package spec

import (
	"slices"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// ioClasses holds the classes at their numbers less one, from linux/ioprio.h.
var ioClasses = [...]specs.IOPriorityClass{specs.IOPRIO_CLASS_RT, specs.IOPRIO_CLASS_BE, specs.IOPRIO_CLASS_IDLE}

const (
	ioLevelMax   = 7  // IOPRIO_NR_LEVELS - 1
	ioClassShift = 13 // IOPRIO_CLASS_SHIFT
)

func (c *checker) ioPriority() {
	const pointer = "/process/ioPriority"
	in := c.spec.Process.IOPriority
	if in == nil {
		return
	}
	class := slices.Index(ioClasses[:], in.Class) + 1
	c.knownName(pointer+"/class", "I/O priority class", string(in.Class), class > 0)
	if in.Priority < 0 || in.Priority > ioLevelMax {
		c.errorf(pointer+"/priority", "must be from 0 to %d, not %d", ioLevelMax, in.Priority)
	}
	c.opts.IOPriority = class<<ioClassShift | in.Priority
}
