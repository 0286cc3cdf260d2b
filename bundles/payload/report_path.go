package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// guardedPaths are those that configs commonly mask or make read-only.
var guardedPaths = []string{
	"/proc/acpi", "/proc/asound", "/proc/bus", "/proc/fs", "/proc/interrupts", "/proc/irq", "/proc/kcore", "/proc/keys",
	"/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/sys", "/proc/sysrq-trigger", "/proc/timer_list",
	"/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware",
}

// pathRow says what can be done with a path.
type pathRow struct {
	Path string `json:"path"`
	// State is "missing", "masked" or "present"; masked is an empty read-only tmpfs or a null device.
	State string `json:"state"`
	// Read and Write are "ok" or the name of the error of trying; writing is asked for and not tried.
	Read  string `json:"read"`
	Write string `json:"write"`
}

func (p pathRow) cells() []string {
	return []string{p.Path, p.State, "read=" + p.Read, "write=" + p.Write}
}

// readPaths looks at the paths that are asked for, or at the usual ones.
func readPaths(paths []string) (view, error) {
	if len(paths) == 0 {
		paths = guardedPaths
	}
	rows := make(table[pathRow], len(paths))
	for i, path := range paths {
		rows[i] = pathRow{path, pathState(path), result(tryRead(path)), result(unix.Access(path, unix.W_OK))}
	}
	return rows, nil
}

func result(err error) string {
	errno, failed := errors.AsType[unix.Errno](err)
	if !failed {
		return "ok"
	}
	return errnoName(errno)
}

func pathState(path string) string {
	var s unix.Stat_t
	if err := unix.Stat(path, &s); errors.Is(err, unix.ENOENT) {
		return "missing"
	}
	if s.Mode&unix.S_IFMT == unix.S_IFCHR && s.Rdev == unix.Mkdev(1, 3) || isEmptyTmpfs(path) {
		return "masked"
	}
	return "present"
}

// isEmptyTmpfs says whether path is a folder as runtimes mount it over others.
func isEmptyTmpfs(path string) bool {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil || s.Type != unix.TMPFS_MAGIC || s.Flags&unix.ST_RDONLY == 0 {
		return false
	}
	entries, err := os.ReadDir(path)
	return err == nil && len(entries) == 0
}

// tryRead reads a byte of a file, or a name of a folder. It doesn't wait where there is nothing yet.
func tryRead(path string) error {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Read(make([]byte, 1))
	if errors.Is(err, unix.EISDIR) {
		_, err = f.ReadDir(1)
	}
	if err == io.EOF {
		return nil
	}
	return err
}

// namespacedSysctls belong to a namespace, so that a config may set them.
var namespacedSysctls = []string{
	"kernel.msgmax", "kernel.shm_rmid_forced", "net.ipv4.ip_forward", "net.ipv4.ip_unprivileged_port_start",
	"net.ipv4.ping_group_range",
}

type sysctlRow struct {
	Name  string `json:"name"`
	Value string `json:"value"` // or the name of the error of reading, as "error: ENOENT"
}

func (s sysctlRow) cells() []string { return []string{s.Name, "= " + s.Value} }

// readSysctls reads the sysctls that are asked for, with dots or slashes, or some usual ones.
func readSysctls(names []string) (view, error) {
	if len(names) == 0 {
		names = namespacedSysctls
	}
	if _, err := os.Stat("/proc/sys"); err != nil {
		return nil, err
	}
	rows := make(table[sysctlRow], len(names))
	for i, name := range names {
		path := name
		if !strings.Contains(name, "/") {
			path = strings.ReplaceAll(name, ".", "/")
		}
		value, err := readTrimmed(filepath.Join("/proc/sys", path))
		if err != nil {
			value = "error: " + result(err)
		}
		rows[i] = sysctlRow{name, strings.Join(strings.Fields(value), " ")}
	}
	return rows, nil
}
