package cgroup

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/opencontainers/cgroups"
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// On cgroup v2 some limits that are set apart depend on each other: if only one of them is to be changed, the other is
// what the cgroup has.

// completeMemory adds to limits of memory what a cgroup has of the one of limit and swap that is not given. The
// specification's swap is that of memory and swap together, as v1 has it, and v2's is that of swap alone: either takes
// both to know.
func completeMemory(dir string, r *specs.LinuxResources) (*specs.LinuxResources, error) {
	if r.Memory == nil {
		return r, nil
	}
	memory := *r.Memory
	limit, swap := orZero(memory.Limit), orZero(memory.Swap)
	var err error
	switch {
	case swap > 0 && limit == 0:
		memory.Limit, err = readLimit(dir + "/memory.max")
	case limit > 0 && swap == 0:
		memory.Swap, err = readTotal(dir)
	}
	complete := *r
	complete.Memory = &memory
	return &complete, err
}

func orZero(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

// readTotal is what a cgroup may have of memory and swap together; nil if one of them has no limit, or swap is not
// accounted: then nothing is to be kept.
func readTotal(dir string) (*int64, error) {
	memory, err := readLimit(dir + "/memory.max")
	if err != nil {
		return nil, err
	}
	swap, err := readLimit(dir + "/memory.swap.max")
	if errors.Is(err, unix.ENOENT) {
		return nil, nil
	}
	if err != nil || *memory < 0 || *swap < 0 {
		return nil, err
	}
	total := *memory + *swap
	return &total, nil
}

// readLimit is the number of bytes in a file of a limit, -1 if there is none.
func readLimit(path string) (*int64, error) {
	text, err := readFile(path)
	if err != nil {
		return nil, err
	}
	limit := int64(-1)
	if text = strings.TrimSpace(text); text != "max" {
		if limit, err = strconv.ParseInt(text, 10, 64); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return &limit, nil
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
