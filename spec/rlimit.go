package spec

import (
	"slices"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// rlimitNames holds the limit of each number, from asm-generic/resource.h (amd64 and arm64 both use it).
var rlimitNames = [...]string{
	"RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_STACK", "RLIMIT_CORE", "RLIMIT_RSS", "RLIMIT_NPROC",
	"RLIMIT_NOFILE", "RLIMIT_MEMLOCK", "RLIMIT_AS", "RLIMIT_LOCKS", "RLIMIT_SIGPENDING", "RLIMIT_MSGQUEUE",
	"RLIMIT_NICE", "RLIMIT_RTPRIO", "RLIMIT_RTTIME",
}

// rlimits refuses unknown and repeated types because the specification says so, and soft limits above the hard ones
// because prlimit(2) would.
func (c *checker) rlimits(limits []specs.POSIXRlimit) []Rlimit {
	const pointer = "/process/rlimits"
	var out []Rlimit
	for i, l := range limits {
		entry := element(pointer, i)
		resource := slices.Index(rlimitNames[:], l.Type)
		switch {
		case l.Type == "":
			c.errorf(member(entry, "type"), "is required")
		case resource < 0:
			c.errorf(member(entry, "type"), "unknown resource limit %q", l.Type)
		case slices.ContainsFunc(limits[:i], func(o specs.POSIXRlimit) bool { return o.Type == l.Type }):
			c.errorf(member(entry, "type"), "%s is listed twice", l.Type)
		}
		if l.Soft > l.Hard && !c.isBroken(member(entry, "hard")) {
			c.errorf(member(entry, "soft"), "soft limit %d is above the hard limit %d", l.Soft, l.Hard)
		}
		out = append(out, Rlimit{Resource: resource, Soft: l.Soft, Hard: l.Hard, Pointer: entry})
	}
	return out
}
