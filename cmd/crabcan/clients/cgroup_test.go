//go:build clients

package clients

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A hierarchy is a mounted tree of cgroups.
type hierarchy struct {
	path    string // where it is mounted
	fs      string // cgroup or cgroup2
	options string // of v1: its controllers or name
}

// findHierarchies lists the mounted hierarchies, each once.
func findHierarchies() (found []hierarchy, err error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		mount, super, _ := strings.Cut(strings.TrimSpace(line), " - ")
		fields := strings.Fields(super)
		if len(fields) < 3 || !strings.HasPrefix(fields[0], "cgroup") {
			continue
		}
		options := strings.TrimPrefix(strings.TrimPrefix(fields[2], "rw"), ",")
		h := hierarchy{path: strings.Fields(mount)[4], fs: fields[0], options: options}
		same := func(o hierarchy) bool { return o.fs == h.fs && o.options == h.options }
		if !slices.ContainsFunc(found, same) {
			found = append(found, h)
		}
	}
	return found, nil
}

// below lists the cgroups below one of the hierarchy, the deepest first.
func (h hierarchy) below(name string) (paths []string) {
	root := filepath.Join(h.path, name)
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && path != root {
			paths = append(paths, path)
		}
		return nil
	})
	slices.Reverse(paths)
	return paths
}

// makeCgroups makes a cgroup in every hierarchy, ready to hold processes.
func makeCgroups(name string) error {
	hierarchies, err := findHierarchies()
	if err != nil {
		return err
	}
	for _, h := range hierarchies {
		path := filepath.Join(h.path, name)
		if err := os.Mkdir(path, 0o755); err != nil {
			return err
		}
		if err := inheritCpuset(path); err != nil {
			return err
		}
	}
	return nil
}

// inheritCpuset gives a cpuset of v1 what its parent has: it is made empty, and then holds no process.
func inheritCpuset(path string) error {
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		own, err := os.ReadFile(filepath.Join(path, file))
		if errors.Is(err, os.ErrNotExist) || len(bytes.TrimSpace(own)) > 0 {
			continue
		}
		above, err := os.ReadFile(filepath.Join(filepath.Dir(path), file))
		if err != nil || len(bytes.TrimSpace(above)) == 0 {
			continue // v2, where empty is as above
		}
		if err := os.WriteFile(filepath.Join(path, file), above, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// enterCgroups moves this process into a cgroup of every hierarchy.
func enterCgroups(name string) error {
	hierarchies, err := findHierarchies()
	if err != nil {
		return err
	}
	for _, h := range hierarchies {
		if err := os.WriteFile(filepath.Join(h.path, name, "cgroup.procs"), []byte("0"), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// mountCgroups mounts the hierarchies anew, so that they show only what is in the cgroup namespace, and moves this process
// from their roots into run: a cgroup of v2 that has processes can't give its controllers to others.
func mountCgroups(hierarchies []hierarchy) error {
	for _, h := range hierarchies {
		if err := unix.Unmount(h.path, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("%s: %w", h.path, err)
		}
		options := h.options
		if h.fs == "cgroup2" {
			options = ""
		}
		if err := unix.Mount("cgroup", h.path, h.fs, unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, options); err != nil {
			return fmt.Errorf("%s %s on %s: %w", h.fs, options, h.path, err)
		}
	}
	if err := makeCgroups("run"); err != nil {
		return err
	}
	return enterCgroups("run")
}

// removeCgroups removes a cgroup of every hierarchy with all below it. What it held has been killed, but may take a
// moment.
func removeCgroups(name string) (err error) {
	hierarchies, err := findHierarchies()
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		err = nil
		for _, h := range hierarchies {
			for _, path := range append(h.below(name), filepath.Join(h.path, name)) {
				if one := unix.Rmdir(path); one != nil && !errors.Is(one, os.ErrNotExist) {
					err = fmt.Errorf("cgroup %s: %w", path, one)
				}
			}
		}
		if err == nil {
			break
		}
	}
	return err
}
