package runtime

import (
	"github.com/opencontainers/runtime-spec/specs-go/features"

	"github.com/crabcan/crabcan/runtime/seccomp"
	"github.com/crabcan/crabcan/spec"
)

// Features is what this runtime can do on any machine: what it was written for, not what this kernel has
// (runtime-spec, features.md).
func Features() features.Features {
	known := spec.Recognizes()
	return features.Features{
		OCIVersionMin: known.OldestVersion,
		OCIVersionMax: known.NewestVersion,
		Hooks:         known.Hooks,
		MountOptions:  known.MountOptions,
		// Who may set these decides about more than the container: files of the host, properties of its units.
		PotentiallyUnsafeConfigAnnotations: []string{"org.crabcan.criu.config", "org.criu.config", "org.systemd.property."},
		Linux: &features.Linux{
			Namespaces:      known.Namespaces,
			Capabilities:    known.Capabilities,
			Cgroup:          &features.Cgroup{V1: new(true), V2: new(true), Systemd: new(true), SystemdUser: new(true), Rdma: new(true)},
			Seccomp:         seccompFeatures(),
			Apparmor:        &features.Apparmor{Enabled: new(true)},
			Selinux:         &features.Selinux{Enabled: new(true)},
			IntelRdt:        &features.IntelRdt{Enabled: new(true), Schemata: new(true), Monitoring: new(true)},
			MemoryPolicy:    &features.MemoryPolicy{Modes: known.MemoryModes, Flags: known.MemoryFlags},
			MountExtensions: &features.MountExtensions{IDMap: &features.IDMap{Enabled: new(true)}},
			NetDevices:      &features.NetDevices{Enabled: new(true)},
		},
	}
}

func seccompFeatures() *features.Seccomp {
	return &features.Seccomp{
		Enabled:        new(true),
		Actions:        seccomp.ActionNames(),
		Operators:      seccomp.OpNames(),
		Archs:          seccomp.ArchNames(),
		KnownFlags:     seccomp.FlagNames(),
		SupportedFlags: seccomp.FlagNames(),
	}
}
