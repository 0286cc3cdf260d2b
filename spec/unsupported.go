package spec

import (
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// notYet lists every part of the specification that crabcan refuses because it does not do it yet: whoever does it
// deletes the row. asked returns the pointers of the members that ask for it; empty ones ask for nothing.
var notYet = [...]struct {
	what  string // empty when the member's name says it
	asked func(*specs.Spec) []string
}{
	//lint:ignore SA1019 deprecated or not, it is refused like the others
	{"", func(s *specs.Spec) []string { return when(len(s.Hooks.Prestart) > 0, "/hooks/prestart") }},
	{"", func(s *specs.Spec) []string { return when(len(s.Hooks.CreateRuntime) > 0, "/hooks/createRuntime") }},
	{"", func(s *specs.Spec) []string { return when(len(s.Hooks.CreateContainer) > 0, "/hooks/createContainer") }},
	{"", func(s *specs.Spec) []string { return when(len(s.Hooks.StartContainer) > 0, "/hooks/startContainer") }},
	{"", func(s *specs.Spec) []string { return when(len(s.Hooks.Poststart) > 0, "/hooks/poststart") }},
	{"", func(s *specs.Spec) []string { return when(len(s.Hooks.Poststop) > 0, "/hooks/poststop") }},

	{"", func(s *specs.Spec) []string { return when(s.Process.ApparmorProfile != "", "/process/apparmorProfile") }},
	{"", func(s *specs.Spec) []string { return when(s.Process.SelinuxLabel != "", "/process/selinuxLabel") }},
	{"", func(s *specs.Spec) []string { return when(s.Process.Scheduler != nil, "/process/scheduler") }},
	{"", func(s *specs.Spec) []string { return when(s.Process.IOPriority != nil, "/process/ioPriority") }},
	{"", func(s *specs.Spec) []string {
		return when(*orEmpty(s.Process.ExecCPUAffinity) != specs.CPUAffinity{}, "/process/execCPUAffinity")
	}},

	{"a user namespace", userNamespaces},
	{"", func(s *specs.Spec) []string { return when(len(s.Linux.UIDMappings) > 0, "/linux/uidMappings") }},
	{"", func(s *specs.Spec) []string { return when(len(s.Linux.GIDMappings) > 0, "/linux/gidMappings") }},
	{"an idmapped mount", idmappedMounts},

	{"", func(s *specs.Spec) []string { return when(s.Linux.MountLabel != "", "/linux/mountLabel") }},
	{"", func(s *specs.Spec) []string { return when(len(s.Linux.NetDevices) > 0, "/linux/netDevices") }},
	{"", func(s *specs.Spec) []string { return when(s.Linux.IntelRdt != nil, "/linux/intelRdt") }},
	{"", func(s *specs.Spec) []string { return when(s.Linux.MemoryPolicy != nil, "/linux/memoryPolicy") }},
	{"", func(s *specs.Spec) []string { return when(s.Linux.Personality != nil, "/linux/personality") }},

	{string(specs.ActNotify), seccompNotify},
	// The kernel takes this flag only together with a listener.
	{string(specs.LinuxSeccompFlagWaitKillableRecv), seccompKillable},
	{"", func(s *specs.Spec) []string {
		return when(orEmpty(s.Linux.Seccomp).ListenerPath != "", "/linux/seccomp/listenerPath")
	}},
	{"", func(s *specs.Spec) []string {
		return when(orEmpty(s.Linux.Seccomp).ListenerMetadata != "", "/linux/seccomp/listenerMetadata")
	}},
}

func (c *checker) refuseUnsupported() {
	for _, row := range notYet {
		for _, pointer := range row.asked(c.spec) {
			c.errorf(pointer, "%s", strings.TrimSpace(row.what+" is not supported yet"))
		}
	}
}

func when(asked bool, pointer string) []string {
	if asked {
		return []string{pointer}
	}
	return nil
}

func userNamespaces(s *specs.Spec) (pointers []string) {
	for i, n := range s.Linux.Namespaces {
		if n.Type == specs.UserNamespace {
			pointers = append(pointers, element("/linux/namespaces", i)+"/type")
		}
	}
	return pointers
}

func idmappedMounts(s *specs.Spec) (pointers []string) {
	for i, m := range s.Mounts {
		entry := element("/mounts", i)
		pointers = append(pointers, when(len(m.UIDMappings) > 0, entry+"/uidMappings")...)
		pointers = append(pointers, when(len(m.GIDMappings) > 0, entry+"/gidMappings")...)
		if at := slices.IndexFunc(m.Options, isIDMap); at >= 0 {
			pointers = append(pointers, element(entry+"/options", at))
		}
	}
	return pointers
}

func seccompNotify(s *specs.Spec) []string {
	profile := orEmpty(s.Linux.Seccomp)
	pointers := when(profile.DefaultAction == specs.ActNotify, "/linux/seccomp/defaultAction")
	for i := range profile.Syscalls {
		if profile.Syscalls[i].Action == specs.ActNotify {
			pointers = append(pointers, element("/linux/seccomp/syscalls", i)+"/action")
		}
	}
	return pointers
}

func seccompKillable(s *specs.Spec) []string {
	at := slices.Index(orEmpty(s.Linux.Seccomp).Flags, specs.LinuxSeccompFlagWaitKillableRecv)
	return when(at >= 0, element("/linux/seccomp/flags", at))
}
