package plan

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/spec"
)

// mounts makes the config's mounts in their order. Each is first made detached, out of everybody's sight, changed as
// its options say, and then attached to a target that is known by descriptor.
func (c *compiler) mounts() error {
	for i := range c.o.Mounts {
		m := folded(&c.o.Mounts[i])
		c.pointer = m.Pointer
		if err := c.checkOwnOptions(m); err != nil {
			return err
		}
		switch {
		case m.Remount:
			c.remount(m)
		case m.Bind:
			c.bind(m)
		case c.hostInstance(m) != "":
			c.bindInstance(m)
		case m.Type == "cgroup" && !c.f.Unified:
			c.cgroupV1(m)
		case m.Type == "cgroup":
			v2 := *m
			v2.Type, v2.Source = "cgroup2", "cgroup"
			c.fresh(&v2)
		default:
			c.fresh(m)
		}
	}
	return nil
}

// folded is a mount whose recursive attributes are ordinary ones: a new file system has no mounts below it yet.
func folded(m *spec.Mount) *spec.Mount {
	if m.Bind || m.Remount || m.RecAttr.IsZero() {
		return m
	}
	own := *m
	own.Attr.Set = m.Attr.Set&^m.RecAttr.Clear | m.RecAttr.Set
	own.RecAttr = spec.MountAttr{}
	return &own
}

// isLateReadonly reports whether a mount is made writable first because init itself still writes to it: devices go
// to /dev.
func (c *compiler) isLateReadonly(m spec.Mount) bool {
	return m.Destination == "/dev" && !m.Bind && m.Attr.Set&unix.MOUNT_ATTR_RDONLY != 0
}

// bind attaches a copy of a mount, or of a part of one. The source is a path of the host.
func (c *compiler) bind(m *spec.Mount) {
	tree := c.Slot()
	if m.IDMap != nil {
		c.request(Request{Mount: m}, tree)
	} else {
		c.copyHost(m.Source, m.Recursive, tree)
	}
	c.bindAttr(tree, m)
	c.attach(tree, m, c.f.Sources[m.Source].File)
	c.close(tree)
}

// bindAttr gives a copy of a mount its own attributes, and takes back from it those that it shall not have.
func (c *compiler) bindAttr(tree program.Mem, m *spec.Mount) {
	if m.Implied == 0 {
		c.setAttr(tree, m.Attr)
		return
	}
	locked, done := c.NewLabel(), c.NewLabel()
	c.mountSetattr(tree.Val(), "", m.Attr.Set, m.Attr.Clear|m.Implied, 0, false).on(unix.EPERM, locked).next(done)
	c.Mark(locked)
	// This one is never locked.
	c.mountSetattr(tree.Val(), "", m.Attr.Set, m.Attr.Clear|m.Implied&unix.MOUNT_ATTR_NOSYMFOLLOW, 0, false)
	c.Mark(done)
}

// setAttr applies a change of mount attributes to one mount.
func (c *compiler) setAttr(tree program.Mem, a spec.MountAttr) {
	if !a.IsZero() {
		c.mountSetattr(tree.Val(), "", a.Set, a.Clear, 0, false)
	}
}

// attach puts a finished tree in its place and then does what can be done only there.
func (c *compiler) attach(tree program.Mem, m *spec.Mount, isFile bool) {
	if !m.RecAttr.IsZero() {
		c.mountSetattr(tree.Val(), "", m.RecAttr.Set, m.RecAttr.Clear, 0, true)
	}
	target := c.target(m, isFile)
	if m.Bind && !c.has(unix.CLONE_NEWNS) {
		c.setApart(tree, m)
	}
	c.moveMount(tree.Val(), target.Val())
	c.close(target)
	for _, p := range m.Propagation {
		c.mountSetattr(tree.Val(), "", 0, 0, p&propagations, p&unix.MS_REC != 0)
	}
	if m.Destination == "/" {
		// Later paths start at what now covers the root.
		c.close(c.root)
		c.call(unix.SYS_FCNTL, tree.Val(), num(unix.F_DUPFD_CLOEXEC), null).to(c.root)
	}
}

// setApart keeps what is mounted below a bind mount from the mount that it is a copy of, whose peer it would be
// (mount_namespaces(7)). If its options say something of propagation, they go on from a slave's.
func (c *compiler) setApart(tree program.Mem, m *spec.Mount) {
	propagation := uint64(unix.MS_PRIVATE)
	if len(m.Propagation) > 0 {
		propagation = unix.MS_SLAVE
	}
	c.mountSetattr(tree.Val(), "", 0, 0, propagation, true)
}

