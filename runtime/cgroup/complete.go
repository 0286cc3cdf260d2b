package cgroup

import (
	"fmt"
	"strconv"

	"github.com/opencontainers/cgroups"
	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// On cgroup v2 some limits depend on each other that are changed apart: if only one of them is given, the other is what
// was asked for last, or what the cgroup has.

// completeMemory adds to limits of memory what was asked for last of the one of limit and swap that is not given. The
// specification's swap is that of memory and swap together, as v1 has it, and v2's is that of swap alone: either takes
// both to know. The cgroup does not say them: it rounds to pages, and others may have set it.
func (m *Manager) completeMemory(r *specs.LinuxResources) *specs.LinuxResources {
	if r.Memory == nil {
		return r
	}
	complete, memory := *r, *r.Memory
	complete.Memory = &memory
	limit, swap := orEmpty(memory.Limit), orEmpty(memory.Swap)
	_, ownSwap := r.Unified["memory.swap.max"]
	switch {
	case swap > 0 && limit == 0:
		memory.Limit = &m.saved.Memory
	case limit > 0 && swap == 0 && !ownSwap && m.saved.Swap > 0:
		memory.Swap = &m.saved.Swap
	}
	return &complete
}

// keepMemory remembers what is asked for. When the limit is taken away and nothing said of swap, that has none either.
func (s *Saved) keepMemory(r *specs.LinuxResources) {
	memory := orEmpty(orEmpty(r).Memory)
	limit, swap := orEmpty(memory.Limit), orEmpty(memory.Swap)
	if limit != 0 {
		s.Memory = limit
	}
	if limit < 0 || swap != 0 {
		s.Swap = swap
	}
}

// completeCPUMax adds what a cgroup has of the processor's quota and period to that of the two that is to be changed: v2 has
// one file for both, which is always written whole.
func completeCPUMax(dir string, r *cgroups.Resources) error {
	if (r.CpuQuota == 0) == (r.CpuPeriod == 0) {
		return nil
	}
	text, err := readFile(dir + "/cpu.max")
	if err != nil {
		return err
	}
	var quota string
	var period uint64
	if _, err := fmt.Sscan(text, &quota, &period); err != nil {
		return fmt.Errorf("%s/cpu.max: %w", dir, err)
	}
	if r.CpuPeriod == 0 {
		r.CpuPeriod = period
		return nil
	}
	if quota == "max" {
		return nil
	}
	if r.CpuQuota, err = strconv.ParseInt(quota, 10, 64); err != nil {
		return fmt.Errorf("%s/cpu.max: %w", dir, err)
	}
	return nil
}
