package seccomp

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// reference says what p does with one call, straight from the documentation
// of Compile and without a thought for speed. It shares with the compiler
// only the tables of numbers and families.
func reference(p Profile, native Arch, d seccompData) uint32 {
	a, ok := refArch(p, native, d)
	if !ok {
		return 0 // SECCOMP_RET_KILL_THREAD
	}
	byDefault := refValue(p.Default, p.DefaultErrno)
	refuses := p.Default != Allow && p.Default != Log && p.Default != Trace
	if newest, any := refNewest(p, a); refuses && any {
		s390 := a == S390 || a == S390X
		unknown := d.number > newest && !refNames(p, a, d.number)
		x32 := a == X86_64 && d.number&0x40000000 != 0
		if !x32 && (unknown || s390 && d.number == 0) {
			return 0x00050000 | 38
		}
	}
	list := refRules(p, a, d.number)
	return refDecide(list, arches[a].wide, d.args, byDefault)
}

// refArch returns the architecture of the call, if the profile governs it.
func refArch(p Profile, native Arch, d seccompData) (Arch, bool) {
	listed := append([]Arch{native}, p.Arches...)
	if d.arch == 0xc000003e {
		x64, x32 := slices.Contains(listed, X86_64), slices.Contains(listed, X32)
		switch {
		case d.number < 0x40000000:
			return X86_64, x64
		case x32:
			return X32, true
		default:
			return X86_64, d.number == 0xffffffff && x64
		}
	}
	for _, a := range listed {
		if arches[a].audit == d.arch {
			return a, true
		}
	}
	return 0, false
}

// refValue returns SECCOMP_RET_* with data.
func refValue(a Action, data *uint) uint32 {
	errno := uint32(1)
	if data != nil {
		errno = uint32(*data)
	}
	switch a {
	case Errno:
		return uint32(a) + min(errno, 4095)
	case Trace:
		return uint32(a) + errno
	}
	return uint32(a)
}

// A refMeaning is a call that a name stands for: its own, or that of a family
// and the first argument that selects it there; else selector is -1.
type refMeaning struct {
	number   uint32
	selector int
}

type refKey struct {
	name string
	arch Arch
}

var refCache sync.Map // of refKey to []refMeaning

// refMeanings returns the calls that a name stands for on a.
func refMeanings(name string, a Arch) []refMeaning {
	if list, ok := refCache.Load(refKey{name, a}); ok {
		return list.([]refMeaning)
	}
	list := refFind(name, a)
	refCache.Store(refKey{name, a}, list)
	return list
}

func refFind(name string, a Arch) (list []refMeaning) {
	number := func(name string) (uint32, bool) {
		for _, c := range arches[a].calls {
			if callName(c.name) == name {
				return c.number, true
			}
		}
		return 0, false
	}
	if n, ok := number(name); ok {
		list = append(list, refMeaning{n, -1})
	}
	for _, f := range families {
		at := slices.Index(f.members, name)
		if n, ok := number(f.name); ok && at > 0 && arches[a].multiplexed {
			list = append(list, refMeaning{n, at})
		}
	}
	return list
}

// refNewest returns the highest number that p names on a.
func refNewest(p Profile, a Arch) (newest uint32, any bool) {
	for _, r := range p.Rules {
		for _, name := range r.Names {
			for _, m := range refMeanings(name, a) {
				if a != ARM || m.number < 0xf0000 {
					newest = max(newest, m.number)
				}
			}
		}
	}
	return newest, newest > 0
}

// refNames reports whether p names the call with that number on a.
func refNames(p Profile, a Arch, number uint32) bool {
	for _, r := range p.Rules {
		for _, name := range r.Names {
			for _, m := range refMeanings(name, a) {
				if m.number == number {
					return true
				}
			}
		}
	}
	return false
}

// A refRule is a rule for one call.
type refRule struct {
	value uint32
	conds []ArgCond
}

// refRules returns the rules for a number on a, in the order of the profile.
func refRules(p Profile, a Arch, number uint32) (list []refRule) {
	for _, r := range p.Rules {
		value := refValue(r.Action, r.Errno)
		if value == refValue(p.Default, p.DefaultErrno) {
			continue
		}
		for _, conds := range refAlternatives(r.Args) {
			var selectors []int
			for _, name := range r.Names {
				for _, m := range refMeanings(name, a) {
					if m.number == number {
						selectors = append(selectors, m.selector)
					}
				}
			}
			for _, s := range selectors {
				here := slices.Clone(conds)
				if s >= 0 {
					here = slices.DeleteFunc(here, func(c ArgCond) bool { return c.Index == 0 })
					here = append(here, ArgCond{Index: 0, Op: Equal, Value: uint64(s)})
				}
				slices.SortStableFunc(here, func(x, y ArgCond) int { return int(x.Index) - int(y.Index) })
				list = append(list, refRule{value, here})
			}
		}
	}
	return list
}

