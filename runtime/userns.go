package runtime

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/sys/userns"
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/cgroup"
	"github.com/crabcan/crabcan/runtime/plan"
	"github.com/crabcan/crabcan/runtime/spawn"
	"github.com/crabcan/crabcan/spec"
)

// idKind is one of the two kinds of ids that a user namespace maps.
type idKind struct {
	// file is in /proc/PID, pointer the member of the config.
	file, pointer string
	// tool maps more than the caller's own id for callers who are not root.
	tool string
}

var (
	uids = idKind{"uid_map", "/linux/uidMappings", "newuidmap"}
	gids = idKind{"gid_map", "/linux/gidMappings", "newgidmap"}
)

// unprivileged reports whether this process is not root, as far as it can see.
func unprivileged() bool { return os.Geteuid() != 0 }

// IsRootless says whether this process does without root's rights on the host: as a user, or in a user namespace. With
// systemd's cgroups it is whose systemd is found there that decides: root of a user namespace without a user's systemd
// asks the system's, and needs the same of it as root.
func IsRootless(systemdCgroup bool) bool {
	switch {
	case unprivileged():
		return true
	case !userns.RunningInUserNS():
		return false
	}
	return !systemdCgroup || cgroup.HasUserSystemd()
}

// checkRootless refuses what only root can do, before anything is made.
func (c *Container) checkRootless() error {
	if unprivileged() && !c.hasNamespace(unix.CLONE_NEWUSER) {
		err := errors.New("rootless container requires user namespaces")
		return c.placed(&plan.Error{Pointer: "/linux/namespaces", Err: err})
	}
	return nil
}

// hasNamespace reports whether the container makes or joins a namespace of the kind flag.
func (c *Container) hasNamespace(flag uint64) bool {
	return slices.ContainsFunc(c.opts.Namespaces, func(n spec.Namespace) bool { return n.Flag == flag })
}

// makesNamespace reports whether the container makes a namespace of the kind flag.
func (c *Container) makesNamespace(flag uint64) bool {
	return slices.ContainsFunc(c.opts.Namespaces, func(n spec.Namespace) bool { return n.Flag == flag && n.Path == "" })
}

// cgroupOwner is the container's user as the host counts, if it may manage the cgroups below its own: when they are all
// that it sees (a cgroup namespace) and it can write to them. The rule is runc's.
func (c *Container) cgroupOwner() *uint32 {
	o := c.opts
	writable := slices.ContainsFunc(o.Mounts, func(m spec.Mount) bool {
		return m.Type == "cgroup" && m.Destination == "/sys/fs/cgroup" && m.Attr.Set&unix.MOUNT_ATTR_RDONLY == 0
	})
	owner, mapped := spec.HostID(o.UIDMappings, o.UID)
	if len(o.UIDMappings) == 0 && !c.hasNamespace(unix.CLONE_NEWUSER) {
		owner, mapped = o.UID, true
	}
	if !writable || !mapped || !c.makesNamespace(unix.CLONE_NEWCGROUP) {
		return nil
	}
	return &owner
}

// mapIDs maps the ids of the user namespace that init has made, or compares those of one that it has joined.
func (c *Container) mapIDs(init *spawn.Process) error {
	for _, n := range c.opts.Namespaces {
		if n.Flag == unix.CLONE_NEWUSER {
			err := setMappings(init.Pid, c.opts.UIDMappings, c.opts.GIDMappings, n.Path != "")
			return c.placed(err)
		}
	}
	return nil
}

// setMappings maps the ids of a process's user namespace; joined says that it has mappings already, which must be the
// same if there are any to compare. Errors are of type *plan.Error.
func setMappings(pid int, uidList, gidList []specs.LinuxIDMapping, joined bool) error {
	set := writeMappings
	if joined {
		set = compareMappings
	}
	if err := set(pid, uids, uidList); err != nil {
		return &plan.Error{Pointer: uids.pointer, Err: err}
	}
	if err := set(pid, gids, gidList); err != nil {
		return &plan.Error{Pointer: gids.pointer, Err: err}
	}
	return nil
}

// writeMappings writes the map of a process itself if it may, else through the set-user-id tool for that.
func writeMappings(pid int, k idKind, list []specs.LinuxIDMapping) error {
	if k == gids && unprivileged() && isOwn(list, os.Getegid()) {
		// Who may not map a group of others may not give up their own either: by that files could be reached which
		// they are denied for being in it (user_namespaces(7)).
		if err := writeProc(pid, "setgroups", "deny"); err != nil {
			return err
		}
	}
	err := writeProc(pid, k.file, mappingText(list))
	if !errors.Is(err, unix.EPERM) || !unprivileged() {
		return err
	}
	return runTool(pid, k, list)
}

// isOwn reports whether a list maps nothing but one's own id, which everybody may.
func isOwn(list []specs.LinuxIDMapping, id int) bool {
	return len(list) == 1 && list[0].Size == 1 && list[0].HostID == uint32(id)
}

func writeProc(pid int, name, text string) error {
	f, err := os.OpenFile(fmt.Sprintf("/proc/%d/%s", pid, name), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text) // the kernel takes a map only as a whole, in one write
	return errors.Join(err, f.Close())
}

func mappingText(list []specs.LinuxIDMapping) string {
	var b strings.Builder
	for _, m := range list {
		fmt.Fprintf(&b, "%d %d %d\n", m.ContainerID, m.HostID, m.Size)
	}
	return b.String()
}

func runTool(pid int, k idKind, list []specs.LinuxIDMapping) error {
	path, err := exec.LookPath(k.tool)
	if err != nil {
		return fmt.Errorf("to map more than one's own id takes root or %s (Debian package uidmap): %w", k.tool, err)
	}
	args := append([]string{strconv.Itoa(pid)}, strings.Fields(mappingText(list))...)
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", k.tool, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// compareMappings compares the mappings that the config claims a joined namespace to have with those it has.
func compareMappings(pid int, k idKind, list []specs.LinuxIDMapping) error {
	if len(list) == 0 {
		return nil
	}
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, k.file))
	if err != nil {
		return err
	}
	if !slices.Equal(strings.Fields(string(data)), strings.Fields(mappingText(list))) {
		return errors.New("are not those of the user namespace that is joined by path: give one or the other")
	}
	return nil
}

// raiseLimits sets the resource limits for init.
func (c *Container) raiseLimits(init *spawn.Process) error {
	for _, r := range c.opts.Rlimits {
		if err := unix.Prlimit(init.Pid, r.Resource, &unix.Rlimit{Cur: r.Soft, Max: r.Hard}, nil); err != nil {
			if errors.Is(err, unix.EPERM) {
				err = fmt.Errorf("%w (this needs CAP_SYS_RESOURCE)", err)
			}
			return c.placed(&plan.Error{Pointer: r.Pointer, Err: err})
		}
	}
	return init.Acknowledge()
}
