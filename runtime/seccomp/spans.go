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

// spansOf returns what happens to each number on architecture a. X86_64 and X32
// have the same seccomp_data.arch and share the numbers between them.
func (c *compiler) spansOf(a Arch) (spans, error) {
	s := make(spans, 0, 256)
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
	if c.tooNew == c.byDefault {
		return 0
	}
	for i := len(a.calls); i > 0; i-- {
		call := a.calls[i-1]
		if a.private != 0 && call.number >= a.private || !c.named(call.name, a) {
			continue
		}
		if call.number == 0 {
			return 0 // as in runc, to which 0 is no call
		}
		return i
	}
	return 0
}
