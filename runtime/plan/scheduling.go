package plan

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
)

// scheduling decides how the process shares the machine with others, while it still may: most of this takes
// CAP_SYS_NICE.
func (c *compiler) scheduling() error {
	c.scheduler()
	c.ioPriority()
	c.memoryPolicy()
	if p := c.o.Personality; p != nil {
		c.pointer = "/linux/personality"
		c.call(unix.SYS_PERSONALITY, program.Int(*p))
	}
	return nil
}

// scheduler sets policy and parameters. The size of struct sched_attr is that of its second version: with the first,
// the kernel refuses the flags SCHED_FLAG_UTIL_CLAMP_*.
func (c *compiler) scheduler() {
	s := c.o.Scheduler
	if s == nil {
		return
	}
	c.pointer = "/process/scheduler"
	attr := binary.LittleEndian.AppendUint32(nil, unix.SizeofSchedAttr)
	attr = binary.LittleEndian.AppendUint32(attr, s.Policy)
	attr = binary.LittleEndian.AppendUint64(attr, s.Flags)
	attr = binary.LittleEndian.AppendUint32(attr, uint32(s.Nice))
	attr = binary.LittleEndian.AppendUint32(attr, s.Priority)
	for _, ns := range []uint64{s.Runtime, s.Deadline, s.Period, 0} { // the last is both util_min and util_max
		attr = binary.LittleEndian.AppendUint64(attr, ns)
	}
	set := c.call(unix.SYS_SCHED_SETATTR, null, program.Bytes(attr), null)
	if r := c.o.Resources; r == nil || r.CPU == nil || r.CPU.Cpus == "" {
		return
	}
	// A deadline can be kept only by who may run on every processor (sched_setattr(2)); the kernel just says EPERM.
	refused, done := c.NewLabel(), c.NewLabel()
	set.on(unix.EPERM, refused).next(done)
	c.Mark(refused)
	c.words = "process scheduler can't be used together with AllowedCPUs (linux.resources.cpu.cpus): " + unix.EPERM.Error()
	c.fail(unix.EPERM)
	c.words = ""
	c.Mark(done)
}

// ioPriority is for the process alone, which is its process group by now; what it starts inherits it.
func (c *compiler) ioPriority() {
	const whoProcess = 1 // IOPRIO_WHO_PROCESS
	if c.o.IOPriority != 0 {
		c.pointer = "/process/ioPriority"
		c.call(unix.SYS_IOPRIO_SET, num(whoProcess), null, num(c.o.IOPriority))
	}
}

func (c *compiler) memoryPolicy() {
	p := c.o.MemoryPolicy
	if p == nil {
		return
	}
	c.pointer = "/linux/memoryPolicy"
	if len(p.Nodes) == 0 {
		c.call(unix.SYS_SET_MEMPOLICY, num(p.Mode), null, null)
		return
	}
	words := make([]program.Arg, len(p.Nodes))
	for i, w := range p.Nodes {
		words[i] = program.Int(w)
	}
	// The kernel takes one bit less than it is told (set_mempolicy(2), BUGS).
	c.call(unix.SYS_SET_MEMPOLICY, num(p.Mode), program.Words(words...), num(64*len(words)+1))
}
