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

// verdict returns the node that decides a call by the clauses for it, which
// come in the order of the profile. See Compile for their precedence.
func (c *compiler) verdict(list []clause, a *archInfo) (ref, error) {
	if len(list) == 1 && len(list[0].conds) == 0 {
		return c.graph.end(list[0].value), nil // nearly always
	}
	paths := make([]path, 0, len(list))
	for _, l := range list {
		p := path{value: l.value}
		for _, cond := range l.conds {
			p.add(cond, a.wide)
		}
		if len(p.conds) == 0 {
			return c.graph.end(l.value), nil
		}
		paths = append(paths, p)
	}
	if len(paths) > maxInstructions {
		return 0, errTooMany
	}
	paths = withoutShadowed(paths)
	slices.SortStableFunc(paths, comparePaths)
	return c.chain(paths, c.byDefault, a), nil
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

// chain returns the node that takes the first of the paths whose conditions
// all hold, or goes on at next. Neighbours that begin with the same condition
// share it.
func (c *compiler) chain(paths []path, next ref, a *archInfo) ref {
	if len(paths) == 0 {
		return next
	}
	if len(paths[0].conds) == 0 {
		return c.graph.end(paths[0].value)
	}
	first, run := paths[0].conds[0], 1
	for run < len(paths) && len(paths[run].conds) > 0 && paths[run].conds[0] == first {
		run++
	}
	next = c.chain(paths[run:], next, a)
	for i := range run {
		paths[i].conds = paths[i].conds[1:]
	}
	return c.condition(first, c.chain(paths[:run], next, a), next, a)
}

// condition returns the node that goes on at yes if cond holds, else at no.
func (c *compiler) condition(cond condition, yes, no ref, a *archInfo) ref {
	low := wordArgs + 8*word(cond.arg)
	high := low + 4
	if a.bigEndian() {
		low, high = high, low
	}
	compare := func(w word, op uint16, k uint32, yes, no ref) ref {
		return c.graph.branch(test{w, ^uint32(0), op, k}, yes, no)
	}
	top, bottom := uint32(cond.value>>32), uint32(cond.value)
	switch cond.op {
	case Equal:
		if cond.high {
			low = high
		}
		return c.graph.branch(test{low, cond.mask, opEqual, bottom}, yes, no)
	case NotEqual:
		same := compare(low, opEqual, bottom, no, yes)
		if a.wide {
			same = compare(high, opEqual, top, same, yes)
		}
		return same
	case Less, LessEqual:
		yes, no = no, yes // the opposite of GreaterEqual and Greater
	}
	op := opAbove
	if cond.op == GreaterEqual || cond.op == Less {
		op = opAtLeast
	}
	above := compare(low, op, bottom, yes, no)
	if a.wide {
		above = compare(high, opAbove, top, yes, compare(high, opEqual, top, above, no))
	}
	return above
}
