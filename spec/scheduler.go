package spec

import (
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// schedPolicies holds the kernel's number for each policy. SCHED_ISO has one, but no kernel has ever had the policy.
var schedPolicies = [...]named[specs.LinuxSchedulerPolicy, uint32]{
	{specs.SchedOther, unix.SCHED_NORMAL},
	{specs.SchedFIFO, unix.SCHED_FIFO},
	{specs.SchedRR, unix.SCHED_RR},
	{specs.SchedBatch, unix.SCHED_BATCH},
	{specs.SchedISO, 4},
	{specs.SchedIdle, unix.SCHED_IDLE},
	{specs.SchedDeadline, unix.SCHED_DEADLINE},
}

var schedFlags = [...]named[specs.LinuxSchedulerFlag, uint64]{
	{specs.SchedFlagResetOnFork, unix.SCHED_FLAG_RESET_ON_FORK},
	{specs.SchedFlagReclaim, unix.SCHED_FLAG_RECLAIM},
	{specs.SchedFlagDLOverrun, unix.SCHED_FLAG_DL_OVERRUN},
	{specs.SchedFlagKeepPolicy, unix.SCHED_FLAG_KEEP_POLICY},
	{specs.SchedFlagKeepParams, unix.SCHED_FLAG_KEEP_PARAMS},
	{specs.SchedFlagUtilClampMin, unix.SCHED_FLAG_UTIL_CLAMP_MIN},
	{specs.SchedFlagUtilClampMax, unix.SCHED_FLAG_UTIL_CLAMP_MAX},
}

// The kernel's ranges, from linux/sched/prio.h.
const (
	niceMin, niceMax             = -20, 19
	rtPriorityMin, rtPriorityMax = 1, 99
)

func (c *checker) scheduler() {
	const pointer = "/process/scheduler"
	in := c.spec.Process.Scheduler
	if in == nil {
		return
	}
	policy, ok := valueOf(schedPolicies[:], in.Policy)
	c.knownName(pointer+"/policy", "scheduling policy", string(in.Policy), ok)
	if ok {
		c.schedParameters(pointer, in, policy)
	}
	c.opts.Scheduler = &Scheduler{
		Policy: policy, Flags: c.schedFlags(pointer+"/flags", in.Flags), Nice: in.Nice, Priority: uint32(in.Priority),
		Runtime: in.Runtime, Deadline: in.Deadline, Period: in.Period,
	}
}

func (c *checker) schedFlags(pointer string, names []specs.LinuxSchedulerFlag) (bits uint64) {
	for i, name := range names {
		bit, ok := valueOf(schedFlags[:], name)
		c.knownName(element(pointer, i), "scheduling flag", string(name), ok)
		bits |= bit
	}
	return bits
}

// schedParameters refuses what the policy has no use for, as runc does: the kernel would ignore some of it silently
// and answer the rest with EINVAL (sched_setattr(2)).
func (c *checker) schedParameters(pointer string, s *specs.Scheduler, policy uint32) {
	realTime, deadline := policy == unix.SCHED_FIFO || policy == unix.SCHED_RR, policy == unix.SCHED_DEADLINE
	if !realTime && !deadline && (s.Nice < niceMin || s.Nice > niceMax) {
		c.errorf(pointer+"/nice", "must be from %d to %d, not %d", niceMin, niceMax, s.Nice)
	}
	switch {
	case realTime && (s.Priority < rtPriorityMin || s.Priority > rtPriorityMax):
		c.errorf(pointer+"/priority", "must be from %d to %d with %s, not %d", rtPriorityMin, rtPriorityMax, s.Policy, s.Priority)
	case !realTime && s.Priority != 0:
		c.errorf(pointer+"/priority", "can only be set with SCHED_FIFO or SCHED_RR")
	}
	if deadline {
		c.schedDeadline(pointer, s)
		return
	}
	for _, p := range [...]named[string, uint64]{{"/runtime", s.Runtime}, {"/deadline", s.Deadline}, {"/period", s.Period}} {
		if p.value != 0 {
			c.errorf(pointer+p.name, "can only be set with SCHED_DEADLINE")
		}
	}
}

// schedDeadline is what the kernel demands of the three, a period of 0 being the deadline (sched(7)).
func (c *checker) schedDeadline(pointer string, s *specs.Scheduler) {
	period := s.Period
	if period == 0 {
		period = s.Deadline
	}
	if s.Runtime == 0 || s.Runtime > s.Deadline || s.Deadline > period {
		c.errorf(pointer, "SCHED_DEADLINE needs 0 < runtime <= deadline <= period, not %d, %d, %d", s.Runtime, s.Deadline, s.Period)
	}
}
