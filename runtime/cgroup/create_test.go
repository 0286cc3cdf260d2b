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

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// onBoth runs a test with real cgroups, on the host's v1 hierarchies, if it has them, and on v2.
func onBoth(t *testing.T, f func(t *testing.T)) {
	if onUnified(t) {
		f(t)
	} else if !t.Failed() {
		f(t)
	}
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
	if err := limited.Create(); err == nil || !strings.HasPrefix(err.Error(), "linux.resources.pids.limit: ") {
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
	err = errors.Join(m.Create(), m.Enter(start), m.Limit(), m.Attach(1), m.Freeze(true),
		m.Set(&specs.LinuxResources{}), m.Kill(unix.SIGKILL), m.Destroy(), m.Undo(), pidsErr, statsErr)
	if err != nil || !called || len(pids) != 0 || m.Exists() || m.NeedsAttach() || m.Mode() != None {
		t.Errorf("%v, called %v, %+v", err, called, m)
	}
}
