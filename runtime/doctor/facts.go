package doctor

// Facts are what there is to know of a machine, and of the user who asks.
type Facts struct {
	// UID is the user's effective id; InUserNS says that it is one of a user namespace.
	UID      int
	InUserNS bool
	// SysAdmin says that the process has CAP_SYS_ADMIN.
	SysAdmin bool

	// Release is the kernel's; KernelErr is why it is too old.
	Release   string
	KernelErr error

	// MissingCalls are the system calls that the kernel, or a filter that crabcan runs under, does not have.
	MissingCalls []string

	// MemfdNoexec is vm.memfd_noexec, 0 where there is none; StartErr is why a program from memory would not start.
	MemfdNoexec int
	StartErr    error

	// Namespaces are those of containers, in the order of the specification.
	Namespaces []Namespace
	// Sysctls are those that forbid namespaces, by name, with their values; one that is not there is left out.
	Sysctls map[string]string

	// MissingIDTools are those of newuidmap and newgidmap that are not in PATH; UserIDs and GroupIDs are how many
	// subordinate ids the user has.
	MissingIDTools    []string
	UserIDs, GroupIDs int

	// Root is the folder for the states of containers; RootErr is why it can't be had, RootFS the kind of its file system.
	Root, RootFS string
	RootErr      error

	// CgroupMode is "v1", "v2" or "hybrid"; CgroupErr is why there is none.
	CgroupMode string
	CgroupErr  error
	// CgroupWritable says that a cgroup can be made where a container's would be; Controllers can limit it there.
	CgroupWritable bool
	Controllers    []string

	// Systemd says that systemd manages the machine; UserManager that it also does the user's services.
	Systemd, UserManager bool

	// SeccompActions are the actions of filters that the kernel knows.
	SeccompActions []string

	AppArmor, SELinux bool

	// CRIU is its version, "" if there is none. CRIUErr is what it has against this kernel, HelperErr why the program of
	// crabcan's that talks to it can't be found.
	CRIU               string
	CRIUErr, HelperErr error
}

// Namespace is a kind of namespace; Err is why a new one can't be made.
type Namespace struct {
	Name string
	Err  error
}
