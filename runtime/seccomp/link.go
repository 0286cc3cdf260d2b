package seccomp

import (
	"errors"
	"slices"
)

// An Instruction is struct sock_filter of linux/filter.h.
type Instruction struct {
	Code   uint16
	JT, JF uint8
	K      uint32
}

// maxInstructions is BPF_MAXINSNS of linux/bpf_common.h.
const maxInstructions = 4096

// maxJump is how many instructions a conditional jump can skip.
const maxJump = 255

// A linker turns the nodes of a graph into instructions, the last one first:
// jumps go forward only, and so a jump's target is always there already.
type linker struct {
	nodes []node
	code  []Instruction // in reverse
	// Where to enter a node: warm if its word is already loaded, cold if
	// not; an index in code, or none. Far from the node it is the nearest
	// jump to it, or the nearest copy of a return.
	warm, cold []int
}

const none = -1

// link returns the instructions that begin at root.
func link(nodes []node, root ref) ([]Instruction, error) {
	l := &linker{
		nodes: nodes[:root+1],
		code:  make([]Instruction, 0, 512),
		warm:  make([]int, root+1),
		cold:  make([]int, root+1),
	}
	for i := range l.warm {
		l.warm[i], l.cold[i] = none, none
	}
	reached, needsLoad := l.reach(root)
	for i := range l.nodes {
		if reached[i] && l.nodes[i].op != opReturn {
			l.node(ref(i), needsLoad[i])
		}
		if len(l.code) > maxInstructions {
			return nil, errTooMany
		}
	}
	if l.nodes[root].op == opReturn {
		l.emit(Instruction{Code: opReturn, K: l.nodes[root].k})
	}
	slices.Reverse(l.code)
	return l.code, nil
}

// reach reports which nodes are reachable from root, and which of them from a
// node that leaves another word loaded.
func (l *linker) reach(root ref) (reached, needsLoad []bool) {
	reached, needsLoad = make([]bool, root+1), make([]bool, root+1)
	reached[root], needsLoad[root] = true, true
	for i := root; i >= 0; i-- {
		n := &l.nodes[i]
		if !reached[i] || n.op == opReturn {
			continue
		}
		for _, to := range [...]ref{n.yes, n.no} {
			reached[to] = true
			needsLoad[to] = needsLoad[to] || !l.sharesLoad(n, to)
		}
	}
	return reached, needsLoad
}

// sharesLoad reports whether n leaves loaded what the node at to tests.
func (l *linker) sharesLoad(n *node, to ref) bool {
	t := &l.nodes[to]
	return n.word == t.word && n.mask == t.mask
}

// node emits the test of node i, and its loading if other nodes need it.
func (l *linker) node(i ref, load bool) {
	n := &l.nodes[i]
	no := l.entry(n, n.no)
	yes := l.entry(n, n.yes)
	at := len(l.code)
	l.emit(Instruction{n.op, uint8(at - yes - 1), uint8(at - no - 1), n.k})
	l.warm[i] = at
	if !load {
		return
	}
	if n.mask != ^uint32(0) {
		l.emit(Instruction{Code: opAnd, K: n.mask})
	}
	l.emit(Instruction{Code: opLoad, K: uint32(n.word)})
	l.cold[i] = len(l.code) - 1
}

// entry returns where a jump from n, the next instruction but one at most, gets
// to the node at to. What is too far away for a jump it brings closer.
func (l *linker) entry(n *node, to ref) int {
	entries := l.cold
	if l.nodes[to].op == opReturn || l.sharesLoad(n, to) {
		entries = l.warm
	}
	at := entries[to]
	if at != none && len(l.code)-at <= maxJump {
		return at
	}
	if t := &l.nodes[to]; t.op == opReturn {
		l.emit(Instruction{Code: opReturn, K: t.k})
	} else {
		l.emit(Instruction{Code: opJump, K: uint32(len(l.code) - at - 1)})
	}
	entries[to] = len(l.code) - 1
	return entries[to]
}

func (l *linker) emit(i Instruction) { l.code = append(l.code, i) }

var errTooMany = errors.New("the filter has too many instructions: the kernel takes at most 4096 (BPF_MAXINSNS)")
