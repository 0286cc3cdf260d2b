package cgroup

import (
	"github.com/opencontainers/cgroups"
)

// Stats are a cgroup's figures. Names and shape of the JSON are those that runc's `events` has, which older callers
// parse; times are in nanoseconds.
type Stats struct {
	CPU     CPUStats                `json:"cpu"`
	CPUSet  CPUSetStats             `json:"cpuset"`
	Memory  MemoryStats             `json:"memory"`
	Pids    PidsStats               `json:"pids"`
	BlockIO BlockIOStats            `json:"blkio"`
	Hugetlb map[string]HugetlbStats `json:"hugetlb"`
}

// CPUStats is the CPU time that the container had, and was denied.
type CPUStats struct {
	Usage struct {
		Total        uint64   `json:"total,omitempty"`
		PerCPU       []uint64 `json:"percpu,omitempty"`
		PerCPUKernel []uint64 `json:"percpu_kernel,omitempty"`
		PerCPUUser   []uint64 `json:"percpu_user,omitempty"`
		Kernel       uint64   `json:"kernel"`
		User         uint64   `json:"user"`
	} `json:"usage,omitzero"`
	Throttling struct {
		Periods          uint64 `json:"periods,omitempty"`
		ThrottledPeriods uint64 `json:"throttledPeriods,omitempty"`
		ThrottledTime    uint64 `json:"throttledTime,omitempty"`
	} `json:"throttling,omitzero"`
	PSI *cgroups.PSIStats `json:"psi,omitempty"`
}

// CPUSetStats is where the container may run (cgroup v1 only). The fields are the library's, in its order.
type CPUSetStats struct {
	CPUs                  []uint16 `json:"cpus,omitempty"`
	CPUExclusive          uint64   `json:"cpu_exclusive"`
	Mems                  []uint16 `json:"mems,omitempty"`
	MemHardwall           uint64   `json:"mem_hardwall"`
	MemExclusive          uint64   `json:"mem_exclusive"`
	MemoryMigrate         uint64   `json:"memory_migrate"`
	MemorySpreadPage      uint64   `json:"memory_spread_page"`
	MemorySpreadSlab      uint64   `json:"memory_spread_slab"`
	MemoryPressure        uint64   `json:"memory_pressure"`
	SchedLoadBalance      uint64   `json:"sched_load_balance"`
	SchedRelaxDomainLevel int64    `json:"sched_relax_domain_level"`
}

// MemoryStats is the memory that the container has.
type MemoryStats struct {
	Cache     uint64            `json:"cache,omitempty"`
	Usage     MemoryEntry       `json:"usage,omitzero"`
	Swap      MemoryEntry       `json:"swap,omitzero"`
	Kernel    MemoryEntry       `json:"kernel,omitzero"`
	KernelTCP MemoryEntry       `json:"kernelTCP,omitzero"`
	Raw       map[string]uint64 `json:"raw,omitempty"`
	PSI       *cgroups.PSIStats `json:"psi,omitempty"`
}

// MemoryEntry is one kind of memory, in bytes.
type MemoryEntry struct {
	Limit   uint64 `json:"limit"`
	Usage   uint64 `json:"usage,omitempty"`
	Max     uint64 `json:"max,omitempty"`
	Failcnt uint64 `json:"failcnt"`
}

// PidsStats is how many processes and threads there are and may be.
type PidsStats struct {
	Current uint64 `json:"current,omitempty"`
	Limit   uint64 `json:"limit,omitempty"`
}

// BlockIOStats is what was read from and written to block devices.
type BlockIOStats struct {
	ServiceBytes []BlockIOEntry    `json:"ioServiceBytesRecursive,omitempty"`
	Serviced     []BlockIOEntry    `json:"ioServicedRecursive,omitempty"`
	Queued       []BlockIOEntry    `json:"ioQueueRecursive,omitempty"`
	ServiceTime  []BlockIOEntry    `json:"ioServiceTimeRecursive,omitempty"`
	WaitTime     []BlockIOEntry    `json:"ioWaitTimeRecursive,omitempty"`
	Merged       []BlockIOEntry    `json:"ioMergedRecursive,omitempty"`
	Time         []BlockIOEntry    `json:"ioTimeRecursive,omitempty"`
	Sectors      []BlockIOEntry    `json:"sectorsRecursive,omitempty"`
	PSI          *cgroups.PSIStats `json:"psi,omitempty"`
}

