package runtime

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	securejoin "github.com/cyphar/filepath-securejoin"
	"github.com/moby/sys/mountinfo"
	"github.com/moby/sys/userns"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/cgroup"
	"github.com/crabcan/crabcan/runtime/plan"
	"github.com/crabcan/crabcan/spec"
)

// gather reads from the host what the plan must know. It changes nothing and needs no privilege: what can't be read
// without one is left out, and the plan then says what it would do if it did not exist.
func gather(id string, o *spec.ContainerOpts, flags CreateOptions, m *cgroup.Manager) (plan.Facts, error) {
	f := plan.Facts{
		ID:           id,
		PreserveFds:  flags.PreserveFds,
		Unprivileged: unprivileged(),
		InUserNS:     userns.RunningInUserNS(),
		NoPivot:      flags.NoPivot,
		NoNewKeyring: flags.NoNewKeyring,
		Attach:       m.NeedsAttach() || len(o.NetDevices) > 0,
		Kcore:        exists("/proc/kcore"),
		Unified:      m.Mode() == cgroup.Unified,
	}
	f.OwnStdio, f.NullStdio = lookAtStdio(o)
	gatherLabels(&f, o)
	for _, h := range m.Mounts() {
		if h.Type == "cgroup" { // as runc has it, a hybrid host's v2 hierarchy is not shown
			f.Cgroups = append(f.Cgroups, plan.Hierarchy(h))
		}
	}
	var err error
	if f.LastCap, err = lastCap(); err != nil {
		return f, err
	}
	if plan.LeavesShared(o.RootPropagation) {
		if f.RootMount, err = mountOf(o.MountDir); err != nil {
			return f, err
		}
	}
	if flags.NoPivot {
		if f.KernelMounts, err = kernelMounts(o.MountDir); err != nil {
			return f, err
		}
	}
	root, err := os.OpenFile(o.MountDir, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return f, fmt.Errorf("root.path: %w", err)
	}
	defer root.Close()
	if f.Sources, err = sources(o.Mounts); err != nil {
		return f, err
	}
	if f.Destinations, err = destinations(root, o); err != nil {
		return f, err
	}
	f.Home, f.HomeUnknown, err = homeBefore(root, o)
	return f, err
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// lastCap is the highest capability that the kernel knows.
func lastCap() (int, error) {
	text, err := os.ReadFile("/proc/sys/kernel/cap_last_cap")
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// mountOf is the mount point that a path lies in.
func mountOf(path string) (string, error) {
	list, err := mountinfo.GetMounts(mountinfo.ParentsFilter(path))
	if err != nil {
		return "", err
	}
	point := "/"
	for _, m := range list {
		if len(m.Mountpoint) > len(point) {
			point = m.Mountpoint
		}
	}
	return point, nil
}

// kernelMounts are the mount points of procfs and sysfs outside of a folder, the last one first.
func kernelMounts(outside string) (points []string, err error) {
	list, err := mountinfo.GetMounts(func(m *mountinfo.Info) (skip, stop bool) {
		kernel := m.Root == "/" && (m.FSType == "proc" || m.FSType == "sysfs")
		return !kernel || strings.HasPrefix(m.Mountpoint+"/", outside+"/"), false
	})
	for _, m := range slices.Backward(list) {
		points = append(points, m.Mountpoint)
	}
	return points, err
}

// sources tells files from folders among the sources of bind mounts.
func sources(mounts []spec.Mount) (map[string]plan.Source, error) {
	found := make(map[string]plan.Source)
	for _, m := range mounts {
		if !m.Bind {
			continue
		}
		info, err := os.Stat(m.Source)
		switch {
		case err == nil:
			found[m.Source] = plan.Source{File: !info.IsDir()}
		case !isOut(err):
			return nil, &plan.Error{Pointer: m.Pointer, Err: err}
		}
	}
	return found, nil
}

// isOut reports whether an error says no more than that a path leads nowhere, at least for this user. What that means
// for the container init will find out.
func isOut(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.EACCES) ||
		errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENAMETOOLONG)
}

// destinations looks at the places in the root folder that will be mounted on. What an earlier mount covers is of no
// interest: the root folder doesn't show what will be there.
func destinations(root *os.File, o *spec.ContainerOpts) (map[string]plan.Destination, error) {
	found := make(map[string]plan.Destination)
	for i, m := range o.Mounts {
		if coveredBy(o.Mounts[:i], m.Destination) {
			continue
		}
		var d plan.Destination
		fd, err := openIn(root, m.Destination, unix.O_PATH)
		switch {
		case err == nil:
			d, err = describe(fd)
			unix.Close(fd)
		case errors.Is(err, unix.ENOENT):
			d.Path = dangling(o.MountDir, m.Destination)
		}
		if err != nil && !isOut(err) {
			return nil, &plan.Error{Pointer: m.Pointer, Err: fmt.Errorf("look at %s: %w", m.Destination, err)}
		}
		found[m.Destination] = d
	}
	return found, nil
}

// coveredBy reports whether one of the mounts hides what the root folder has at a path.
func coveredBy(mounts []spec.Mount, path string) bool {
	for _, m := range mounts {
		if m.Destination == path || strings.HasPrefix(path, strings.TrimSuffix(m.Destination, "/")+"/") {
			return true
		}
	}
	return false
}

// openIn opens a path below root as a process in the container would, except that magic links lead nowhere.
func openIn(root *os.File, path string, flags uint64) (int, error) {
	return openat2(root, "."+path, &unix.OpenHow{
		Flags:   flags | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	})
}

func describe(fd int) (d plan.Destination, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return d, err
	}
	return plan.Destination{Exists: true, Mode: st.Mode & 0o7777}, nil
}

// dangling follows the symbolic links of a destination that does not exist; "" if there are none.
func dangling(root, path string) string {
	full, err := securejoin.SecureJoin(root, path)
	if err != nil {
		return ""
	}
	if inside := strings.TrimPrefix(full, root); inside != path {
		return inside
	}
	return ""
}

// lookAtStdio tells of 0, 1 and 2 which should be given to the container's user, all that belong to somebody else as
// runc has it, and which are /dev/null.
func lookAtStdio(o *spec.ContainerOpts) (own, null []int) {
	if o.Terminal {
		return nil, nil
	}
	owner := o.UID
	if host, ok := spec.HostID(o.UIDMappings, o.UID); ok {
		owner = host
	}
	for fd, f := range stdio() {
		var st unix.Stat_t
		switch {
		case unix.Fstat(int(f.Fd()), &st) != nil:
		case st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == unix.Mkdev(1, 3):
			null = append(null, fd)
		case st.Uid != owner:
			own = append(own, fd)
		}
	}
	return own, null
}
