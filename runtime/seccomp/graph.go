package seccomp

// A word is the offset of a 32-bit word in struct seccomp_data, all that
// seccomp lets a filter load.
type word uint32

const (
	wordNumber word = 0
	wordArch   word = 4
	wordArgs   word = 16 // of the first of six arguments of 64 bits each
)

// The instruction set of classic BPF (linux/bpf_common.h) as far as we use it.
// It is what the kernel's seccomp_is_const_allow can interpret, so a call that
// is allowed whatever its arguments does not run the filter at all on Linux
// 5.11 or newer.
const (
	opLoad    uint16 = 0x20 // BPF_LD|BPF_W|BPF_ABS
	opAnd     uint16 = 0x54 // BPF_ALU|BPF_AND|BPF_K
	opJump    uint16 = 0x05 // BPF_JMP|BPF_JA
	opEqual   uint16 = 0x15 // BPF_JMP|BPF_JEQ|BPF_K
	opAbove   uint16 = 0x25 // BPF_JMP|BPF_JGT|BPF_K
	opAtLeast uint16 = 0x35 // BPF_JMP|BPF_JGE|BPF_K
	opReturn  uint16 = 0x06 // BPF_RET|BPF_K
)

// A test compares the masked word with k.
type test struct {
	word word
	mask uint32
	op   uint16 // opEqual, opAbove or opAtLeast
	k    uint32
}

// A ref is the index of a node. A node refers to lower indices only.
type ref int32

// A node is a test and where to go on if it holds and if it does not; or, with
// opReturn, the end with the value k.
type node struct {
	test
	yes, no ref
}

// A graph is a decision graph. Returns and tests of arguments are stored once,
// and neither a test that has only one outcome nor one that the test before it
// decides is stored at all: so code is shared and jumps are threaded from the
// start. Tests of the call's number are not worth the search for equals.
type graph struct {
	nodes []node
	index map[node]ref // of the nodes that test an argument
	ends  []ref        // the nodes that return: few, and nearly all calls need one
}

func newGraph() *graph {
	return &graph{nodes: make([]node, 0, 512), index: map[node]ref{}}
}

// end returns the node that returns value.
func (g *graph) end(value uint32) ref {
	for _, r := range g.ends {
		if g.nodes[r].k == value {
			return r
		}
	}
	r := g.add(node{test: test{op: opReturn, k: value}})
	g.ends = append(g.ends, r)
	return r
}

// branch returns the node that goes on at yes if t holds, else at no.
func (g *graph) branch(t test, yes, no ref) ref {
	if holds, known := t.within(0, t.mask); known {
		return pick(holds, yes, no)
	}
	yes, no = g.thread(t, true, yes), g.thread(t, false, no)
	if yes == no {
		return yes
	}
	n := node{t, yes, no}
	if t.word < wordArgs {
		return g.add(n)
	}
	r, ok := g.index[n]
	if !ok {
		r = g.add(n)
		g.index[n] = r
	}
	return r
}

// thread skips the tests at to whose outcome follows from that of t.
func (g *graph) thread(t test, outcome bool, to ref) ref {
	for {
		n := &g.nodes[to]
		holds, known := t.implies(outcome, n.test)
		if !known {
			return to
		}
		to = pick(holds, n.yes, n.no)
	}
}

func (g *graph) add(n node) ref {
	g.nodes = append(g.nodes, n)
	return ref(len(g.nodes) - 1)
}

func pick(holds bool, yes, no ref) ref {
	if holds {
		return yes
	}
	return no
}

// implies returns the result of u given that of t, if it follows.
func (t test) implies(outcome bool, u test) (holds, known bool) {
	if u.op == opReturn || t.word != u.word || t.mask != u.mask {
		return false, false
	}
	switch {
	case t.op == opEqual && outcome:
		return u.within(t.k, t.k)
	case t.op == opEqual:
		return false, t == u
	case t.op == opAbove && outcome:
		return u.within(t.k+1, t.mask)
	case t.op == opAbove:
		return u.within(0, t.k)
	case outcome:
		return u.within(t.k, t.mask)
	default:
		return u.within(0, t.k-1)
	}
}

// within returns the result of t if it is the same for all values from low to
// high.
func (t test) within(low, high uint32) (holds, known bool) {
	switch t.op {
	case opEqual:
		return low == t.k, low == t.k && high == t.k || t.k < low || t.k > high
	case opAbove:
		return low > t.k, low > t.k || high <= t.k
	default: // opAtLeast
		return low >= t.k, low >= t.k || high < t.k
	}
}