// BlockIOEntry is the figure of one device and kind of operation.
type BlockIOEntry struct {
	Major uint64 `json:"major,omitempty"`
	Minor uint64 `json:"minor,omitempty"`
	Op    string `json:"op,omitempty"`
	Value uint64 `json:"value,omitempty"`
}

// HugetlbStats is the use of huge pages of one size.
type HugetlbStats struct {
	Usage   uint64 `json:"usage,omitempty"`
	Max     uint64 `json:"max,omitempty"`
	Failcnt uint64 `json:"failcnt"`
}

// Stats are the cgroup's current figures.
func (m *Manager) Stats() (*Stats, error) {
	if len(m.saved.Paths) == 0 {
		return convert(cgroups.NewStats()), nil
	}
	d, err := m.manager()
	if err != nil {
		return nil, err
	}
	stats, err := d.GetStats()
	if err != nil {
		return nil, err
	}
	return convert(stats), nil
}

// convert puts the library's figures where the JSON has them.
func convert(from *cgroups.Stats) *Stats {
	s := &Stats{
		CPUSet:  CPUSetStats(from.CPUSetStats),
		Pids:    PidsStats(from.PidsStats),
		Hugetlb: make(map[string]HugetlbStats),
	}
	s.CPU.convert(&from.CpuStats)
	s.Memory.convert(&from.MemoryStats)
	s.BlockIO.convert(&from.BlkioStats)
	for size, h := range from.HugetlbStats {
		s.Hugetlb[size] = HugetlbStats{Usage: h.Usage, Max: h.MaxUsage, Failcnt: h.Failcnt}
	}
	return s
}

func (s *CPUStats) convert(from *cgroups.CpuStats) {
	u, t := from.CpuUsage, from.ThrottlingData
	s.Usage.Total, s.Usage.Kernel, s.Usage.User = u.TotalUsage, u.UsageInKernelmode, u.UsageInUsermode
	s.Usage.PerCPU, s.Usage.PerCPUKernel, s.Usage.PerCPUUser = u.PercpuUsage, u.PercpuUsageInKernelmode, u.PercpuUsageInUsermode
	s.Throttling.Periods, s.Throttling.ThrottledPeriods = t.Periods, t.ThrottledPeriods
	s.Throttling.ThrottledTime = t.ThrottledTime
	s.PSI = from.PSI
}

func (s *MemoryStats) convert(from *cgroups.MemoryStats) {
	s.Cache, s.Raw, s.PSI = from.Cache, from.Stats, from.PSI
	for _, row := range []struct {
		to   *MemoryEntry
		from cgroups.MemoryData
	}{
		{&s.Usage, from.Usage},
		{&s.Swap, from.SwapUsage},
		{&s.Kernel, from.KernelUsage},
		{&s.KernelTCP, from.KernelTCPUsage},
	} {
		*row.to = MemoryEntry{Limit: row.from.Limit, Usage: row.from.Usage, Max: row.from.MaxUsage, Failcnt: row.from.Failcnt}
	}
}

func (s *BlockIOStats) convert(from *cgroups.BlkioStats) {
	s.PSI = from.PSI
	for _, row := range []struct {
		to   *[]BlockIOEntry
		from []cgroups.BlkioStatEntry
	}{
		{&s.ServiceBytes, from.IoServiceBytesRecursive},
		{&s.Serviced, from.IoServicedRecursive},
		{&s.Queued, from.IoQueuedRecursive},
		{&s.ServiceTime, from.IoServiceTimeRecursive},
		{&s.WaitTime, from.IoWaitTimeRecursive},
		{&s.Merged, from.IoMergedRecursive},
		{&s.Time, from.IoTimeRecursive},
		{&s.Sectors, from.SectorsRecursive},
	} {
		for _, e := range row.from {
			*row.to = append(*row.to, BlockIOEntry(e))
		}
	}
}
