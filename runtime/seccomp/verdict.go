package seccomp

import "slices"

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
