package seccomp

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
