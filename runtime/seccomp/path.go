package seccomp

import (
	"cmp"
	"slices"
)

// A condition is an ArgCond, or the half of one, on a given architecture.
// Equality of an argument of 64 bits becomes two conditions, one on each word,
// so that clauses can share one of them; an order has to look at both at once.
type condition struct {
	op    Op     // Equal for one word; never MaskedEqual
	arg   uint8  // number of the argument
	high  bool   // of Equal: it is about the high word
	mask  uint32 // of Equal
	value uint64
}

// A path is a clause on a given architecture.
type path struct {
	conds []condition
	keys  []sortKey // of each of the clause's conditions
	value uint32
}

// add adds what cond means on an architecture whose arguments have 64 bits, if
// wide, or 32. Words that a mask ignores need no condition.
func (p *path) add(cond ArgCond, wide bool) {
	op, arg, mask, value := cond.Op, uint8(cond.Index), ^uint64(0), cond.Value
	if op == MaskedEqual {
		op, mask, value = Equal, cond.Value, cond.ValueTwo&cond.Value
	}
	if !wide {
		mask, value = mask&0xffffffff, value&0xffffffff
	}
	if mask == 0 {
		return
	}
	p.keys = append(p.keys, newSortKey(op, arg, value))
	if op != Equal {
		p.conds = append(p.conds, condition{op: op, arg: arg, value: value})
		return
	}
	if high := uint32(mask >> 32); high != 0 {
		p.conds = append(p.conds, condition{Equal, arg, true, high, value >> 32})
	}
	if low := uint32(mask); low != 0 {
		p.conds = append(p.conds, condition{Equal, arg, false, low, value & 0xffffffff})
	}
}

// withoutShadowed returns the paths that do not begin with all conditions of
// an earlier one, which decides alone then.
func withoutShadowed(paths []path) []path {
	kept := paths[:0]
	for _, p := range paths {
		shadowed := slices.ContainsFunc(kept, func(q path) bool {
			return len(q.conds) <= len(p.conds) && slices.Equal(q.conds, p.conds[:len(q.conds)])
		})
		if !shadowed {
			kept = append(kept, p)
		}
	}
	return kept
}

// A sortKey is what decides on the place of a condition, see comparePaths.
type sortKey struct {
	arg, class uint8
	rank       uint64
}

func newSortKey(op Op, arg uint8, value uint64) sortKey {
	switch op {
	case Less, LessEqual:
		return sortKey{arg, 1, value}
	case Greater, GreaterEqual:
		return sortKey{arg, 2, ^value}
	}
	return sortKey{arg, 0, ^value}
}

// comparePaths puts paths into the order in which libseccomp tries them: those
// on later arguments first, equality before upper bounds before lower bounds,
// the tighter of two bounds first, and of two beginnings alike the longer path.
func comparePaths(a, b path) int {
	for i := range min(len(a.keys), len(b.keys)) {
		x, y := a.keys[i], b.keys[i]
		order := cmp.Or(cmp.Compare(y.arg, x.arg), cmp.Compare(x.class, y.class), cmp.Compare(x.rank, y.rank))
		if order != 0 {
			return order
		}
	}
	return cmp.Compare(len(b.keys), len(a.keys))
}
