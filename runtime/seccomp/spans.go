package seccomp

// A span is a range of call numbers, up to the next span, that share a node.
type span struct {
	first uint32
	node  ref
	calls int // how many of the numbers are calls that Linux has
}

// spans cover all numbers from 0 in ascending order.
type spans []span

// add begins a span, or extends the last one if it shares the node.
func (s *spans) add(first uint32, node ref, calls int) {
	if last := len(*s) - 1; last >= 0 && (*s)[last].node == node {
		(*s)[last].calls += calls
		return
	}
	*s = append(*s, span{first, node, calls})
}

// spans returns what happens to each number on architecture a. X86_64 and X32
// have the same seccomp_data.arch and share the numbers between them.
func (c *compiler) spans(a Arch) (spans, error) {
	var s spans
	if a != X86_64 && a != X32 {
		err := c.addCalls(&s, &arches[a], 0)
		return s, err
	}
	if !c.listed(X86_64) {
		s.add(0, c.badArch, 0)
	} else if err := c.addCalls(&s, &arches[X86_64], 0); err != nil {
		return nil, err
	}
	if c.listed(X32) {
		err := c.addCalls(&s, &arches[X32], x32Bit)
		return s, err
	}
	s.add(x32Bit, c.badArch, 0)
	// The filter runs again on a number that a tracer changed, and must
	// not kill what -1 is meant to skip (seccomp(2)).
	s.add(skipped, c.byDefault, 0)
	return s, nil
}

// addCalls adds the numbers of a, which begin at first.
func (c *compiler) addCalls(s *spans, a *archInfo, first uint32) error {
	newest := c.newest(a)
	next, unnamed := first, c.byDefault
	if newest != 0 && a.hidesUnknown {
		s.add(0, c.tooNew, 0)
		next = 1
	}
	for i, call := range a.calls {
		node := unnamed
		if c.named(call.name, a) {
			var err error
			if node, err = c.decide(call.name, a); err != nil {
				return err
			}
		}
		if call.number > next {
			s.add(next, unnamed, 0)
		}
		s.add(call.number, node, 1)
		next = call.number + 1
		if i+1 == newest {
			unnamed = c.tooNew
		}
	}
	s.add(next, unnamed, 0)
	return nil
}

// newest returns how many of a's calls are no newer than the newest one that
// the profile names, or zero if calls newer than that are not to fail with
// ENOSYS. Calls of a private block do not count.
func (c *compiler) newest(a *archInfo) int {
	for i := len(a.calls); i > 0 && c.tooNew != c.byDefault; i-- {
		call := a.calls[i-1]
		if (a.private == 0 || call.number < a.private) && c.named(call.name, a) {
			if call.number == 0 {
				return 0 // as in runc, to which 0 is no call
			}
			return i
		}
	}
	return 0
}

// search returns the node that finds the span of a number. It splits where
// either side has about as many calls, so that of two spans the one with more
// calls, which is likelier to be looked for, is found in fewer steps.
func (g *graph) search(s spans) ref {
	sums := make([]int, len(s)+1)
	for i, span := range s {
		sums[i+1] = sums[i] + max(span.calls, 1)
	}
	return g.searchIn(s, sums)
}

func (g *graph) searchIn(s spans, sums []int) ref {
	if len(s) == 1 {
		return s[0].node
	}
	// One number apart from those around it takes one test, not two.
	if len(s) == 3 && s[0].node == s[2].node && s[1].first+1 == s[2].first {
		return g.branch(test{wordNumber, ^uint32(0), opEqual, s[1].first}, s[1].node, s[0].node)
	}
	middle := (sums[0] + sums[len(s)]) / 2
	at := 1
	for at < len(s)-1 && sums[at+1] <= middle {
		at++
	}
	if at < len(s)-1 && sums[at+1]-middle < middle-sums[at] {
		at++
	}
	above := g.searchIn(s[at:], sums[at:])
	return g.branch(test{wordNumber, ^uint32(0), opAtLeast, s[at].first}, above, g.searchIn(s[:at], sums[:at+1]))
}