// target opens a mount's destination; where it is missing it is made, a file for a file, else a folder.
func (c *compiler) target(m *spec.Mount, isFile bool) program.Mem {
	fd, missing, found := c.Slot(), c.NewLabel(), c.NewLabel()
	resolve := uint64(inRoot)
	if m.Type == "proc" || m.Type == "sysfs" {
		// An image whose /proc or /sys is a link could have it mounted where other checks don't look
		// (CVE-2019-19921, CVE-2023-27561).
		resolve |= unix.RESOLVE_NO_SYMLINKS
	}
	flags := uint64(unix.O_PATH | unix.O_DIRECTORY)
	if isFile {
		flags = unix.O_PATH
	}
	if resolve&unix.RESOLVE_NO_SYMLINKS != 0 {
		c.words = fmt.Sprintf("%s must be mounted on ordinary directory: open %s", m.Type, m.Destination)
	}
	c.openat2(c.root.Val(), below(m.Destination), flags, 0, resolve).to(fd).on(unix.ENOENT, missing).next(found)
	c.words = ""
	c.Mark(missing)
	path := m.Destination
	if known := c.f.Destinations[m.Destination].Path; known != "" {
		path = known
	}
	if isFile {
		c.makeFile(path)
	} else {
		c.mkdirs(path, fd)
		c.close(fd)
	}
	c.openat2(c.root.Val(), below(m.Destination), flags, 0, resolve).to(fd)
	c.Mark(found)
	if isFile {
		c.refuseFolder(m.Destination, fd)
	}
	return fd
}

// refuseFolder fails if a file is about to be mounted on a folder: move_mount would only say EINVAL.
func (c *compiler) refuseFolder(path string, target program.Mem) {
	fd, isFile := c.Slot(), c.NewLabel()
	c.openat2(target.Val(), ".", unix.O_PATH|unix.O_DIRECTORY, 0, unix.RESOLVE_BENEATH).to(fd).onAny(isFile)
	c.words = fmt.Sprintf("%s is a folder, but what is to be mounted there is not a directory", path)
	c.fail(unix.ENOTDIR)
	c.words = ""
	c.Mark(isFile)
}

// makeFile makes an empty file and the folders that lead to it.
func (c *compiler) makeFile(path string) {
	cut := strings.LastIndexByte(path, '/')
	folder := c.Slot()
	c.mkdirs(path[:max(cut, 1)], folder)
	c.try([]unix.Errno{unix.EEXIST}, unix.SYS_MKNODAT, folder.Val(), str(path[cut+1:]), num(unix.S_IFREG|0o755), null)
	c.close(folder)
}

// fresh mounts a new instance of a file system.
func (c *compiler) fresh(m *spec.Mount) {
	options := m.Data
	if d := c.f.Destinations[m.Destination]; m.Type == "tmpfs" && d.Exists {
		options = append([]string{fmt.Sprintf("mode=%04o", d.Mode)}, options...)
	}
	late := c.isLateReadonly(*m) || m.CopyUp && m.Attr.Set&unix.MOUNT_ATTR_RDONLY != 0
	flags, attr := m.SBFlags, m.Attr.Set
	if late {
		attr &^= unix.MOUNT_ATTR_RDONLY
		flags = without(flags, "ro")
	}
	tree := c.Slot()
	c.newFs(m.Type, m.Source, flags, c.withContext(m.Type, options))
	c.call(unix.SYS_FSMOUNT, c.fs.Val(), num(unix.FSMOUNT_CLOEXEC), program.Int(attr)).to(tree)
	c.onFailure(c.failed)
	c.close(c.fs)
	c.labelQueues(m, tree)
	if m.CopyUp {
		c.copyUp(m, tree)
		if late {
			c.mountSetattr(tree.Val(), "", unix.MOUNT_ATTR_RDONLY, 0, 0, false)
		}
	}
	c.attach(tree, m, false)
	c.close(tree)
}

func without(list []string, word string) []string {
	var rest []string
	for _, w := range list {
		if w != word {
			rest = append(rest, w)
		}
	}
	return rest
}

// newFs configures a file system (fsopen(2)) and leaves its context in c.fs. Failures from here on are reported with
// the kernel's own words.
func (c *compiler) newFs(kind, source string, flags, options []string) {
	c.call(unix.SYS_FSOPEN, str(kind), num(unix.FSOPEN_CLOEXEC)).to(c.fs)
	c.onFailure(c.failedFs)
	if source != "" {
		c.fsString("source", source)
	}
	c.fsOptions(flags, options)
	c.fsCommand(unix.FSCONFIG_CMD_CREATE)
}

