package spec

import (
	"slices"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// defaultVersion is the newest version of the specification that this package knows in full.
const defaultVersion = "1.3.0"

// Default is the config that `crabcan spec` writes: an interactive shell in a read-only rootfs, isolated from the host
// in everything but its user ids, with three capabilities. It is what `runc spec` writes on a host with cgroup v2.
func Default() *specs.Spec {
	return &specs.Spec{
		Version:  defaultVersion,
		Process:  defaultProcess(),
		Root:     &specs.Root{Path: "rootfs", Readonly: true},
		Hostname: "crabcan",
		Mounts:   defaultMounts(),
		Linux:    defaultLinux(),
	}
}

// Changes says how a config differs from the default one; zero values change nothing.
type Changes struct {
	UID uint32
	// GID is the same as UID when it is nil: an unprivileged user should not stay in root's group.
	GID *uint32
	// Rootfs is absolute or relative to the bundle.
	Rootfs string
	// Rootless is the user and group on the host that the config is for if they are not root.
	Rootless *HostUser
	// HostCgroups leaves the cgroup namespace out: without one, cgroup v1 can be shown as it is.
	HostCgroups bool
	// Args is the command. With a command there is no terminal: only the default's shell needs one.
	Args []string
}

// HostUser is a user of the host.
type HostUser struct{ UID, GID uint32 }

// DefaultWith is the default config with changes.
func DefaultWith(ch Changes) *specs.Spec {
	s := Default()
	s.Process.User = specs.User{UID: ch.UID, GID: ch.UID}
	if ch.GID != nil {
		s.Process.User.GID = *ch.GID
	}
	if ch.Rootfs != "" {
		s.Root.Path = ch.Rootfs
	}
	if len(ch.Args) > 0 {
		s.Process.Args = slices.Clone(ch.Args)
		s.Process.Terminal = false
	}
	if ch.HostCgroups {
		s.Linux.Namespaces = slices.DeleteFunc(s.Linux.Namespaces, func(n specs.LinuxNamespace) bool {
			return n.Type == specs.CgroupNamespace
		})
	}
	if u := ch.Rootless; u != nil {
		rootless(s, u.UID, u.GID)
	}
	return s
}

func defaultProcess() *specs.Process {
	capabilities := []string{"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"}
	return &specs.Process{
		Terminal: true,
		Args:     []string{"sh"},
		Env:      []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"},
		Cwd:      "/",
		// No ambient set: the kernel grants nothing there that is not inheritable too.
		Capabilities: &specs.LinuxCapabilities{
			Bounding:  capabilities,
			Effective: capabilities,
			Permitted: capabilities,
		},
		Rlimits:         []specs.POSIXRlimit{{Type: "RLIMIT_NOFILE", Hard: 1024, Soft: 1024}},
		NoNewPrivileges: true,
	}
}

func defaultMounts() []specs.Mount {
	row := func(destination, fsType, source string, options ...string) specs.Mount {
		return specs.Mount{Destination: destination, Type: fsType, Source: source, Options: options}
	}
	return []specs.Mount{
		row("/proc", "proc", "proc"),
		row("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
		// Group 5 is tty in every distribution's /etc/group.
		row("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
		row("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
		row("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
		row("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
		row("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro"),
	}
}

func defaultLinux() *specs.Linux {
	return &specs.Linux{
		Resources: &specs.LinuxResources{
			Devices: []specs.LinuxDeviceCgroup{{Allow: false, Access: "rwm"}},
		},
		Namespaces: []specs.LinuxNamespace{
			{Type: specs.PIDNamespace},
			{Type: specs.NetworkNamespace},
			{Type: specs.IPCNamespace},
			{Type: specs.UTSNamespace},
			{Type: specs.MountNamespace},
			{Type: specs.CgroupNamespace},
		},
		// What the kernel does not keep per namespace and an unprivileged reader has no business with.
		MaskedPaths: []string{
			"/proc/acpi",
			"/proc/asound",
			"/proc/kcore",
			"/proc/keys",
			"/proc/latency_stats",
			"/proc/timer_list",
			"/proc/timer_stats",
			"/proc/sched_debug",
			"/sys/firmware",
			"/proc/scsi",
		},
		ReadonlyPaths: []string{
			"/proc/bus",
			"/proc/fs",
			"/proc/irq",
			"/proc/sys",
			"/proc/sysrq-trigger",
		},
	}
}
