package cgroup

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

func TestDevices(t *testing.T) {
	onBoth(t, func(t *testing.T) {
		five, one, zero := int64(5), int64(1), int64(0)
		m := create(t, Config{Resources: &specs.LinuxResources{Devices: []specs.LinuxDeviceCgroup{
			{Allow: false, Access: "rwm"},
			{Allow: true, Type: "c", Major: &five, Minor: &one, Access: "r"},
			{Allow: true, Type: "b", Major: &one, Minor: &zero, Access: "rw"},
		}}})
		p := enter(t, m)
		if err := m.Limit(); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		for _, c := range []struct {
			name             string
			mode             uint32
			major, minor     uint32
			read, write, two bool
		}{
			{"null", unix.S_IFCHR, 1, 3, true, true, true},
			{"kmsg", unix.S_IFCHR, 1, 11, false, false, false},
			{"console", unix.S_IFCHR, 5, 1, true, false, false},
			{"ram", unix.S_IFBLK, 1, 0, true, true, true},
			{"loop", unix.S_IFBLK, 7, 0, false, false, false},
		} {
			node := dir + "/" + c.name
			if err := unix.Mknod(node, c.mode|0o666, int(unix.Mkdev(c.major, c.minor))); err != nil {
				t.Fatal(err)
			}
			for how, allowed := range map[string]bool{"read": c.read, "write": c.write, "both": c.two} {
				denied := p.ask("%s %s", how, node) == unix.EPERM.Error()
				if denied == allowed {
					t.Errorf("%s %s: denied %v", how, c.name, denied)
				}
			}
		}
	})
}

// TestDevicesAreReplaced sets rules twice: the second filter must be the only one.
func TestDevicesAreReplaced(t *testing.T) {
	if !onUnified(t) {
		return
	}
	m := create(t, Config{})
	p := enter(t, m)
	if err := m.Limit(); err != nil {
		t.Fatal(err)
	}
	if answer := p.ask("read /dev/kmsg"); answer != unix.EPERM.Error() {
		t.Errorf("before: %s", answer)
	}
	m.limits.resources.Devices = deviceRules([]specs.LinuxDeviceCgroup{{Allow: true, Access: "rwm"}}, nil)
	if err := m.Limit(); err != nil {
		t.Fatal(err)
	}
	if answer := p.ask("read /dev/kmsg"); answer != "ok" {
		t.Errorf("after: %s", answer)
	}
}

func TestPidsLimit(t *testing.T) {
	onV1(t)
	limit := int64(40)
	m := create(t, Config{Resources: &specs.LinuxResources{Pids: &specs.LinuxPids{Limit: &limit}}})
	p := enter(t, m)
	if err := m.Limit(); err != nil {
		t.Fatal(err)
	}
	answer := p.ask("forks 60")
	if !strings.HasSuffix(answer, unix.EAGAIN.Error()) {
		t.Errorf("60 forks under a limit of 40: %s", answer)
	}
	if current, _ := readFile(m.Paths()["pids"] + "/pids.current"); current != "40" {
		t.Errorf("%s tasks", current)
	}
	limit = -1
	if err := m.Set(&specs.LinuxResources{Pids: &specs.LinuxPids{Limit: &limit}}); err != nil {
		t.Fatal(err)
	}
	if answer := p.ask("forks 60"); answer != "60" {
		t.Errorf("60 forks without a limit: %s", answer)
	}
}

// TestTinyPidsLimit has room for init alone: the thread that starts it must not be in its way.
func TestTinyPidsLimit(t *testing.T) {
	onV1(t)
	limit := int64(0)
	m := create(t, Config{Resources: &specs.LinuxResources{Pids: &specs.LinuxPids{Limit: &limit}}})
	p := enter(t, m)
	p.ask("cgroup")
	if err := m.Limit(); err != nil {
		t.Fatal(err)
	}
	if answer := p.ask("forks 1"); !strings.HasSuffix(answer, unix.EAGAIN.Error()) {
		t.Errorf("fork: %s", answer)
	}
}

func TestMemoryLimit(t *testing.T) {
	onV1(t)
	limit := int64(32 << 20)
	m := create(t, Config{Resources: &specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: &limit, Swap: &limit}}})
	p := enter(t, m)
	err := m.Limit()
	if err != nil && strings.Contains(err.Error(), "memsw") {
		// Without swap accounting the message must say which member it is.
		if !strings.Contains(err.Error(), "linux.resources.memory.swap: ") {
			t.Error(err)
		}
		m = create(t, Config{CgroupsPath: m.Saved().Path + "-2",
			Resources: &specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: &limit}}})
		p = enter(t, m)
		err = m.Limit()
	}
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(p.in, "touch 200")
	if status := p.wait(); status.Signal() != unix.SIGKILL {
		t.Errorf("200 MiB under a limit of 32: %v", status)
	}
}

func TestCPUSettingsV1(t *testing.T) {
	onV1(t)
	shares, quota, period := uint64(512), int64(20000), uint64(50000)
	m := create(t, Config{Resources: &specs.LinuxResources{CPU: &specs.LinuxCPU{
		Shares: &shares, Quota: &quota, Period: &period, Cpus: "0", Mems: "0"}}})
	p := enter(t, m)
	if err := m.Limit(); err != nil {
		t.Fatal(err)
	}
	var cpus unix.CPUSet
	if err := unix.SchedGetaffinity(p.pid, &cpus); err != nil || cpus.Count() != 1 || !cpus.IsSet(0) {
		t.Errorf("affinity %v, %v", cpus, err)
	}
	for file, want := range map[string]string{
		"cpu.shares": "512", "cpu.cfs_quota_us": "20000", "cpu.cfs_period_us": "50000"} {
		if got, err := readFile(m.Paths()["cpu"] + "/" + file); got != want {
			t.Errorf("%s is %s (%v), not %s", file, got, err, want)
		}
	}
}

// TestUnifiedLimits needs a v2 host with its controllers; the private mount has hugetlb alone.
func TestUnifiedLimits(t *testing.T) {
	if !onUnified(t) {
		return
	}
	have, err := controllers(mountPoint)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"memory", "pids", "cpu"} {
		if !slices.Contains(have, name) {
			t.Skipf("needs the v2 controller %s", name)
		}
	}
	limit, memory, shares := int64(40), int64(64<<20), uint64(512)
	m := create(t, Config{Resources: &specs.LinuxResources{
		Pids:    &specs.LinuxPids{Limit: &limit},
		Memory:  &specs.LinuxMemory{Limit: &memory},
		CPU:     &specs.LinuxCPU{Shares: &shares},
		Unified: map[string]string{"memory.high": "60000000"},
	}})
	p := enter(t, m)
	if err := m.Limit(); err != nil {
		t.Fatal(err)
	}
	if answer := p.ask("forks 60"); !strings.HasSuffix(answer, unix.EAGAIN.Error()) {
		t.Errorf("60 forks under a limit of 40: %s", answer)
	}
	if stats, err := m.Stats(); err != nil || stats.Pids.Current != 40 {
		t.Errorf("stats %+v, %v", stats, err)
	}
	for file, want := range map[string]string{"memory.max": "67108864", "cpu.weight": "59", "memory.high": "59998208"} {
		if got, err := readFile(m.Paths()[""] + "/" + file); got != want {
			t.Errorf("%s is %s (%v), not %s", file, got, err, want)
		}
	}
}
