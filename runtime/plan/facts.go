package plan

// Facts is what a plan must know of the host and of the flags of create. Reading them is the runtime's business.
type Facts struct {
	// ID names the session keyring.
	ID string
	// Run says that start follows at once in the same process, over the socket: no fifos.
	Run bool
	// PreserveFds is how many descriptors from 3 on the container keeps.
	PreserveFds int
	// NoPivot and NoNewKeyring are create's flags of these names.
	NoPivot, NoNewKeyring bool
	// Unprivileged says that the parent is not root: it can open nothing on init's behalf that init itself can't.
	Unprivileged bool
	// InUserNS says that the parent is in a user namespace itself, where nobody can make device nodes.
	InUserNS bool
	// Attach says that init must wait until the parent has put it into its cgroup, where it can't be cloned into, or has
	// given it network devices.
	Attach bool

	// Join holds the CLONE_NEW* bits of the namespaces in which a container that exec joins differs from crabcan.
	Join uint64

	// ExactEnv says that env is complete: no HOME is added.
	ExactEnv bool

	// Home is the value of HOME for a container whose env has none; HomeUnknown says that only the finished mounts
	// can tell.
	Home        string
	HomeUnknown bool

	// LastCap is the highest capability that the kernel knows.
	LastCap int
	// AppArmor and SELinux say that the host enforces labels; needed only if the config has some.
	AppArmor, SELinux bool
	// OwnStdio lists the descriptors of 0 to 2 that the container's user must own to use them: no terminals of
	// others, no /dev/null.
	OwnStdio []int
	// NullStdio lists those of 0 to 2 that are the host's /dev/null.
	NullStdio []int
	// RootMount is the mount point that the root folder lies in; needed only if mounts there are shared.
	RootMount string
	// KernelMounts are the mount points of whole procfs and sysfs instances on the host, the later ones first; needed
	// only for NoPivot.
	KernelMounts []string
	// Kcore says that the host's /proc/kcore exists, and with it /dev/core.
	Kcore bool

	// Sources and Destinations hold what was found at mount sources on the host and at destinations in the root folder.
	Sources      map[string]Source
	Destinations map[string]Destination

	// Cgroups is what a mount of type cgroup shows; on cgroup v2 it is empty and Unified is true.
	Unified bool
	Cgroups []Hierarchy
}

// Source is the source of a bind mount.
type Source struct{ File bool }

// Destination is a mount destination as the root folder has it before anything is mounted.
type Destination struct {
	// Exists and Mode (permission bits with setuid, setgid and sticky): a tmpfs without a mode takes over the one
	// of the folder that it covers.
	Exists bool
	Mode   uint32
	// Path is where the destination's symbolic links lead inside the root, also if that doesn't exist yet: images
	// have links such as /etc/resolv.conf -> ../run/systemd/resolve/resolv.conf that dangle until they are mounted on.
	Path string
}

// Hierarchy is one cgroup v1 hierarchy, or the v2 one of a hybrid host.
type Hierarchy struct {
	// Name is the folder below /sys/fs/cgroup: "cpu,cpuacct", "systemd", "unified".
	Name string
	// Type is "cgroup" or "cgroup2"; Options are what mount(2) takes to get this hierarchy: "cpu", "name=systemd".
	Type    string
	Options []string
	// Links are further names: "cpu" and "cpuacct".
	Links []string
	// Path is the container's cgroup in it, as the host sees it.
	Path string
}
