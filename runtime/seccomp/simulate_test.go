package seccomp

import (
	"fmt"
	"testing"
)

// A seccompData is struct seccomp_data of linux/seccomp.h.
type seccompData struct {
	number  uint32
	arch    uint32
	pointer uint64
	args    [6]uint64
}

func (d seccompData) String() string {
	return fmt.Sprintf("call %d (%#x) of arch %#x with %#x", int32(d.number), d.number, d.arch, d.args)
}

// words returns d as the 32-bit words that a filter can load.
func (d seccompData) words(bigEndian bool) [16]uint32 {
	w := [16]uint32{0: d.number, 1: d.arch}
	for i, wide := range append([]uint64{d.pointer}, d.args[:]...) {
		low, high := 2+2*i, 3+2*i
		if bigEndian {
			low, high = high, low
		}
		w[low], w[high] = uint32(wide), uint32(wide>>32)
	}
	return w
}

// run interprets the program of f, on words that check has found to be
// within bounds. It returns what the program does and in how many steps.
func (f *Filter) run(words [16]uint32) (value uint32, steps int) {
	var a uint32
	for at := 0; ; at++ {
		steps++
		i := f.Program[at]
		holds := false
		switch i.Code {
		case opLoad:
			a = words[i.K/4]
			continue
		case opAnd:
			a &= i.K
			continue
		case opJump:
			at += int(i.K)
			continue
		case opReturn:
			return i.K, steps
		case opEqual:
			holds = a == i.K
		case opAbove:
			holds = a > i.K
		case opAtLeast:
			holds = a >= i.K
		}
		if holds {
			at += int(i.JT)
		} else {
			at += int(i.JF)
		}
	}
}

// checkProgram fails t if the kernel would refuse the program: it wants known
// instructions, loads within seccomp_data, jumps within the program, and no
// way off its end (bpf_check_classic and seccomp_check_filter).
func checkProgram(t testing.TB, f *Filter) {
	t.Helper()
	n := len(f.Program)
	if n == 0 || n > 4096 || f.Program[n-1].Code != opReturn {
		t.Fatalf("the program has %d instructions and may not end in a return", n)
	}
	for at, i := range f.Program {
		farthest := at
		switch i.Code {
		case opLoad:
			if i.K%4 != 0 || i.K >= 64 {
				t.Fatalf("instruction %d loads the word at %d", at, i.K)
			}
		case opJump:
			farthest = at + 1 + int(i.K)
		case opEqual, opAbove, opAtLeast:
			farthest = at + 1 + int(max(i.JT, i.JF))
		case opReturn, opAnd:
		default:
			t.Fatalf("instruction %d has the unknown code %#x", at, i.Code)
		}
		if farthest >= n {
			t.Fatalf("instruction %d jumps off the end, to %d", at, farthest)
		}
	}
}
