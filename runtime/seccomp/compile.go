package seccomp

import (
	"encoding/binary"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// A Filter is a program for SECCOMP_SET_MODE_FILTER.
type Filter struct {
	Program []Instruction
	// Flags are those of the profile. A filter with Notify also needs
	// SECCOMP_FILTER_FLAG_NEW_LISTENER, which is for the caller to add.
	Flags uint
	// Notify: the profile sends calls to an agent.
	Notify bool
	// Unknown are the names in the profile that no architecture knows, in
	// the order of the profile. They were ignored.
	Unknown []string
}

// Bytes returns the program as the kernel of a little-endian host wants it:
// an array of struct sock_filter, 8 bytes each.
func (f *Filter) Bytes() []byte {
	b := make([]byte, 0, 8*len(f.Program))
	for _, i := range f.Program {
		b = binary.LittleEndian.AppendUint16(b, i.Code)
		b = append(b, i.JT, i.JF)
		b = binary.LittleEndian.AppendUint32(b, i.K)
	}
	return b
}

// Compile returns the filter for p on a host of the native architecture. It
// decides every call as runc with libseccomp does:
//
//   - A call of an architecture that is neither native nor in p.Arches kills
//     its thread. So does one with the x32 bit if X32 is not in p.Arches.
//   - A rule that only repeats the default, errno included, is as good as
//     absent.
//   - If any rule for a call has no conditions, the first such rule decides,
//     whatever others say.
//   - Otherwise the first rule decides whose conditions hold, in libseccomp's
//     order: rules on later arguments first; on the same argument equality
//     before upper bounds before lower bounds, and tighter before looser ones.
//     A rule that repeats or adds to the conditions of an earlier one has no
//     effect.
//   - Where calls are also made through socketcall and ipc, the rules for them
//     hold there as well.
//   - If the default is to refuse (neither Allow, Log nor Trace), a call with
//     a higher number than all that the profile names fails with ENOSYS, for a
//     C library takes that as "not known to this kernel" and falls back.
//
// It differs from them in that libseccomp refuses some profiles whose rules
// contradict each other; in that runc, for "a higher number", passes over names
// that stand for part of socketcall or ipc, but counts ARM's private calls,
// which are higher than all to come; and in that an errno for an action that
// returns none is an error, as the runtime-spec demands.
//
// An error names what is wrong by its place in linux.seccomp. Besides values
// out of range these are an architecture of the other byte order, or one whose
// numbers are not known, and a filter that is too long.
func Compile(p Profile, native Arch) (*Filter, error) {
	c, err := newCompiler(&p, native)
	if err != nil {
		return nil, err
	}
	// The native architecture is tested first, hence built last.
	root := c.badArch
	for _, a := range slices.Backward(c.arches) {
		if a == X32 && c.listed(X86_64) {
			continue // part of X86_64
		}
		s, err := c.spansOf(a)
		if err != nil {
			return nil, err
		}
		here := c.graph.search(s)
		root = c.graph.branch(test{wordArch, ^uint32(0), opEqual, arches[a].audit}, here, root)
	}
	program, err := link(c.graph.nodes, root)
	if err != nil {
		return nil, err
	}
	notify := slices.ContainsFunc(p.Rules, func(r Rule) bool { return r.Action == Notify })
	return &Filter{program, p.Flags, notify, c.rules.unknown}, nil
}

// A compiler holds what the passes share.
type compiler struct {
	arches   []Arch // the native one first
	rules    *rules
	families [len(families)]multiplexer
	graph    *graph
	// Nodes that end the filter: badArch for foreign calls, byDefault for
	// calls without a rule, tooNew for those newer than the profile.
	badArch, byDefault, tooNew ref
}

func newCompiler(p *Profile, native Arch) (*compiler, error) {
	value, err := returnValue(p.Default, p.DefaultErrno)
	if err != nil {
		return nil, fmt.Errorf("default: %w", err)
	}
	if p.Default == Notify {
		// Before it executes the container's program, init itself
		// makes calls, which nobody would answer.
		return nil, fmt.Errorf("default: %s cannot be used as default action", Notify)
	}
	c := &compiler{graph: newGraph(), families: multiplexers()}
	if c.arches, err = checkArches(p.Arches, native); err != nil {
		return nil, err
	}
	if c.rules, err = gather(p, value); err != nil {
		return nil, err
	}
	c.badArch = c.graph.end(uint32(KillThread))
	c.byDefault = c.graph.end(value)
	c.tooNew = c.byDefault
	if p.Default != Allow && p.Default != Log && p.Default != Trace {
		c.tooNew = c.graph.end(uint32(Errno) | uint32(unix.ENOSYS))
	}
	return c, nil
}

// checkArches returns the native architecture and the others in list, once
// each.
func checkArches(list []Arch, native Arch) ([]Arch, error) {
	all := []Arch{native}
	for i, a := range list {
		switch {
		case !a.valid():
			return nil, fmt.Errorf("architectures[%d]: %s", i, a)
		case native.valid() && arches[a].bigEndian() != arches[native].bigEndian():
			return nil, fmt.Errorf("architectures[%d]: %s has another byte order than the host's %s", i, a, native)
		case arches[a].calls == nil:
			return nil, fmt.Errorf("architectures[%d]: the numbers of the system calls of %s are not known", i, a)
		case !slices.Contains(all, a):
			all = append(all, a)
		}
	}
	if !native.valid() || arches[native].calls == nil {
		return nil, fmt.Errorf("native architecture: %s", native)
	}
	return all, nil
}

func (c *compiler) listed(a Arch) bool { return slices.Contains(c.arches, a) }

// family returns the family whose call has that name on a, or nil.
func (c *compiler) family(name uint16, a *archInfo) *multiplexer {
	for i := range c.families {
		if a.multiplexed && c.families[i].name == name {
			return &c.families[i]
		}
	}
	return nil
}

// named reports whether a rule is about the call with that name on a.
func (c *compiler) named(name uint16, a *archInfo) bool {
	f := c.family(name, a)
	return c.rules.named(name) || f != nil && f.named(c.rules)
}

// decide returns the node that decides the call with that name on a.
func (c *compiler) decide(name uint16, a *archInfo) (ref, error) {
	list := c.rules.of(name)
	if f := c.family(name, a); f != nil {
		list = f.with(list, c.rules)
	}
	node, err := c.verdict(list, a)
	if err != nil {
		return 0, fmt.Errorf("rules for %s: %w", callName(name), err)
	}
	return node, nil
}
