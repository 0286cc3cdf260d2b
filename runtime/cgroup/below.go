package cgroup

import (
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Below is the cgroup of a process that exec starts in an existing cgroup below the container's. below has the paths
// by controller; the key "" is all of them, and the only one on cgroup v2. A path must not lead out of the container's.
func (m *Manager) Below(below map[string]string) (*Manager, error) {
	saved := m.saved
	saved.Paths = maps.Clone(m.saved.Paths)
	for controller, sub := range below {
		if !filepath.IsLocal(strings.TrimPrefix(sub, "/")) && sub != "/" {
			return nil, fmt.Errorf("--cgroup: bad sub cgroup path: %s", sub)
		}
		if _, ok := saved.Paths[controller]; !ok && controller != "" {
			return nil, fmt.Errorf("--cgroup: unknown controller %q: the container has no cgroup of it", controller)
		}
		for name, dir := range saved.Paths {
			if controller == "" || controller == name {
				saved.Paths[name] = path.Join(dir, sub)
			}
		}
	}
	for _, dir := range saved.Paths {
		if !exists(dir) {
			return nil, fmt.Errorf("--cgroup: adding pid of the new process to cgroups: %s: %w", dir, unix.ENOENT)
		}
	}
	return m.at(saved), nil
}

// Of is the cgroup v2 that a process of the container is in: the container's own, one below it, or one to which somebody
// has moved it.
func (m *Manager) Of(pid int) (*Manager, error) {
	text, err := readFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return nil, err
	}
	dir, ok := parseOwn(text)[""]
	if !ok {
		return nil, fmt.Errorf("process %d is in no cgroup v2", pid)
	}
	saved := m.saved
	saved.Paths = map[string]string{"": path.Join(mountPoint, dir)}
	return m.at(saved), nil
}

// at is the same cgroup, but for where it is.
func (m *Manager) at(saved Saved) *Manager { return &Manager{saved: saved, scope: m.scope} }
