package spec

import (
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// rootless changes the default config into one that a user without root's rights can run: a user namespace in which the
// user is root, no network of its own, which would be one without a way out, and no limits, for which a cgroup would be
// needed. It is what `runc spec --rootless` writes.
func rootless(s *specs.Spec, uid, gid uint32) {
	l := s.Linux
	l.Namespaces = slices.DeleteFunc(l.Namespaces, func(n specs.LinuxNamespace) bool {
		return n.Type == specs.NetworkNamespace
	})
	l.Namespaces = append(l.Namespaces, specs.LinuxNamespace{Type: specs.UserNamespace})
	l.UIDMappings = []specs.LinuxIDMapping{{ContainerID: 0, HostID: uid, Size: 1}}
	l.GIDMappings = []specs.LinuxIDMapping{{ContainerID: 0, HostID: gid, Size: 1}}
	l.Resources = nil
	for i := range s.Mounts {
		rootlessMount(&s.Mounts[i])
	}
}

// rootlessMount binds the host's /sys, because a new one would need a network namespace, and leaves out owners, of whom
// there is only one.
func rootlessMount(m *specs.Mount) {
	if m.Destination == "/sys" {
		*m = specs.Mount{
			Destination: "/sys", Type: "none", Source: "/sys", Options: []string{"rbind", "nosuid", "noexec", "nodev", "ro"},
		}
	}
	m.Options = slices.DeleteFunc(m.Options, func(option string) bool {
		return strings.HasPrefix(option, "uid=") || strings.HasPrefix(option, "gid=")
	})
}
