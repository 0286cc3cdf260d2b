package cgroup

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// Mode is how a host lays out its cgroup file systems.
type Mode int

const (
	// None means no cgroup: disabled, or rootless without permission.
	None Mode = iota
	// V1 has a hierarchy for each controller.
	V1
	// Hybrid is V1 and beside it a v2 hierarchy without controllers, at /sys/fs/cgroup/unified.
	Hybrid
	// Unified is v2 alone.
	Unified
)

var modeNames = [...]string{"none", "v1", "hybrid", "v2"}

// String is "none", "v1", "hybrid" or "v2".
func (m Mode) String() string { return modeNames[m] }

// modeOf tells the mode from the keys of Saved.Paths.
func modeOf(paths map[string]string) Mode {
	_, unified := paths[""]
	switch {
	case len(paths) == 0:
		return None
	case !unified:
		return V1
	case len(paths) == 1:
		return Unified
	}
	return Hybrid
}

const (
	mountPoint        = "/sys/fs/cgroup"
	hybridMountPoint  = mountPoint + "/unified"
	ownCgroupFile     = "/proc/self/cgroup"
	ownMountsFile     = "/proc/self/mountinfo"
	namedPrefix       = "name="
	devicesController = "devices"
)

// host is what is to know of a host's cgroup file systems.
type host struct {
	mode Mode
	// hierarchies are the mounted v1 hierarchies and, last, the v2 one of a hybrid host; none for Unified.
	hierarchies []hierarchy
}

// hierarchy is a cgroup file system.
type hierarchy struct {
	// controllers are "cpu" or "name=systemd"; the v2 one has "".
	controllers []string
	mountPoint  string
	// own is crabcan's own cgroup, relative to mountPoint. known says that it lies below the mount at all.
	own   string
	known bool
}

// readHost looks at what is mounted; for v2 that is a single statfs(2).
func readHost() (host, error) {
	if isUnified(mountPoint) {
		return host{mode: Unified}, nil
	}
	list, err := readHierarchies()
	if err != nil {
		return host{}, err
	}
	return newHost(list)
}

func newHost(list []hierarchy) (host, error) {
	if len(list) == 0 {
		return host{}, errors.New("no cgroup file system is mounted at " + mountPoint)
	}
	if !slices.ContainsFunc(list, func(h hierarchy) bool { return slices.Contains(h.controllers, devicesController) }) {
		return host{}, errors.New("cgroup v1 without a devices hierarchy: access to devices could not be limited")
	}
	h := host{mode: V1, hierarchies: list}
	if list[len(list)-1].mountPoint == hybridMountPoint {
		h.mode = Hybrid
	}
	return h, nil
}

func isUnified(dir string) bool {
	var st unix.Statfs_t
	return unix.Statfs(dir, &st) == nil && st.Type == unix.CGROUP2_SUPER_MAGIC
}

func readHierarchies() ([]hierarchy, error) {
	own, err := os.ReadFile(ownCgroupFile)
	if err != nil {
		return nil, err
	}
	mounts, err := os.Open(ownMountsFile)
	if err != nil {
		return nil, err
	}
	defer mounts.Close()
	return parseHierarchies(mounts, string(own))
}

// parseHierarchies finds the mounted hierarchies in a mountinfo file; own is a /proc/PID/cgroup file. Of several
// mounts of one hierarchy the one below /sys/fs/cgroup counts, else the first.
func parseHierarchies(mounts io.Reader, own string) ([]hierarchy, error) {
	infos, err := mountinfo.GetMountsFromReader(mounts, mountinfo.FSTypeFilter("cgroup", "cgroup2"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ownMountsFile, err)
	}
	slices.SortStableFunc(infos, func(a, b *mountinfo.Info) int { return rank(a) - rank(b) })
	cgroups, seen := parseOwn(own), map[string]bool{}
	var list []hierarchy
	for _, info := range infos {
		h := hierarchy{mountPoint: info.Mountpoint, controllers: controllersOf(info, cgroups)}
		if len(h.controllers) == 0 || seen[h.controllers[0]] {
			continue
		}
		seen[h.controllers[0]] = true
		h.own, h.known = below(info.Root, cgroups[h.controllers[0]])
		list = append(list, h)
	}
	return list, nil
}

// rank puts v1 before v2 and the usual place before others.
func rank(info *mountinfo.Info) int {
	switch {
	case info.FSType == "cgroup2":
		return 2
	case strings.HasPrefix(info.Mountpoint, mountPoint+"/"):
		return 0
	}
	return 1
}

// controllersOf picks a v1 mount's controllers from its super block's options, which are those of /proc/PID/cgroup
// among others. A v2 mount counts at the place where a hybrid host has it.
func controllersOf(info *mountinfo.Info, own map[string]string) []string {
	if info.FSType == "cgroup2" {
		if info.Mountpoint == hybridMountPoint {
			return []string{""}
		}
		return nil
	}
	return slices.DeleteFunc(strings.Split(info.VFSOptions, ","), func(option string) bool {
		_, ok := own[option]
		return !ok || option == ""
	})
}

// parseOwn reads a /proc/PID/cgroup file (cgroups(7)): lines "ID:CONTROLLERS:PATH", for v2 "0::PATH".
func parseOwn(text string) map[string]string {
	cgroups := map[string]string{}
	for line := range strings.Lines(text) {
		_, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		controllers, dir, ok := strings.Cut(rest, ":")
		if !ok {
			continue
		}
		for name := range strings.SplitSeq(controllers, ",") {
			cgroups[name] = dir
		}
	}
	return cgroups
}

// below is dir relative to root, both absolute. In a container without a cgroup namespace a mount's root is the
// container's cgroup as the host names it, and so is what /proc/self/cgroup says. A cgroup outside the cgroup
// namespace is shown with leading "/..".
func below(root, dir string) (string, bool) {
	if dir == root {
		return "", true
	}
	rest, ok := strings.CutPrefix(dir, strings.TrimSuffix(root, "/")+"/")
	if !ok || strings.HasPrefix(rest, "..") {
		return "", false
	}
	return rest, true
}
