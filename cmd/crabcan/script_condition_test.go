package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// condition answers the conditions that testscript does not know.
func condition(name string) (bool, error) {
	switch name {
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
	case "cgroupv1":
		return !pureV2(), nil
	case "cgroupv2":
		return pureV2(), nil
	case "userns":
		try := exec.Command("true")
		try.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER}
		return try.Run() == nil, nil
	}
	if controller, ok := strings.CutPrefix(name, "controller:"); ok {
		return hasController(controller), nil
	}
	if count, ok := strings.CutPrefix(name, "processors:"); ok {
		n, err := strconv.Atoi(count)
		return err == nil && runtime.NumCPU() >= n, err
	}
	return false, fmt.Errorf("unknown condition")
}

// pureV2 says whether the host has only cgroup v2, not v1 or both.
func pureV2() bool {
	var fs unix.Statfs_t
	return unix.Statfs("/sys/fs/cgroup", &fs) == nil && fs.Type == unix.CGROUP2_SUPER_MAGIC
}
