package cgroup

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// These tests make real cgroups, on the host's v1 hierarchies and on v2, and look at what happens to processes.

// onBoth runs a test on the host's v1 hierarchies, if it has them, and on v2.
func onBoth(t *testing.T, f func(t *testing.T)) {
	if onUnified(t) {
		f(t)
	} else if !t.Failed() {
		f(t)
	}
}

func TestProcessIsBornInside(t *testing.T) {
	onBoth(t, func(t *testing.T) {
		before := ownCgroups("")
		m := create(t, Config{})
		p := enter(t, m)
		inside := p.ask("cgroup")
		for _, name := range sortedKeys(parseOwn(strings.ReplaceAll(inside, " ", "\n"))) {
			if _, ok := m.Paths()[name]; ok && !strings.Contains(inside, ":"+name+":") {
				t.Errorf("not in %q", name)
			}
		}
		if n := strings.Count(inside, "crabcan-test"); n != len(m.Paths()) {
			t.Errorf("in %d of %d: %s", n, len(m.Paths()), inside)
		}
		if after := ownCgroups(""); after != before {
			t.Errorf("own cgroups were %s, are %s", before, after)
		}
		if threads := threadsInside(t, m); len(threads) != 0 {
			t.Errorf("threads left inside: %v", threads)
		}
	})
}

// threadsInside lists this process's own threads in the container's cgroups.
func threadsInside(t *testing.T, m *Manager) (inside []string) {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range m.folders() {
		tasks, _ := os.ReadFile(dir + "/tasks")
		for _, thread := range threads {
			if slices.Contains(strings.Fields(string(tasks)), thread.Name()) {
				inside = append(inside, dir+":"+thread.Name())
			}
		}
	}
	return inside
}

func TestRelativePathAndParents(t *testing.T) {
	onBoth(t, func(t *testing.T) {
		root := fmt.Sprintf("crabcan-test-%d-parent", os.Getpid())
		m := create(t, Config{CgroupsPath: "/../" + root + "/a/b"})
		for _, dir := range m.folders() {
			if !strings.HasSuffix(dir, "/"+root+"/a/b") || !exists(dir) {
				t.Error(dir)
			}
		}
		if err := m.Undo(); err != nil {
			t.Error(err)
		}
		for _, dir := range m.folders() {
			if parent := path.Dir(path.Dir(dir)); exists(parent) {
				t.Errorf("%s is left", parent)
			}
		}
		relative := create(t, Config{CgroupsPath: "../" + root})
		if _, err := os.Stat(relative.folders()[0]); err != nil {
			t.Error(err)
		}
	})
}

func TestDestroyRemovesWhatTheContainerMade(t *testing.T) {
	onBoth(t, func(t *testing.T) {
		m := create(t, Config{})
		p := enter(t, m)
		for _, dir := range m.folders() {
			if strings.Contains(dir, "/cpuset/") {
				continue // a new cpuset takes no process before it has CPUs
			}
			if err := os.MkdirAll(dir+"/x/y", 0o755); err != nil {
				t.Fatal(err)
			}
			if answer := p.ask("mkdir %s/x/z", dir); answer != "<nil>" {
				t.Fatal(answer)
			}
		}
		if err := m.Kill(unix.SIGKILL); err != nil {
			t.Error(err)
		}
		if status := p.wait(); status.Signal() != unix.SIGKILL {
			t.Errorf("ended by %v", status)
		}
		if err := m.Destroy(); err != nil {
			t.Error(err)
		}
		if m.Exists() {
			t.Error("still there")
		}
		if err := m.Destroy(); err != nil {
			t.Errorf("the second time: %v", err)
		}
	})
}

// TestDestroyIsQuick allows a hundred times what it takes.
func TestDestroyIsQuick(t *testing.T) {
	onBoth(t, func(t *testing.T) {
		m := create(t, Config{})
		start := time.Now()
		if err := m.Destroy(); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > 50*time.Millisecond {
			t.Errorf("an empty cgroup took %v", took)
		}
	})
}

func TestDestroyWaitsForDyingProcesses(t *testing.T) {
	onBoth(t, func(t *testing.T) {
		m := create(t, Config{})
		p := enter(t, m)
		pid, start := p.pid, time.Now()
		go func() {
			time.Sleep(20 * time.Millisecond)
			_ = unix.Kill(pid, unix.SIGKILL)
		}()
		if err := m.Destroy(); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took < 20*time.Millisecond || took > time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestDestroyNamesWhoIsLeft(t *testing.T) {
	onBoth(t, func(t *testing.T) {
		m := create(t, Config{})
		p := enter(t, m)
		err := m.Destroy()
		if err == nil || !strings.Contains(err.Error(), fmt.Sprint(p.pid)) {
			t.Errorf("process %d is inside: %v", p.pid, err)
		}
	})
}

func TestOccupiedIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T) {
		m := create(t, Config{})
		enter(t, m)
		other, err := New(Config{CgroupsPath: "/" + m.Saved().Path})
		if m.Mode() != Unified {
			other, err = New(Config{CgroupsPath: m.Saved().Path})
		}
		if err != nil {
			t.Fatal(err)
		}
		err = other.Create()
		if err == nil || !strings.Contains(err.Error(), "container's cgroup is not empty: 1 process(es) found") {
			t.Errorf("got %v", err)
		}
		if !m.Exists() {
			t.Error("the refused one removed it")
		}
	})
}

func TestFrozenIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T) {
		m := create(t, Config{})
		if err := m.Freeze(true); err != nil {
			t.Fatal(err)
		}
		defer m.Freeze(false)
		again := Load(m.Saved())
		if err := again.Create(); err == nil || !strings.Contains(err.Error(), "container's cgroup unexpectedly frozen") {
			t.Errorf("got %v", err)
		}
	})
}

func TestEmptyCgroupIsTakenOver(t *testing.T) {
	onBoth(t, func(t *testing.T) {
		first := create(t, Config{})
		m := Load(first.Saved())
		if err := m.Create(); err != nil {
			t.Fatal(err)
		}
		if err := m.Undo(); err != nil || !first.Exists() {
			t.Errorf("a cgroup that was found is to stay: %v", err)
		}
		enter(t, m)
	})
}

func TestFreezeAndKill(t *testing.T) {
	onBoth(t, func(t *testing.T) {
		m := create(t, Config{})
		p := enter(t, m)
		p.ask("child")
		if err := m.Freeze(true); err != nil {
			t.Fatal(err)
		}
		if frozen, err := m.Frozen(); err != nil || !frozen {
			t.Errorf("frozen %v, %v", frozen, err)
		}
		fmt.Fprintln(p.in, "child")
		p.out.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		if line, err := p.lines.ReadString('\n'); err == nil {
			t.Errorf("a frozen process answered %q", line)
		}
		p.out.SetReadDeadline(time.Time{})
		if err := m.Freeze(false); err != nil {
			t.Fatal(err)
		}
		if _, err := p.lines.ReadString('\n'); err != nil {
			t.Error(err)
		}
		if pids, err := m.AllPids(); err != nil || len(pids) != 3 || !slices.Contains(pids, p.pid) {
			t.Errorf("pids %v, %v", pids, err)
		}
		if err := m.Freeze(true); err != nil {
			t.Fatal(err)
		}
		if err := m.Kill(unix.SIGKILL); err != nil {
			t.Error(err)
		}
		if status := p.wait(); status.Signal() != unix.SIGKILL {
			t.Errorf("ended by %v", status)
		}
	})
}

func TestKillReachesAll(t *testing.T) {
	onBoth(t, func(t *testing.T) {
		m := create(t, Config{})
		p := enter(t, m)
		p.ask("forks 20")
		if err := m.Kill(unix.SIGTERM); err != nil {
			t.Error(err)
		}
		if status := p.wait(); status.Signal() != unix.SIGTERM {
			t.Errorf("ended by %v", status)
		}
		if err := m.Destroy(); err != nil {
			t.Error(err)
		}
	})
}

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
	if stats, err := m.Stats(); err != nil || stats.PidsStats.Current != 40 {
		t.Errorf("stats %+v, %v", stats, err)
	}
	for file, want := range map[string]string{"memory.max": "67108864", "cpu.weight": "59", "memory.high": "59998208"} {
		if got, err := readFile(m.Paths()[""] + "/" + file); got != want {
			t.Errorf("%s is %s (%v), not %s", file, got, err, want)
		}
	}
}

func TestMissingControllerIsNamed(t *testing.T) {
	onBoth(t, func(t *testing.T) {
		entries := uint32(1)
		want := "linux.resources.rdma: needs the cgroup controller rdma, which "
		m := newTest(t, Config{Resources: &specs.LinuxResources{Rdma: map[string]specs.LinuxRdma{
			"mlx5_1": {HcaHandles: &entries}}}})
		if have, _ := controllers(mountPoint); slices.Contains(have, "rdma") {
			t.Skip("needs a host without rdma")
		}
		err := m.Create()
		var told *Error
		if !errors.As(err, &told) || told.Pointer != "/linux/resources/rdma" || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v", err)
		}
		if m.Exists() {
			t.Error("the cgroup is left")
		}
	})
}

