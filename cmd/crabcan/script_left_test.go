package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime"
)

// leftovers says what is left of the containers of a script that worked in the folder work, and removes it as far as
// it can. None of the files under work may be mounted, here or in the mount namespace of a process that is still there.
func leftovers(work, root, cgroups string) (left []string) {
	left = append(left, leftContainers(root)...)
	left = append(left, leftMounts(work)...)
	left = append(left, leftProcesses(work)...)
	return append(left, leftCgroups(cgroups)...)
}

// leftContainers names all that is still in the root.
func leftContainers(root string) (left []string) {
	entries, err := os.ReadDir(root)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return []string{err.Error()}
	}
	for _, entry := range entries {
		left = append(left, "container "+entry.Name())
		if err := runtime.Delete(runtime.Host{Root: root}, entry.Name(), true); err != nil {
			left = append(left, err.Error())
		}
	}
	return left
}

// leftMounts names the mounts of the host's at and below work.
func leftMounts(work string) (left []string) {
	for _, line := range strings.Split(readString("/proc/self/mountinfo"), "\n") {
		fields := strings.Fields(line)
		if len(fields) > 4 && strings.HasPrefix(fields[4]+"/", work+"/") {
			left = append(left, "mount "+fields[4])
			_ = unix.Unmount(fields[4], unix.MNT_DETACH)
		}
	}
	return left
}

// leftProcesses names the processes in other mount namespaces that have something of work's mounted: a root folder.
func leftProcesses(work string) (left []string) {
	own, _ := os.Readlink("/proc/self/ns/mnt")
	procs, _ := filepath.Glob("/proc/[0-9]*")
	for _, proc := range procs {
		namespace, err := os.Readlink(proc + "/ns/mnt")
		if err == nil && namespace != own && strings.Contains(readString(proc+"/mountinfo"), work+"/") {
			command := strings.ReplaceAll(readString(proc+"/cmdline"), "\x00", " ")
			left = append(left, fmt.Sprintf("process %s: %s", filepath.Base(proc), command))
		}
	}
	return left
}

// leftCgroups names the cgroups whose names begin with prefix.
func leftCgroups(prefix string) (left []string) {
	for _, pattern := range []string{"/sys/fs/cgroup/", "/sys/fs/cgroup/*/"} { // the second: v1, and systemd's slices
		paths, _ := filepath.Glob(pattern + prefix + "*")
		for _, path := range paths {
			left = append(left, "cgroup "+path)
			_ = unix.Rmdir(path)
		}
	}
	return left
}

// readString is a file's content, "" if it can't be read: a process may end at any time.
func readString(path string) string {
	data, _ := os.ReadFile(path)
	return string(data)
}
