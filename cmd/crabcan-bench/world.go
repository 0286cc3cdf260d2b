package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// world is a view of the cgroups that runtimes can be measured in.
type world struct {
	name string
	// enter makes it of what the host has.
	enter func() error
}

const cgroupFolder = "/sys/fs/cgroup"

var (
	hostWorld    = world{"host", func() error { return nil }}
	unifiedWorld = world{"v2", enterUnified}
)

// worlds are those that this host has.
func worlds() []world {
	if isUnified() {
		return []world{unifiedWorld}
	}
	return []world{hostWorld, unifiedWorld}
}

func findWorld(name string) (world, error) {
	for _, w := range worlds() {
		if w.name == name {
			return w, nil
		}
	}
	return world{}, fmt.Errorf("no world %q here", name)
}

func isUnified() bool {
	var st unix.Statfs_t
	return unix.Statfs(cgroupFolder, &st) == nil && st.Type == unix.CGROUP2_SUPER_MAGIC
}

// enterUnified makes a host look like one with cgroup v2 alone, to this process and its children. Controllers that
// v1 holds are missing in it, but not what takes time: making, entering and removing a cgroup, and filtering devices.
func enterUnified() error {
	if isUnified() {
		return nil
	}
	if err := unix.Unmount(cgroupFolder, unix.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount %s: %w", cgroupFolder, err)
	}
	return mountOn(cgroupFolder, "cgroup2")
}

// mountOn mounts a file system without options, on a folder that is made if need be.
func mountOn(folder, kind string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if err := unix.Mount(kind, folder, kind, 0, ""); err != nil {
		return fmt.Errorf("mount %s on %s: %w", kind, folder, err)
	}
	return nil
}

// removeCgroups removes the empty cgroups whose names begin so.
func removeCgroups(prefix string) {
	// Cgroups come and go meanwhile, so errors mean nothing.
	_ = filepath.WalkDir(cgroupFolder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), prefix) {
			_ = unix.Rmdir(path)
			return fs.SkipDir
		}
		return nil
	})
}