// reconfigure changes the flags and options of the file system that is mounted at fd. Whether it is read-only is left to
// the mount if that is all: the file system may be the host's as well (/sys in the host's network namespace, what has
// been bound), where a change without options takes back those that the host has given it. Only one that the config
// itself has mounted may have been made read-only as a whole.
func (c *compiler) reconfigure(fd program.Mem, m *spec.Mount) {
	flags := without(m.SBFlags, "ro")
	if len(without(flags, "rw"))+len(m.Data) == 0 && (len(flags) == 0 || !c.isFresh(m.Destination)) {
		return
	}
	c.call(unix.SYS_FSPICK, fd.Val(), empty, num(unix.FSPICK_CLOEXEC|unix.FSPICK_EMPTY_PATH)).to(c.fs)
	c.onFailure(c.failedFs)
	c.fsOptions(flags, m.Data)
	c.fsCommand(unix.FSCONFIG_CMD_RECONFIGURE)
	c.onFailure(c.failed)
	c.close(c.fs)
}

// isFresh reports whether the config has a new file system mounted at a place that is the container's alone.
func (c *compiler) isFresh(destination string) bool {
	return slices.ContainsFunc(c.o.Mounts, func(m spec.Mount) bool {
		return m.Destination == destination && !m.Bind && !m.Remount && m.Type != "cgroup" && c.showsHost(m.Type) == ""
	})
}

func (c *compiler) fsOptions(flags, options []string) {
	for _, f := range flags {
		c.call(unix.SYS_FSCONFIG, c.fs.Val(), num(unix.FSCONFIG_SET_FLAG), str(f), null, null)
	}
	for _, o := range options {
		if key, value, ok := strings.Cut(o, "="); ok {
			c.fsString(key, value)
		} else if o != "" {
			c.call(unix.SYS_FSCONFIG, c.fs.Val(), num(unix.FSCONFIG_SET_FLAG), str(o), null, null)
		}
	}
}

func (c *compiler) fsCommand(command int) {
	c.call(unix.SYS_FSCONFIG, c.fs.Val(), num(command), null, null, null)
}

func (c *compiler) fsString(key, value string) {
	c.call(unix.SYS_FSCONFIG, c.fs.Val(), num(unix.FSCONFIG_SET_STRING), str(key), str(value), null)
}

// copyUp has the parent fill a new tmpfs with what its destination holds; it has the code to copy a tree.
func (c *compiler) copyUp(m *spec.Mount, tree program.Mem) {
	from := c.target(m, false)
	c.show(program.CopyUp, from.Val(), tree.Val(), c.text.Addr(), 8)
	c.close(from)
}

// remount changes what is already mounted at a place.
func (c *compiler) remount(m *spec.Mount) {
	fd := c.Slot()
	c.open(m.Destination, unix.O_PATH).to(fd)
	c.reconfigure(fd, m)
	c.setAttr(fd, m.Attr)
	if !m.RecAttr.IsZero() {
		c.mountSetattr(fd.Val(), "", m.RecAttr.Set, m.RecAttr.Clear, 0, true)
	}
	for _, p := range m.Propagation {
		c.mountSetattr(fd.Val(), "", 0, 0, p&propagations, p&unix.MS_REC != 0)
	}
	c.close(fd)
}

// cgroupV1 shows the cgroup v1 hierarchies as a host has them: a tmpfs with a folder for each and a link for each
// controller that shares one. With a cgroup namespace each is mounted anew, with the container's cgroup as its root;
// without one the container's cgroup is bound there.
func (c *compiler) cgroupV1(m *spec.Mount) {
	top := *m
	readonly := m.Attr.Set&unix.MOUNT_ATTR_RDONLY != 0
	top.Type, top.Source = "tmpfs", "tmpfs"
	top.Data, top.SBFlags = []string{"mode=755"}, without(m.SBFlags, "ro")
	top.Attr.Set &^= unix.MOUNT_ATTR_RDONLY
	c.fresh(&top)
	for _, h := range c.f.Cgroups {
		sub := *m
		sub.Destination = m.Destination + "/" + h.Name
		if c.has(unix.CLONE_NEWCGROUP) {
			sub.Type, sub.Source, sub.Data = h.Type, "cgroup", h.Options
			c.fresh(&sub)
		} else {
			sub.Bind, sub.Source = true, h.Path
			c.bind(&sub)
		}
	}
	c.cgroupLinks(m.Destination)
	if readonly {
		c.setReadonly(m.Destination)
	}
}

// cgroupLinks makes the names of controllers that share a hierarchy: cpu -> cpu,cpuacct.
func (c *compiler) cgroupLinks(folder string) {
	fd := c.Slot()
	c.open(folder, unix.O_PATH|unix.O_DIRECTORY).to(fd)
	for _, h := range c.f.Cgroups {
		for _, link := range h.Links {
			c.try([]unix.Errno{unix.EEXIST}, unix.SYS_SYMLINKAT, str(h.Name), fd.Val(), str(link))
		}
	}
	c.close(fd)
}
