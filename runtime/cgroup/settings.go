package cgroup

import (
	"maps"
	"slices"

	"github.com/opencontainers/cgroups"
	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// sections are the parts of linux.resources, empty where they are absent.
type sections struct {
	all    *specs.LinuxResources
	memory specs.LinuxMemory
	cpu    specs.LinuxCPU
	pids   specs.LinuxPids
	io     specs.LinuxBlockIO
	net    specs.LinuxNetwork
}

func newSections(r *specs.LinuxResources) sections {
	return sections{r, orEmpty(r.Memory), orEmpty(r.CPU), orEmpty(r.Pids), orEmpty(r.BlockIO), orEmpty(r.Network)}
}

const (
	// impossible stands for the controller of a setting that a mode does not have.
	impossible = "-"
	// dropped stands for the controller of a setting that is obsolete: the specification lets runtimes ignore it.
	dropped = "(dropped)"
)

// setting is a member of linux.resources.
type setting struct {
	pointer string
	// v1 and v2 name the controller that the member needs, "" for none.
	v1, v2 string
	// files are the cgroup files that the member is written to, by name; one that ends in "." is a prefix.
	files []string
	// convert copies the member and reports whether it asks for anything. Zero values that clients write where they
	// mean nothing ask for nothing.
	convert func(to *cgroups.Resources, s *sections) bool
}

func (s *setting) controller(mode Mode) string {
	if mode == Unified {
		return s.v2
	}
	return s.v1
}

var settings = slices.Concat(memorySettings, cpuSettings, ioSettings, otherSettings)

var memorySettings = []setting{
	{"/linux/resources/memory/limit", "memory", "memory", []string{"memory.limit_in_bytes", "memory.max"},
		func(to *cgroups.Resources, s *sections) bool { return take(&to.Memory, s.memory.Limit) }},
	{"/linux/resources/memory/reservation", "memory", "memory", []string{"memory.soft_limit_in_bytes", "memory.low"},
		func(to *cgroups.Resources, s *sections) bool {
			return take(&to.MemoryReservation, s.memory.Reservation)
		}},
	{"/linux/resources/memory/swap", "memory", "memory", []string{"memory.memsw.limit_in_bytes", "memory.swap.max"},
		func(to *cgroups.Resources, s *sections) bool { return take(&to.MemorySwap, s.memory.Swap) }},
	{"/linux/resources/memory/swappiness", "memory", impossible, []string{"memory.swappiness"}, swappiness},
	{"/linux/resources/memory/disableOOMKiller", "memory", impossible, []string{"memory.oom_control"},
		func(to *cgroups.Resources, s *sections) bool {
			return take(&to.OomKillDisable, s.memory.DisableOOMKiller)
		}},
	// On v1 the kernel itself refuses a limit below the usage.
	{"/linux/resources/memory/checkBeforeUpdate", "", "", nil,
		func(to *cgroups.Resources, s *sections) bool {
			return take(&to.MemoryCheckBeforeUpdate, s.memory.CheckBeforeUpdate)
		}},
	{"/linux/resources/memory/kernel", dropped, dropped, nil, func(_ *cgroups.Resources, s *sections) bool {
		//lint:ignore SA1019 that it is deprecated is what this row says
		return orEmpty(s.memory.Kernel) != 0
	}},
	{"/linux/resources/memory/kernelTCP", dropped, dropped, nil,
		func(_ *cgroups.Resources, s *sections) bool { return orEmpty(s.memory.KernelTCP) != 0 }},
	// Every hierarchy is hierarchical since 5.11, so true is granted.
	{"/linux/resources/memory/useHierarchy", dropped, dropped, nil, func(_ *cgroups.Resources, s *sections) bool {
		return s.memory.UseHierarchy != nil && !*s.memory.UseHierarchy
	}},
}

var cpuSettings = []setting{
	{"/linux/resources/cpu/shares", "cpu", "cpu", []string{"cpu.shares", "cpu.weight"}, shares},
	{"/linux/resources/cpu/quota", "cpu", "cpu", []string{"cpu.cfs_quota_us"},
		func(to *cgroups.Resources, s *sections) bool { return take(&to.CpuQuota, s.cpu.Quota) }},
	{"/linux/resources/cpu/burst", "cpu", "cpu", []string{"cpu.cfs_burst_us", "cpu.max.burst"},
		func(to *cgroups.Resources, s *sections) bool { return keep(&to.CpuBurst, s.cpu.Burst) }},
	{"/linux/resources/cpu/period", "cpu", "cpu", []string{"cpu.cfs_period_us"},
		func(to *cgroups.Resources, s *sections) bool { return take(&to.CpuPeriod, s.cpu.Period) }},
	{"/linux/resources/cpu/realtimeRuntime", "cpu", impossible, []string{"cpu.rt_runtime_us"},
		func(to *cgroups.Resources, s *sections) bool { return take(&to.CpuRtRuntime, s.cpu.RealtimeRuntime) }},
	{"/linux/resources/cpu/realtimePeriod", "cpu", impossible, []string{"cpu.rt_period_us"},
		func(to *cgroups.Resources, s *sections) bool { return take(&to.CpuRtPeriod, s.cpu.RealtimePeriod) }},
	{"/linux/resources/cpu/cpus", "cpuset", "cpuset", []string{"cpuset.cpus"},
		func(to *cgroups.Resources, s *sections) bool { return take(&to.CpusetCpus, &s.cpu.Cpus) }},
	{"/linux/resources/cpu/mems", "cpuset", "cpuset", []string{"cpuset.mems"},
		func(to *cgroups.Resources, s *sections) bool { return take(&to.CpusetMems, &s.cpu.Mems) }},
	{"/linux/resources/cpu/idle", "cpu", "cpu", []string{"cpu.idle"},
		func(to *cgroups.Resources, s *sections) bool { return keep(&to.CPUIdle, s.cpu.Idle) }},
}

var ioSettings = []setting{
	{"/linux/resources/blockIO/weight", "blkio", "io",
		[]string{"blkio.weight", "blkio.bfq.weight", "io.weight", "io.bfq.weight"},
		func(to *cgroups.Resources, s *sections) bool { return take(&to.BlkioWeight, s.io.Weight) }},
	{"/linux/resources/blockIO/leafWeight", "blkio", impossible, []string{"blkio.leaf_weight"},
		func(to *cgroups.Resources, s *sections) bool { return take(&to.BlkioLeafWeight, s.io.LeafWeight) }},
	{weightDevicePointer, "blkio", "io",
		[]string{"blkio.weight_device", "blkio.bfq.weight_device", "blkio.leaf_weight_device"}, weightDevices},
	{weightDevicePointer, "", impossible, nil, func(_ *cgroups.Resources, s *sections) bool {
		return slices.ContainsFunc(s.io.WeightDevice, func(d specs.LinuxWeightDevice) bool {
			return orEmpty(d.LeafWeight) != 0
		})
	}},
	{"/linux/resources/blockIO/throttleReadBpsDevice", "blkio", "io", []string{"blkio.throttle.read_bps_device"},
		func(to *cgroups.Resources, s *sections) bool {
			return throttle(&to.BlkioThrottleReadBpsDevice, s.io.ThrottleReadBpsDevice)
		}},
	{"/linux/resources/blockIO/throttleWriteBpsDevice", "blkio", "io", []string{"blkio.throttle.write_bps_device"},
		func(to *cgroups.Resources, s *sections) bool {
			return throttle(&to.BlkioThrottleWriteBpsDevice, s.io.ThrottleWriteBpsDevice)
		}},
	{"/linux/resources/blockIO/throttleReadIOPSDevice", "blkio", "io", []string{"blkio.throttle.read_iops_device"},
		func(to *cgroups.Resources, s *sections) bool {
			return throttle(&to.BlkioThrottleReadIOPSDevice, s.io.ThrottleReadIOPSDevice)
		}},
	{"/linux/resources/blockIO/throttleWriteIOPSDevice", "blkio", "io", []string{"blkio.throttle.write_iops_device"},
		func(to *cgroups.Resources, s *sections) bool {
			return throttle(&to.BlkioThrottleWriteIOPSDevice, s.io.ThrottleWriteIOPSDevice)
		}},
}

var otherSettings = []setting{
	// The library writes a limit of 0 as 1, which is the same: a container is never without its first process.
	{"/linux/resources/pids/limit", "pids", "pids", []string{"pids.max"},
		func(to *cgroups.Resources, s *sections) bool { return keep(&to.PidsLimit, s.pids.Limit) }},
	{"/linux/resources/hugepageLimits", "hugetlb", "hugetlb", []string{"hugetlb."}, hugepages},
	{"/linux/resources/network/classID", "net_cls", impossible, []string{"net_cls.classid"},
		func(to *cgroups.Resources, s *sections) bool { return take(&to.NetClsClassid, s.net.ClassID) }},
	{"/linux/resources/network/priorities", "net_prio", impossible, []string{"net_prio.ifpriomap"}, priorities},
	{"/linux/resources/rdma", "rdma", "rdma", []string{"rdma.max"}, rdma},
	{"/linux/resources/unified", impossible, "", nil, unified},
}

// take copies a member's value and reports whether it is other than zero.
func take[T comparable](to, from *T) bool {
	var zero T
	if from == nil {
		return false
	}
	*to = *from
	return *from != zero
}

// keep copies a member whose zero asks for something.
func keep[T any](to **T, from *T) bool {
	*to = from
	return from != nil
}

// swappiness takes -1, which clients write into the unsigned member for "as it is".
func swappiness(to *cgroups.Resources, s *sections) bool {
	if v := s.memory.Swappiness; v == nil || int64(*v) == -1 {
		return false
	}
	return keep(&to.MemorySwappiness, s.memory.Swappiness)
}

func shares(to *cgroups.Resources, s *sections) bool {
	ok := take(&to.CpuShares, s.cpu.Shares)
	to.CpuWeight = cgroups.ConvertCPUSharesToCgroupV2Value(to.CpuShares)
	return ok
}

func weightDevices(to *cgroups.Resources, s *sections) bool {
	for _, d := range s.io.WeightDevice {
		to.BlkioWeightDevice = append(to.BlkioWeightDevice,
			cgroups.NewWeightDevice(d.Major, d.Minor, orEmpty(d.Weight), orEmpty(d.LeafWeight)))
	}
	return len(s.io.WeightDevice) > 0
}

func throttle(to *[]*cgroups.ThrottleDevice, from []specs.LinuxThrottleDevice) bool {
	for _, d := range from {
		*to = append(*to, cgroups.NewThrottleDevice(d.Major, d.Minor, d.Rate))
	}
	return len(from) > 0
}

func hugepages(to *cgroups.Resources, s *sections) bool {
	for _, h := range s.all.HugepageLimits {
		to.HugetlbLimit = append(to.HugetlbLimit, &cgroups.HugepageLimit{Pagesize: h.Pagesize, Limit: h.Limit})
	}
	return len(to.HugetlbLimit) > 0
}

func priorities(to *cgroups.Resources, s *sections) bool {
	for _, p := range s.net.Priorities {
		to.NetPrioIfpriomap = append(to.NetPrioIfpriomap,
			&cgroups.IfPrioMap{Interface: p.Name, Priority: int64(p.Priority)})
	}
	return len(s.net.Priorities) > 0
}

func rdma(to *cgroups.Resources, s *sections) bool {
	if len(s.all.Rdma) == 0 {
		return false
	}
	to.Rdma = make(map[string]cgroups.LinuxRdma, len(s.all.Rdma))
	for device, limit := range s.all.Rdma {
		to.Rdma[device] = cgroups.LinuxRdma{HcaHandles: limit.HcaHandles, HcaObjects: limit.HcaObjects}
	}
	return true
}

// unified leaves an empty map out: the library's v1 manager refuses any.
func unified(to *cgroups.Resources, s *sections) bool {
	if len(s.all.Unified) > 0 {
		to.Unified = s.all.Unified
	}
	return len(s.all.Unified) > 0
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
