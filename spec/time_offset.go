package spec

import (
	"slices"

	"golang.org/x/sys/unix"
)

// clocks are the clocks that a time namespace can shift, time_namespaces(7), in the order of the plan.
var clocks = [...]string{"boottime", "monotonic"}

const nanosPerSecond = 1_000_000_000

// timeOffsets can be set only in a time namespace that no process has entered yet, so not in a joined one.
func (c *checker) timeOffsets() {
	const pointer = "/linux/timeOffsets"
	offsets := c.spec.Linux.TimeOffsets
	if len(offsets) == 0 {
		return
	}
	c.needs(unix.CLONE_NEWTIME, pointer, "time")
	for _, n := range c.opts.Namespaces {
		if n.Flag == unix.CLONE_NEWTIME && n.Path != "" {
			c.errorf(pointer, "cannot be set in a time namespace that is joined by path")
		}
	}
	for clock := range offsets {
		if !slices.Contains(clocks[:], clock) {
			c.errorf(member(pointer, clock), "unknown clock, must be monotonic or boottime")
		}
	}
	for _, clock := range clocks {
		o, ok := offsets[clock]
		entry := member(pointer, clock)
		if o.Nanosecs >= nanosPerSecond {
			c.errorf(entry+"/nanosecs", "must be below %d, not %d", nanosPerSecond, o.Nanosecs)
		}
		if ok {
			c.opts.TimeOffsets = append(c.opts.TimeOffsets, TimeOffset{Clock: clock, Secs: o.Secs, Nanos: o.Nanosecs, Pointer: entry})
		}
	}
}
