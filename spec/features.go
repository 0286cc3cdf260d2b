package spec

import "slices"

// Recognized is what Decode knows by name, for those who ask what this runtime can do.
type Recognized struct {
	MountOptions, Namespaces, Capabilities, Hooks []string
	// MemoryModes and MemoryFlags are those of linux.memoryPolicy.
	MemoryModes, MemoryFlags []string
	// OldestVersion and NewestVersion are the range of ociVersion.
	OldestVersion, NewestVersion string
}

// Recognizes lists the names.
func Recognizes() Recognized {
	r := Recognized{
		Capabilities:  capabilityNames[:],
		Hooks:         []string{"createContainer", "createRuntime", "poststart", "poststop", "prestart", "startContainer"},
		OldestVersion: "1.0.0",
		NewestVersion: defaultVersion,
	}
	for _, o := range mountOptions {
		r.MountOptions = append(r.MountOptions, o.name)
	}
	for _, n := range namespaceFlags {
		r.Namespaces = append(r.Namespaces, string(n.name))
	}
	for _, p := range memoryPolicies {
		r.MemoryModes = append(r.MemoryModes, string(p.name))
	}
	for _, f := range memoryPolicyFlags {
		r.MemoryFlags = append(r.MemoryFlags, string(f.name))
	}
	slices.Sort(r.Namespaces)
	return r
}