// refAlternatives returns the lists of conditions of which one must hold.
func refAlternatives(args []ArgCond) (list [][]ArgCond) {
	for i, x := range args {
		for _, y := range args[i+1:] {
			if x.Index == y.Index {
				for _, z := range args {
					list = append(list, []ArgCond{z})
				}
				return list
			}
		}
	}
	return [][]ArgCond{args}
}

// refDecide returns what rules do with these arguments.
func refDecide(list []refRule, wide bool, args [6]uint64, byDefault uint32) uint32 {
	for i := range list {
		list[i].conds = slices.DeleteFunc(list[i].conds, func(c ArgCond) bool { return refWords(c, wide) == "" })
		if len(list[i].conds) == 0 {
			return list[i].value
		}
	}
	var alive []refRule
	for _, r := range list {
		shadowed := false
		for _, earlier := range alive {
			shadowed = shadowed || strings.HasPrefix(refText(r, wide), refText(earlier, wide))
		}
		if !shadowed {
			alive = append(alive, r)
		}
	}
	best := -1
	for i, r := range alive {
		if refHolds(r, wide, args) && (best < 0 || refBefore(r, alive[best], wide)) {
			best = i
		}
	}
	if best < 0 {
		return byDefault
	}
	return alive[best].value
}

// refWords writes what a condition tests, high word first, or nothing if it
// always holds.
func refWords(c ArgCond, wide bool) (text string) {
	mask, value := ^uint64(0), c.Value
	if c.Op == MaskedEqual {
		mask, value = c.Value, c.ValueTwo
	}
	if !wide {
		mask, value = mask<<32>>32, value<<32>>32
	}
	value &= mask
	if c.Op != Equal && c.Op != MaskedEqual {
		return fmt.Sprintf("arg%d op%d %x;", c.Index, c.Op, value)
	}
	if mask>>32 != 0 {
		text = fmt.Sprintf("high%d&%x=%x;", c.Index, mask>>32, value>>32)
	}
	if mask<<32 != 0 {
		text += fmt.Sprintf("low%d&%x=%x;", c.Index, mask<<32, value<<32)
	}
	return text
}

func refText(r refRule, wide bool) (text string) {
	for _, c := range r.conds {
		text += refWords(c, wide)
	}
	return text
}

func refHolds(r refRule, wide bool, args [6]uint64) bool {
	for _, c := range r.conds {
		a, v, w := args[c.Index], c.Value, c.ValueTwo
		if !wide {
			a, v, w = a&0xffffffff, v&0xffffffff, w&0xffffffff
		}
		holds := map[Op]bool{
			NotEqual: a != v, Less: a < v, LessEqual: a <= v, Equal: a == v,
			GreaterEqual: a >= v, Greater: a > v, MaskedEqual: a&v == w&v,
		}
		if !holds[c.Op] {
			return false
		}
	}
	return true
}

// refBefore reports whether x is tried before y, which comes earlier in the
// profile.
func refBefore(x, y refRule, wide bool) bool {
	kind := map[Op]int{NotEqual: 0, Equal: 0, MaskedEqual: 0, Less: 1, LessEqual: 1, Greater: 2, GreaterEqual: 2}
	value := func(c ArgCond) uint64 {
		v := c.Value
		if c.Op == MaskedEqual {
			v = c.Value & c.ValueTwo
		}
		if !wide {
			v &= 0xffffffff
		}
		return v
	}
	for i := range min(len(x.conds), len(y.conds)) {
		a, b := x.conds[i], y.conds[i]
		switch {
		case a.Index != b.Index:
			return a.Index > b.Index
		case kind[a.Op] != kind[b.Op]:
			return kind[a.Op] < kind[b.Op]
		case value(a) != value(b) && kind[a.Op] == 1:
			return value(a) < value(b)
		case value(a) != value(b):
			return value(a) > value(b)
		}
	}
	return len(x.conds) > len(y.conds)
}
