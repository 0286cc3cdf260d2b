package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// conditions are the answers so far: crabcan-summary looks whether a condition came true on some machine.
var conditions sync.Map

// condition answers the conditions that testscript does not know.
func condition(name string) (bool, error) {
	if known, ok := conditions.Load(name); ok {
		return known.(bool), nil
	}
	holds, err := findOut(name)
	if err == nil {
		conditions.Store(name, holds)
	}
	return holds, err
}

// printConditions says what the conditions were, for crabcan-summary.
func printConditions() {
	for name, holds := range conditions.Range {
		fmt.Println("condition", name, holds)
	}
}

// throughSystemd says whether the scripts' cgroups are to be made by systemd.
func throughSystemd() bool { return os.Getenv("CRABCAN_TEST_CGROUPS") == "systemd" }

func findOut(name string) (bool, error) {
	switch name {
	case "systemd":
		_, err := os.Stat("/run/systemd/system")
		return err == nil, nil
	case "swap":
		return strings.Count(readString("/proc/swaps"), "\n") > 1, nil
	case "disk":
		var file unix.Stat_t
		err := unix.Stat(os.TempDir(), &file)
		return err == nil && unix.Major(file.Dev) != 0, err
	case "cgroups:systemd":
		return throughSystemd(), nil
	case "root":
		return os.Geteuid() == 0, nil
	case "apparmor":
		text, err := os.ReadFile("/sys/module/apparmor/parameters/enabled")
		return err == nil && text[0] == 'Y', nil
	case "selinux":
		var fs unix.Statfs_t
		return unix.Statfs("/sys/fs/selinux", &fs) == nil && fs.Type == unix.SELINUX_MAGIC, nil
	case "netdevices":
		return exec.Command("unshare", "-n", "ip", "link", "add", "cra0", "type", "veth", "peer", "name", "cra1").Run() == nil, nil
	case "resctrl":
		var fs unix.Statfs_t
		return unix.Statfs("/sys/fs/resctrl", &fs) == nil && fs.Type == unix.RDTGROUP_SUPER_MAGIC, nil
	case "memfd_noexec":
		_, err := os.Stat("/proc/sys/vm/memfd_noexec") // since Linux 6.3
		return err == nil, nil
	case "numa":
		_, err := os.Stat("/proc/self/numa_maps")
		return err == nil, nil
	case "busybox":
		return hasBusybox(), nil
	case "debian":
		return hasDebianMirror(), nil
	case "timens":
		_, err := os.Stat("/proc/self/ns/time")
		return err == nil, nil
	case "ia32":
		return runs32Bits()
	case "cgroupv1":
		return !pureV2(), nil
	case "cgroupv2":
		return pureV2(), nil
	case "criu":
		return hasCRIU(), nil
	case "ps":
		// Of user-mode Linux procps can't tell when it was booted.
		return exec.Command("ps", "-ef").Run() == nil, nil
	case "userns":
		try := exec.Command("true")
		try.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER}
		return try.Run() == nil, nil
	}
	if controller, ok := strings.CutPrefix(name, "controller:"); ok {
		return hasController(controller), nil
	}
	if path, ok := strings.CutPrefix(name, "file:"); ok {
		_, err := os.Stat(path)
		return err == nil, nil
	}
	if count, ok := strings.CutPrefix(name, "processors:"); ok {
		n, err := strconv.Atoi(count)
		return err == nil && runtime.NumCPU() >= n, err
	}
	return false, fmt.Errorf("unknown condition")
}

// trueOf32Bits is a program of 32-bit x86 that does nothing but exit(0).
const trueOf32Bits = "f0VMRgEBAQAAAAAAAAAAAAIAAwABAAAAVIAECDQAAAAAAAAAAAAAADQAIAABAAAAAAAAAAEAAAAAAAAAAIAECACA" +
	"BAhdAAAAXQAAAAUAAAAAEAAAuAEAAAAx282A"

// runs32Bits reports whether this machine executes programs of 32-bit x86: a kernel may be able to and not be allowed to.
func runs32Bits() (bool, error) {
	image, err := base64.StdEncoding.DecodeString(trueOf32Bits)
	if err != nil {
		return false, err
	}
	dir, err := os.MkdirTemp("", "crabcan-ia32-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "true")
	if err := os.WriteFile(path, image, 0o700); err != nil {
		return false, err
	}
	return exec.Command(path).Run() == nil, nil
}

// pureV2 says whether the host has only cgroup v2, not v1 or both.
func pureV2() bool {
	var fs unix.Statfs_t
	return unix.Statfs("/sys/fs/cgroup", &fs) == nil && fs.Type == unix.CGROUP2_SUPER_MAGIC
}

// hasCRIU says whether CRIU works on this kernel.
var hasCRIU = sync.OnceValue(func() bool { return exec.Command("criu", "check").Run() == nil })
