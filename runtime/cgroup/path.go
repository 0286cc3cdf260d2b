package cgroup

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/opencontainers/cgroups"
	"golang.org/x/sys/unix"
)

// unitPrefix stands before the id in the name of a systemd scope whose cgroupsPath is not given.
const unitPrefix = "crabcan"

// joined are the hierarchies that a container gets a cgroup in, as runc has it. Others belong to someone else: a
// service manager keeps track of its services in a named one.
var joined = [...]string{
	"cpuset", "devices", "memory", "cpu", "cpuacct", "pids", "blkio", "hugetlb", "net_cls", "net_prio", "perf_event",
	"freezer", "rdma", "misc", "name=systemd", "",
}

// place sets where the cgroup goes.
func (m *Manager) place(c Config, h host) error {
	if c.Systemd {
		return m.placeScope(c)
	}
	inner, err := innerPath(c.CgroupsPath, c.ID)
	if err != nil {
		return err
	}
	m.saved.Path = inner
	if h.mode != Unified {
		m.saved.Paths = hierarchyPaths(h.hierarchies, inner)
		return nil
	}
	own := ""
	if !path.IsAbs(inner) {
		text, err := readFile(ownCgroupFile)
		if err != nil {
			return err
		}
		own = parseOwn(text)[""]
	}
	m.saved.Paths = map[string]string{"": unifiedPath(own, inner)}
	return nil
}

// placeScope lets the library ask systemd: a rootless scope lies below the cgroup of the user's own manager.
func (m *Manager) placeScope(c Config) error {
	unit, err := unitPath(c.CgroupsPath, c.ID)
	if err != nil {
		return err
	}
	m.saved.Systemd, m.saved.Path = true, unit
	d, err := m.manager()
	if err != nil {
		return err
	}
	m.saved.Paths = d.GetPaths()
	return nil
}

// innerPath is the cgroup below the mount point when absolute, else below a place that the mode decides. It is
// cleaned as if its root were "/", so that no ".." leads out.
func innerPath(cgroupsPath, id string) (string, error) {
	if cgroupsPath == "" {
		return id, nil
	}
	inner := path.Clean("/" + cgroupsPath)
	if inner == "/" {
		return "", &Error{pathPointer, fmt.Errorf("%q names no cgroup of the container's own", cgroupsPath)}
	}
	if path.IsAbs(cgroupsPath) {
		return inner, nil
	}
	return inner[1:], nil
}

// unifiedPath is the v2 folder of a container. A relative one lies beside crabcan's own cgroup, not in it: a cgroup
// that holds processes can't give controllers to its children ("no internal processes", cgroup-v2.rst).
func unifiedPath(own, inner string) string {
	if path.IsAbs(inner) {
		return mountPoint + inner
	}
	return path.Join(mountPoint, path.Dir(path.Clean("/"+own)), inner)
}

// hierarchyPaths are the v1 folders of a container. A relative one lies in crabcan's own cgroup of each hierarchy,
// but at the root of a hybrid host's v2 hierarchy, where runc has it, too.
func hierarchyPaths(list []hierarchy, inner string) map[string]string {
	paths := map[string]string{}
	for _, h := range list {
		dir := path.Join(h.mountPoint, inner)
		if !path.IsAbs(inner) && h.controllers[0] != "" {
			dir = path.Join(h.mountPoint, h.own, inner)
		}
		for _, name := range h.controllers {
			if slices.Contains(joined[:], name) {
				paths[name] = dir
			}
		}
	}
	return paths
}

// unitPath checks systemd's form of a cgroupsPath, "slice:prefix:name", and fills in its default.
func unitPath(cgroupsPath, id string) (string, error) {
	if cgroupsPath == "" {
		return ":" + unitPrefix + ":" + id, nil
	}
	if strings.Count(cgroupsPath, ":") != 2 {
		return "", &Error{pathPointer, fmt.Errorf(
			`expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, got %q instead`, cgroupsPath)}
	}
	if strings.Contains(cgroupsPath, "/") {
		return "", &Error{pathPointer, fmt.Errorf("%q: the name of a systemd unit has no slash", cgroupsPath)}
	}
	return cgroupsPath, nil
}

// Mount is one file system that a container's mount of type cgroup shows.
type Mount struct {
	// Name is its folder below the mount's destination: "cpu,cpuacct", "systemd", "unified".
	Name string
	// Type is "cgroup" or "cgroup2".
	Type string
	// Options are what mount(2) takes to get this hierarchy: "cpu", "name=systemd".
	Options []string
	// Links are further names that lead to Name: "cpu" and "cpuacct".
	Links []string
	// Path is the container's cgroup in it, as the host sees it.
	Path string
}

// Mounts are the hierarchies of a v1 or hybrid host, the v2 one last. It is empty for v2, where the one hierarchy is
// mounted at the destination itself, and where they can't be read.
func (m *Manager) Mounts() []Mount {
	var list []Mount
	if m.home == nil && m.Mode() != None && m.Mode() != Unified {
		m.home, _ = readHierarchies()
	}
	for _, h := range m.home {
		mount := Mount{Name: path.Base(h.mountPoint), Type: "cgroup", Options: h.controllers}
		mount.Path = m.saved.Paths[h.controllers[0]]
		if mount.Path == "" || m.saved.Rootless && !canMake(mount.Path) {
			mount.Path = path.Join(h.mountPoint, h.own)
		}
		if h.controllers[0] == "" {
			mount.Type, mount.Options = "cgroup2", nil
		}
		if strings.Contains(mount.Name, ",") {
			mount.Links = strings.Split(mount.Name, ",")
		}
		list = append(list, mount)
	}
	return list
}

// canMake reports whether a folder is there or may be made: Create lets a rootless container do without those it can't
// make, and then it stays in crabcan's own.
func canMake(dir string) bool {
	for !exists(dir) && dir != "/" {
		dir = path.Dir(dir)
	}
	return unix.Access(dir, unix.W_OK) == nil
}

// manager is the library's manager for the cgroup, which sets limits, reads figures and talks to systemd.
func (m *Manager) manager() (cgroups.Manager, error) {
	if m.driver != nil {
		return m.driver, nil
	}
	var err error
	m.driver, err = newDriver(m.config(), m.saved)
	if errors.Is(err, errNoSystemd) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("cgroup %s: %w", m.saved.Path, err)
	}
	return m.driver, nil
}