func TestReadOnlyMount(t *testing.T) {
	if !onUnified(t) {
		return
	}
	if os.Getenv(roleVariable) != roleUnified {
		t.Skip("would remount the host's cgroups")
	}
	if err := unix.Mount("", mountPoint, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	defer unix.Mount("", mountPoint, "", unix.MS_REMOUNT|unix.MS_BIND, "")
	m := newTest(t, Config{})
	err := m.Create()
	if err == nil || !strings.Contains(err.Error(), "the cgroup file system is mounted read-only: mkdir /sys/fs/cgroup/") {
		t.Errorf("got %v", err)
	}
	rootless := newTest(t, Config{Rootless: true})
	if err := rootless.Create(); err != nil || rootless.Mode() != None {
		t.Errorf("rootless without limits does without: %v, %v", err, rootless.Mode())
	}
	limit := int64(5)
	limited := newTest(t, Config{Rootless: true, Resources: &specs.LinuxResources{Pids: &specs.LinuxPids{Limit: &limit}}})
	if err := limited.Create(); err == nil || !strings.Contains(err.Error(), "rootless needs no limits + no cgrouppath") {
		t.Errorf("got %v", err)
	}
}

// TestUnprivileged runs itself again as a user who may make no cgroup.
func TestUnprivileged(t *testing.T) {
	if os.Geteuid() == 0 {
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestUnprivileged$", "-test.v")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	m := newTest(t, Config{Rootless: true})
	if err := m.Create(); err != nil || m.Mode() != None {
		t.Errorf("without limits it does without a cgroup: %v, %v", err, m.Paths())
	}
	err := errors.Join(m.Enter(func(int) error { return nil }), m.Limit())
	if err != nil {
		t.Error(err)
	}
	limit := int64(5)
	limited := newTest(t, Config{Rootless: true, Resources: &specs.LinuxResources{Pids: &specs.LinuxPids{Limit: &limit}}})
	if err := limited.Create(); err == nil || !strings.HasPrefix(err.Error(), "linux.resources.pids.limit: ") &&
		!strings.Contains(err.Error(), "rootless needs no limits") {
		t.Errorf("with limits: %v", err)
	}
	named := newTest(t, Config{Rootless: true, CgroupsPath: "/crabcan-test-unprivileged"})
	if err := named.Create(); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("with a path: %v", err)
	}
	rootful := newTest(t, Config{})
	if err := rootful.Create(); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("not rootless: %v", err)
	}
}

func TestNoCgroupMount(t *testing.T) {
	if !onUnified(t) {
		return
	}
	if os.Getenv(roleVariable) != roleUnified {
		t.Skip("would unmount the host's cgroups")
	}
	if err := unix.Unmount(mountPoint, unix.MNT_DETACH); err != nil {
		t.Fatal(err)
	}
	_, err := New(Config{ID: "x"})
	if err == nil || err.Error() != "no cgroup file system is mounted at /sys/fs/cgroup" {
		t.Errorf("got %v", err)
	}
}

func TestSystemdIsNotRunning(t *testing.T) {
	if exists("/run/systemd/system") {
		t.Skip("needs a host without systemd")
	}
	_, err := New(Config{ID: "x", Systemd: true})
	if !errors.Is(err, errNoSystemd) {
		t.Errorf("got %v", err)
	}
}

func TestDisabled(t *testing.T) {
	m, err := New(Config{Disabled: true})
	if err != nil {
		t.Fatal(err)
	}
	called := false
	start := func(fd int) error {
		called = fd == -1
		return nil
	}
	pids, pidsErr := m.AllPids()
	_, statsErr := m.Stats()
	err = errors.Join(m.Create(), m.Enter(start), m.Limit(), m.Attach(1), m.Freeze(true), m.Set(&specs.LinuxResources{}),
		m.Kill(unix.SIGKILL), m.Destroy(), m.Undo(), pidsErr, statsErr)
	if err != nil || !called || len(pids) != 0 || m.Exists() || m.NeedsAttach() || m.Mode() != None {
		t.Errorf("%v, called %v, %+v", err, called, m)
	}
}

func TestAttach(t *testing.T) {
	onBoth(t, func(t *testing.T) {
		m := create(t, Config{})
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = []string{roleVariable + "=" + roleInside}
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if err := m.Attach(cmd.Process.Pid); err != nil {
			t.Error(err)
		}
		if pids, err := m.AllPids(); err != nil || !slices.Equal(pids, []int{cmd.Process.Pid}) {
			t.Errorf("pids %v, %v", pids, err)
		}
		in.Close()
		cmd.Wait()
	})
}

// TestCgroupNamespace makes the namespace in the same clone3 as the process: its root is the container's cgroup, on v2
// because the kernel sets it anew when the process has its cgroup (cgroup_post_fork), on v1 because the thread is there.
func TestCgroupNamespace(t *testing.T) {
	onBoth(t, func(t *testing.T) {
		m := create(t, Config{})
		p := enter(t, m, unix.CLONE_NEWCGROUP)
		inside := parseOwn(strings.ReplaceAll(p.ask("cgroup"), " ", "\n"))
		for _, name := range sortedKeys(m.Paths()) {
			if inside[name] != "/" {
				t.Errorf("in hierarchy %q it sees itself at %s", name, inside[name])
			}
		}
	})
}
