package spec

import (
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// nodeRule says how many nodes a mode may have.
type nodeRule int

const (
	noNodes nodeRule = iota
	someNodes
	anyNodes
)

// memoryPolicies says of each mode what the kernel takes (set_mempolicy(2)).
var memoryPolicies = [...]struct {
	name  specs.MemoryPolicyModeType
	mode  int
	nodes nodeRule
}{
	{specs.MpolDefault, unix.MPOL_DEFAULT, noNodes},
	{specs.MpolBind, unix.MPOL_BIND, someNodes},
	{specs.MpolInterleave, unix.MPOL_INTERLEAVE, someNodes},
	{specs.MpolWeightedInterleave, unix.MPOL_WEIGHTED_INTERLEAVE, someNodes},
	{specs.MpolPreferred, unix.MPOL_PREFERRED, anyNodes},
	{specs.MpolPreferredMany, unix.MPOL_PREFERRED_MANY, someNodes},
	{specs.MpolLocal, unix.MPOL_LOCAL, noNodes},
}

var memoryPolicyFlags = [...]named[specs.MemoryPolicyFlagType, int]{
	{specs.MpolFNumaBalancing, unix.MPOL_F_NUMA_BALANCING},
	{specs.MpolFRelativeNodes, unix.MPOL_F_RELATIVE_NODES},
	{specs.MpolFStaticNodes, unix.MPOL_F_STATIC_NODES},
}

// memoryPolicy complains in runc's words, which its test suite looks for.
func (c *checker) memoryPolicy() {
	const pointer = "/linux/memoryPolicy"
	in := c.spec.Linux.MemoryPolicy
	if in == nil {
		return
	}
	out := MemoryPolicy{Nodes: c.idSet(pointer+"/nodes", "invalid memory policy nodes: ", in.Nodes)}
	for i, name := range in.Flags {
		bit, ok := valueOf(memoryPolicyFlags[:], name)
		if !ok {
			c.errorf(element(pointer+"/flags", i), "invalid memory policy flag %q", name)
		}
		out.Mode |= bit
	}
	if out.Nodes != nil || in.Nodes == "" { // else they have been complained about
		out.Mode |= c.memoryPolicyMode(pointer, in.Mode, out.Nodes.Count())
	}
	c.opts.MemoryPolicy = &out
}

func (c *checker) memoryPolicyMode(pointer string, name specs.MemoryPolicyModeType, nodes int) int {
	for _, p := range memoryPolicies {
		switch {
		case p.name != name:
			continue
		case nodes == 0 && p.nodes == someNodes:
			c.errorf(pointer+"/nodes", "%s: memory policy mode requires at least one node but got 0", name)
		case nodes > 0 && p.nodes == noNodes:
			c.errorf(pointer+"/nodes", "%s: memory policy mode requires 0 nodes but got %d", name, nodes)
		}
		return p.mode
	}
	c.errorf(pointer+"/mode", "invalid memory policy mode %q", name)
	return 0
}
