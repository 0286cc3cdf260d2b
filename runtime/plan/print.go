package plan

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
)

// Step is the i-th step of the program in words, as strace(1) prints a system call: what an error message quotes. A
// descriptor is followed by what it stands for: "$4</proc>" is the fourth slot of memory, which holds /proc at that
// point. The text is one line without control characters. Step panics if there is no step i.
func (p *Plan) Step(i int) string { return newPrinter(p).action(i) }

// printer prints the steps of one plan.
type printer struct {
	*Plan
	names map[program.Mem]string
}

func newPrinter(p *Plan) *printer { return &printer{p, nameMemory(p.Program.Steps)} }

// words is one step taken apart.
type words struct {
	call string // the system call, or what the step does instead
	args []string
}

// parts takes the i-th step apart.
func (r *printer) parts(i int) words {
	s := &r.Program.Steps[i]
	switch {
	case isFailure(s):
		return words{"failure", []string{r.target(program.Label(s.Args[0].N))}}
	case s.Op == program.OpMove:
		return words{"move", []string{r.moved(i)}}
	case s.Op == program.OpTest:
		return words{"test", []string{r.value(s.Args[0]), hex(s.Args[1].N), hex(s.Args[2].N)}}
	case s.Op == program.OpFail:
		return words{"fail", []string{errnoName(uint32(s.Args[0].N))}}
	case s.Op == program.OpCrash:
		return words{"crash", nil}
	}
	row := findCall(s)
	w := words{call: row.name}
	for at := range row.params {
		w.args = append(w.args, r.argument(i, at, &row.params[at]))
	}
	return w
}

// action says what the i-th step does, but not what comes of it.
func (r *printer) action(i int) string {
	s := &r.Program.Steps[i]
	switch {
	case isFailure(s):
		return "from here on a failure goes to " + r.target(program.Label(s.Args[0].N))
	case s.Op == program.OpMove:
		return r.memory(s.Result) + " = " + r.moved(i)
	case s.Op == program.OpTest:
		return r.condition(i)
	case s.Op == program.OpFail:
		return "fail with " + errnoName(uint32(s.Args[0].N))
	case s.Op == program.OpCrash:
		return "crash"
	}
	w := r.parts(i)
	return w.call + "(" + strings.Join(w.args, ", ") + ")"
}

// line is all of the i-th step: where its result goes, what it does, where it leads.
func (r *printer) line(i int) string {
	s := &r.Program.Steps[i]
	text := r.action(i)
	if result := r.result(i); result != "" && s.Op == program.OpCall {
		text = result + " = " + text
	}
	if s.Op == program.OpTest {
		return text
	}
	text += r.ways(i)
	if s.Next != 0 {
		text += "; then " + r.way(i, s.Next)
	}
	return text
}

// ways says where the errors lead that the i-th step has cases for.
func (r *printer) ways(i int) (text string) {
	on := r.Program.Steps[i].On
	for k, c := range on {
		text += errnoName(c.Errno)
		if k+1 < len(on) && r.Program.Where(on[k+1].To) == r.Program.Where(c.To) {
			text += "|"
			continue
		}
		text += ": " + r.way(i, c.To)
		if k+1 < len(on) {
			text += "; "
		}
	}
	if text != "" {
		text = "; " + text
	}
	return text
}

// result names where the i-th step keeps its result, "" if nowhere.
func (r *printer) result(i int) string {
	s := &r.Program.Steps[i]
	if s.Result.Kind != program.ArgAddr || isFailure(s) {
		return ""
	}
	return r.memory(s.Result)
}

// condition is a test with both its ways out; one that leads to the step behind it goes without saying.
func (r *printer) condition(i int) string {
	s := &r.Program.Steps[i]
	value, mask, want := s.Args[0], s.Args[1].N, s.Args[2].N
	if value.Kind == program.ArgInt && value.N&mask == want {
		return r.way(i, s.Next)
	}
	left, right := r.value(value), hex(want)
	switch {
	case mask == 0xff:
		left, right = left+" & 0xff", strconv.QuoteRune(rune(want))
	case mask == unix.S_IFMT:
		left, right = left+" & S_IFMT", oneOf(fileTypes, want)
	case mask != ^uint64(0) && want <= mask:
		left += " & " + hex(mask)
	}
	yes, no := r.way(i, s.Next), r.way(i, s.On[0].To)
	switch {
	case no == goOn:
		return "if " + left + " == " + right + " " + yes
	case yes == goOn:
		return "if " + left + " != " + right + " " + no
	}
	return "if " + left + " == " + right + " " + yes + ", else " + no
}

// goOn is the way to the step behind.
const goOn = "go on"

// way says where a label leads the i-th step.
func (r *printer) way(i int, to program.Label) string {
	if to == 0 || r.Program.Where(to) == i+1 {
		return goOn
	}
	return "go to " + r.target(to)
}

// target is the number of the step that a label stands before.
func (r *printer) target(to program.Label) string { return strconv.Itoa(r.Program.Where(to)) }

// moved is the value that the i-th step, a move, keeps: a message's kind where the report of a failure begins.
func (r *printer) moved(i int) string {
	s := &r.Program.Steps[i]
	switch {
	case s.Args[0].Kind == program.ArgLoad:
		return r.slot(i, s.Args[0])
	case s.Args[0].Kind == program.ArgInt && s.Result.Mem == program.TagAt.Mem:
		return oneOf(messageKinds, s.Args[0].N)
	}
	return r.value(s.Args[0])
}

// isFailure reports whether a step is what program.Failure adds: a move to the word in front of the tag.
func isFailure(s *program.Step) bool {
	before := program.TagAt
	before.N -= 8
	return s.Op == program.OpMove && s.Result.Mem == before.Mem && s.Result.N == before.N
}

func errnoName(errno uint32) string {
	if errno == program.AnyErrno {
		return "any error"
	}
	if name := unix.ErrnoName(unix.Errno(errno)); name != "" {
		return name
	}
	return fmt.Sprintf("errno %d", errno)
}

// hex spells small numbers as people do and the rest, which are bits, in hexadecimal.
func hex(n uint64) string {
	if n < 10 {
		return strconv.FormatUint(n, 10)
	}
	return fmt.Sprintf("%#x", n)
}
