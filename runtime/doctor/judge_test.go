package doctor

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// healthy is a machine on which all works, for root.
func healthy() Facts {
	return Facts{
		SysAdmin: true, Release: "6.1.0",
		Namespaces: []Namespace{{"mount", nil}, {"pid", nil}, {"time", nil}, {"user", nil}},
		Sysctls:    map[string]string{},
		UserIDs:    65536, GroupIDs: 65536,
		Root: "/run/crabcan", RootFS: "tmpfs",
		CgroupMode: "v2", CgroupWritable: true, Controllers: []string{"cpu", "cpuset", "io", "memory", "pids"},
		Systemd: true, UserManager: true,
		SeccompActions: []string{"errno", "user_notif"},
		AppArmor:       true, CRIU: "version 4.0",
	}
}

func TestHealthyMachine(t *testing.T) {
	for _, uid := range []int{0, 1000} {
		f := healthy()
		f.UID = uid
		r := Examine(f)
		if r.Level != OK {
			t.Errorf("user %d: %+v", uid, r)
		}
		ids := slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Check == "ids" })
		if ids != (uid != 0) {
			t.Errorf("user %d: ids of users are examined: %v", uid, ids)
		}
	}
}

// Each row is what ails a machine, and what is to be said of it.
func TestExamine(t *testing.T) {
	user := func(f *Facts) { f.UID, f.SysAdmin = 1000, false }
	for _, c := range []struct {
		name          string
		ail           func(*Facts)
		check         string
		level         Level
		words, advice string
	}{
		{"old kernel", func(f *Facts) { f.KernelErr = errors.New("this kernel is Linux 4.19") }, "kernel", Failed, "4.19", "newer kernel"},
		{"root without rights", func(f *Facts) { f.SysAdmin = false }, "rights", Failed, "CAP_SYS_ADMIN", "privileged"},
		{"filtered", func(f *Facts) { f.MissingCalls = []string{"openat2", "fsopen"} }, "system calls", Failed, "openat2, fsopen", "seccomp filter"},
		{"no memfd", func(f *Facts) { f.StartErr = unix.EACCES }, "program", Failed, "permission denied", "vm.memfd_noexec"},
		{"memfd of files", func(f *Facts) { f.MemfdNoexec = 2 }, "program", OK, "from a file in the root folder", ""},
		{"no time namespace", func(f *Facts) { f.Namespaces[2].Err = unix.EINVAL }, "namespaces", Limited, "no new time: invalid argument", "without them"},
		{"no namespaces left", func(f *Facts) { f.Namespaces[1].Err = unix.ENOSPC }, "namespaces", Limited, "no new pid", "/proc/sys/user"},
		{"no mounts", func(f *Facts) { f.Namespaces[0].Err = unix.EPERM; f.SysAdmin = false }, "namespaces", Failed, "no new mount", "CAP_SYS_ADMIN"},
		{"root needs no user namespace", func(f *Facts) { f.Namespaces[3].Err = unix.EPERM }, "namespaces", Limited, "no new user", "security module"},
		{"user namespaces limited to none", func(f *Facts) { user(f); f.Namespaces[3].Err = unix.ENOSPC; f.Sysctls[maxUserNS] = "0" },
			"namespaces", Failed, "no new user", maxUserNS + "=10000"},
		{"Debian's switch", func(f *Facts) { user(f); f.Namespaces[3].Err = unix.EPERM; f.Sysctls[debianUserNS] = "0" },
			"namespaces", Failed, "no new user", debianUserNS + "=1"},
		{"Ubuntu's switch", func(f *Facts) { user(f); f.Sysctls[appArmorUserNS] = "1" }, "namespaces", Limited, "AppArmor", appArmorUserNS + "=0"},
		{"no newuidmap", func(f *Facts) { user(f); f.MissingIDTools = []string{"newuidmap"} }, "ids", Limited, "no newuidmap", "uidmap"},
		{"no subordinate ids", func(f *Facts) { user(f); f.GroupIDs = 0 }, "ids", Limited, "no subordinate ids", "--add-subgids"},
		{"root folder closed", func(f *Facts) { f.RootErr = unix.EACCES }, "root folder", Failed, "/run/crabcan: permission denied", "--root"},
		{"root folder on a disk", func(f *Facts) { f.RootFS = "ext4" }, "root folder", Limited, "ext4", "tmpfs"},
		{"no cgroups", func(f *Facts) { f.CgroupErr = errors.New("no cgroup file system") }, "cgroups", Limited, "--cgroup-manager disabled", "Mount"},
		{"cgroups read-only", func(f *Facts) { f.CgroupWritable = false }, "cgroups", Limited, "--cgroup-manager disabled", "writable"},
		{"cgroup not delegated", func(f *Facts) { user(f); f.CgroupWritable = false }, "cgroups", Limited, "none is yours", "Delegate=yes"},
		{"cgroup v1 of a user", func(f *Facts) { user(f); f.CgroupWritable = false; f.CgroupMode = "v1" }, "cgroups", Limited, "none is yours", "Only cgroup v2"},
		{"two controllers delegated", func(f *Facts) { user(f); f.Controllers = []string{"memory", "pids"} },
			"cgroups", Limited, "by cpu, cpuset, io", "Delegate=yes"},
		{"no cpuset", func(f *Facts) { f.Controllers = []string{"cpu", "io", "memory", "pids"} }, "cgroups", Limited, "by cpuset", "kernel"},
		{"no systemd", func(f *Facts) { f.Systemd = false }, "systemd", Limited, "--systemd-cgroup won't work", "cgroupfs"},
		{"no user manager", func(f *Facts) { user(f); f.UserManager = false }, "systemd", Limited, "nothing of yours", "enable-linger"},
		{"no seccomp", func(f *Facts) { f.SeccompActions = nil }, "seccomp", Limited, "no filters", "CONFIG_SECCOMP_FILTER"},
		{"no notify", func(f *Facts) { f.SeccompActions = []string{"errno"} }, "seccomp", Limited, "not SCMP_ACT_NOTIFY", ""},
		{"no LSM", func(f *Facts) { f.AppArmor = false }, "LSM", OK, "neither", ""},
		{"no crabcan-criu", func(f *Facts) { f.HelperErr = errors.New("crabcan-criu is not installed") }, "CRIU", Limited, "not installed", "beside crabcan"},
		{"an old CRIU", func(f *Facts) { f.CRIUErr = errors.New("vdso: Unexpected bounds") }, "CRIU", Limited, "4.0 does not work on this kernel: vdso", "newer CRIU"},
		{"no CRIU", func(f *Facts) { f.CRIU = "" }, "CRIU", Limited, "checkpoint and restore won't work", "criu"},
	} {
		f := healthy()
		c.ail(&f)
		r := Examine(f)
		i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Check == c.check })
		if i < 0 {
			t.Errorf("%s: %s is not examined", c.name, c.check)
			continue
		}
		got := r.Findings[i]
		if got.Level != c.level || !strings.Contains(got.Words, c.words) || !strings.Contains(got.Advice, c.advice) {
			t.Errorf("%s: got %+v, not %s, %q, %q", c.name, got, c.level, c.words, c.advice)
		}
		if c.level != OK && r.Level == OK || c.level == Failed && r.Level != Failed {
			t.Errorf("%s: all in all it is %s", c.name, r.Level)
		}
	}
}

func TestSubordinate(t *testing.T) {
	file := "root:100000:1\nann:165536:65536\n1000:300000:10\nannie:5:7\nann:broken\n"
	for _, c := range []struct {
		name string
		uid  int
		want int
	}{{"ann", 1000, 65546}, {"annie", 7, 7}, {"bob", 8, 0}} {
		if got := subordinate(file, c.name, c.uid); got != c.want {
			t.Errorf("%s has %d ids, not %d", c.name, got, c.want)
		}
	}
}

// What this machine has can't be known here, but the kernel that runs this has the calls, and none can unshare vfork.
func TestTryUnshare(t *testing.T) {
	dir := t.TempDir()
	if err := tryStart(dir); err != nil {
		t.Errorf("a program does not start: %v", err)
	}
	if err := tryUnshare(dir, unix.CLONE_VFORK); !errors.Is(err, unix.EINVAL) {
		t.Errorf("unshare of what can't be unshared: %v", err)
	}
	if missing := missingCalls(); len(missing) > 0 {
		t.Errorf("this kernel is said to lack %v", missing)
	}
}
