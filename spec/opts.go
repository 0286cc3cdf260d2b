// Package spec turns the bytes of a config.json into ContainerOpts, or into a list of everything that is wrong with them.
package spec

import (
	"slices"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// ContainerOpts is a config.json after validation: every default is filled in, every name is a number and every
// path is clean. Rooms below spec read this and never JSON. Pointer fields hold the JSON pointer (RFC 6901) of the
// member that asked for something, so that a plan can say which line of config.json caused a step.
type ContainerOpts struct {
	// Path is the executable as the config names it (args[0]); it is looked up in the container's PATH when it
	// holds no slash. Argv is never empty and Argv[0] == Path. Env is process.env, each entry NAME=VALUE, without those
	// that a later entry of the same name replaces.
	Path string
	Argv []string
	Env  []string
	// Cwd is absolute and clean.
	Cwd string

	UID, GID uint32
	Groups   []uint32
	// Umask is 0022 when the config has none.
	Umask uint32

	Terminal bool
	// ConsoleWidth and ConsoleHeight are zero when the config has no consoleSize.
	ConsoleWidth, ConsoleHeight uint16

	// Caps is all zero when the config has no capabilities: nothing is granted that is not asked for. capset(2) can take
	// it as it is: Inheritable lies within Bounding, Effective within Permitted, Ambient within Permitted and Inheritable.
	// It may hold capabilities that an older kernel does not know.
	Caps        Caps
	NoNewPrivs  bool
	Rlimits     []Rlimit
	OOMScoreAdj *int // -1000 to 1000, nil: inherit

	// AppArmor is the profile and SELinux the label that the process gets, MountLabel the SELinux context of what is
	// mounted anew; "" asks for none.
	AppArmor, SELinux, MountLabel string

	Scheduler *Scheduler // nil: inherit
	// IOPriority is class and level as ioprio_set(2) takes them, 0: inherit.
	IOPriority int
	// ExecAffinity is for processes that join the container, not for its first.
	ExecAffinity CPUAffinity
	// Personality is what personality(2) takes, nil: inherit.
	Personality  *uint64
	MemoryPolicy *MemoryPolicy // nil: inherit

	// MountDir is the root folder: absolute, clean.
	MountDir     string
	RootReadonly bool
	// RootPropagation is 0 or one of MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE, with MS_REC for the r-forms.
	RootPropagation uint64

	Hostname, Domainname string
	Annotations          map[string]string

	Mounts []Mount
	// Namespaces lists each namespace once, new ones (Path "") and joined ones, in the order of the config.
	Namespaces []Namespace
	// UIDMappings and GIDMappings are those of a new user namespace, where they are never empty. Those of a joined one are
	// empty, or what the config claims them to be.
	UIDMappings, GIDMappings []specs.LinuxIDMapping
	// TimeOffsets is empty when no offset is asked for.
	TimeOffsets []TimeOffset

	// Devices holds the config's devices only; default devices are the plan's business.
	Devices       []Device
	Sysctl        []Sysctl // sorted by name; names with dots turned into slashes: "net/ipv4/ip_forward"
	MaskedPaths   []string // absolute, clean
	ReadonlyPaths []string // absolute, clean

	NetDevices []NetDevice // sorted by name
	IntelRdt   *IntelRdt   // nil: leave it alone

	// CgroupsPath is as the config has it ("" when absent); Resources is nil when absent.
	CgroupsPath string
	Resources   *specs.LinuxResources
	// Seccomp is nil when absent or without any action; its action, operator, architecture and flag names have been
	// checked, and Flags holds the default when the config has none.
	Seccomp *specs.LinuxSeccomp

	Hooks Hooks

	// OCIVersion is the config's ociVersion, for state.
	OCIVersion string
}

// Caps holds the five capability sets as bit masks (bit N is capability N of linux/capability.h).
type Caps struct {
	Bounding, Effective, Permitted, Inheritable, Ambient uint64
}

// Rlimit is one process.rlimits entry; Resource is an RLIMIT_* number, RLIM_INFINITY is all ones.
type Rlimit struct {
	Resource   int
	Soft, Hard uint64
	Pointer    string
}

// Scheduler is process.scheduler in the terms of sched_setattr(2): SCHED_* and SCHED_FLAG_* numbers, and times in
// nanoseconds.
type Scheduler struct {
	Policy                    uint32
	Flags                     uint64
	Nice                      int32
	Priority                  uint32
	Runtime, Deadline, Period uint64
}

// CPUAffinity is process.execCPUAffinity: where a process may run before it is in the container's cgroup and after.
type CPUAffinity struct {
	Initial, Final IDSet // nil: not said
}

// MemoryPolicy is linux.memoryPolicy. Mode is MPOL_* with the MPOL_F_* flags.
type MemoryPolicy struct {
	Mode  int
	Nodes IDSet
}

// Namespace is one linux.namespaces entry. Flag is its CLONE_NEW* bit.
type Namespace struct {
	Flag    uint64
	Path    string // "": make a new one
	Pointer string
}

// TimeOffset is one linux.timeOffsets entry. Clock is "monotonic" or "boottime".
type TimeOffset struct {
	Clock   string
	Secs    int64
	Nanos   uint32
	Pointer string
}

// Sysctl is one linux.sysctl entry.
type Sysctl struct {
	Name, Value string
	Pointer     string
}

// Device is a device node to make: mknod(Path, Mode, Dev) with its owner.
type Device struct {
	Path     string // absolute, clean
	Mode     uint32 // S_IFCHR, S_IFBLK or S_IFIFO with the permission bits; 0666 when the config has no fileMode
	Dev      uint64 // as unix.Mkdev makes it
	UID, GID uint32
	Pointer  string
}

// NetDevice is a network device of the host that becomes the container's. NewName may hold one "%d", which the kernel
// replaces by the first number that makes it a free name.
type NetDevice struct {
	Name, NewName string
	Pointer       string
}

// IntelRdt is linux.intelRdt. ClosID is a plain name, "/" for the default group or "" for one of the container's own; L3,
// MemBw and Schemata are lines for the schemata file, to be written in that order, "" for none.
type IntelRdt struct {
	ClosID, L3, MemBw string
	Schemata          []string
	Monitor           bool
}

// Mount is one mounts entry with its options parsed once.
type Mount struct {
	Destination string // absolute, clean
	Type        string // "bind" when Bind, whatever the config's type says; else as the config has it
	Source      string // for a bind mount absolute and clean ("" for a remount without one); for others as the config has it
	// Bind and Recursive say bind and rbind. Remount says the option remount: change what is already there.
	Bind, Recursive, Remount bool
	// Attr changes the mount itself; RecAttr (rro, rnosuid, ...) also all mounts below it.
	Attr, RecAttr MountAttr
	// Implied are attributes that a bind mount loses because its options are about others. In a user namespace they stay
	// where the source's owner has locked them (mount_namespaces(7)).
	Implied uint64
	// Propagation lists MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE, each with MS_REC for its r-form, in order.
	Propagation []uint64
	// SBFlags are the options that belong to the superblock, spelt for fsconfig(2) FSCONFIG_SET_FLAG: ro, sync,
	// dirsync, mand, lazytime; with Remount also their opposites rw, async, nomand, nolazytime, which a fresh superblock
	// needs not be told. "ro" stands here and as MOUNT_ATTR_RDONLY in Attr.Set both, as mount(2) does it. Always empty when
	// Bind.
	SBFlags []string
	// Data are the file system's own options in order ("size=64k", "newinstance"), one parameter each, as fsconfig(2) takes
	// them: split at commas, without mount(2)'s quotes. Always empty when Bind.
	Data []string
	// CopyUp is tmpcopyup: a tmpfs starts with a copy of what its destination held.
	CopyUp bool
	// IDMap is nil unless the mount is idmapped.
	IDMap   *IDMap
	Pointer string
}

// BoundDev is the index of the mount that binds a whole /dev, -1 if there is none: such a /dev is its owner's to furnish.
func (o *ContainerOpts) BoundDev() int {
	return slices.IndexFunc(o.Mounts, func(m Mount) bool { return m.Bind && m.Destination == "/dev" })
}

// IDMap says how an idmapped mount shows the owners of its files: id ContainerID in the source is HostID in the mount.
type IDMap struct {
	// UIDMappings and GIDMappings are both empty for those of the container's user namespace.
	UIDMappings, GIDMappings []specs.LinuxIDMapping
	// Recursive says that all mounts below are idmapped as well.
	Recursive bool
}

// MountAttr holds MOUNT_ATTR_* bits for mount_setattr(2). A change of the atime mode has MOUNT_ATTR__ATIME in Clear
// and the new mode (possibly zero, MOUNT_ATTR_RELATIME) in Set.
type MountAttr struct {
	Set, Clear uint64
}

// IsZero reports whether the change changes nothing.
func (a MountAttr) IsZero() bool { return a == MountAttr{} }

// Hooks are programs to run at points of a container's life (config.md, "POSIX-platform Hooks"), each list in order.
type Hooks struct {
	Prestart, CreateRuntime, CreateContainer, StartContainer, Poststart, Poststop []Hook
}

// IsZero reports whether there is no hook at all.
func (h *Hooks) IsZero() bool {
	return len(h.Prestart)+len(h.CreateRuntime)+len(h.CreateContainer)+len(h.StartContainer)+len(h.Poststart)+len(h.Poststop) == 0
}

// Hook is one program to run.
type Hook struct {
	Path    string   // absolute
	Argv    []string // never empty
	Env     []string // all of the hook's environment
	Timeout int      // in seconds; 0: as long as it takes
	Pointer string
}
