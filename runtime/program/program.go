// Package program is the vocabulary in which a container's init is written, and the linker that turns such a list
// of system calls into a static ELF image of a few KiB.
//
// A program is a list of steps over a small memory. Each step is one system call (or a move or a test of memory)
// with up to six arguments; its result can be kept in memory, and each errno can lead to another step. There is no
// stack, no heap and no function: what interprets the steps is the loop in interp_GOARCH.s, some hundred
// instructions that are copied into the image unchanged. The package is pure: same steps, same bytes.
package program

// Op is what a step does.
type Op uint8

const (
	// OpCall makes the system call Nr with Args; its result is stored, -4095 to -1 is an error.
	OpCall Op = iota
	// OpMove stores Args[0] in Result.
	OpMove
	// OpTest goes on to Next if Args[0]&Args[1] == Args[2], else to On[0].To.
	OpTest
	// OpFail goes to the failure label as a system call would that failed with the errno Args[0].
	OpFail
	// OpCrash ends the program by a fault, which a seccomp filter can't forbid as it can every system call.
	OpCrash
)

// MaxCases is how many errnos one step can tell apart.
const MaxCases = 3

// AnyErrno in a Case stands for every error.
const AnyErrno = 0xffffffff

// Label names a place in the program; the zero Label means "none". Labels come from NewLabel and are put in place
// by Mark.
type Label int

// Case says where to go on after a system call failed with Errno (AnyErrno: any).
type Case struct {
	Errno uint32
	To    Label
}

// Step is one entry of a program.
type Step struct {
	Op   Op
	Nr   uintptr // system call number, of the architecture the program is linked for
	Args []Arg   // at most 6; missing ones are 0
	// Result is where the result is kept: an Addr, or the zero Arg for nowhere.
	Result Arg
	// Next is where to go on after success; none: to the step that follows.
	Next Label
	// On holds at most MaxCases errors that are not failures, looked up in order. An error not found here goes to
	// the program's failure label (see Program.Failure), after its errno and its step were kept (ErrnoAt, StepAt).
	On []Case
}

// ArgKind says how an argument's value comes about.
type ArgKind uint8

const (
	// ArgInt is the number N.
	ArgInt ArgKind = iota
	// ArgBytes is the address of the read-only bytes Data.
	ArgBytes
	// ArgWords is the address of a read-only array of 8-byte words, each of which is an Arg of its own (but not an
	// ArgLoad): argv, an iovec, a sock_fprog.
	ArgWords
	// ArgAddr is the address N bytes into the memory Mem.
	ArgAddr
	// ArgLoad is the 8-byte word that is at that address when the step runs.
	ArgLoad
)

// Arg is one argument of a step.
type Arg struct {
	Kind  ArgKind
	N     uint64
	Data  string
	Words []Arg
	Mem   Mem
}

// Int is the number v; negative numbers (AT_FDCWD) are sign-extended as the kernel expects.
func Int[T ~int | ~int32 | ~int64 | ~uint | ~uint16 | ~uint32 | ~uint64 | ~uintptr](v T) Arg {
	return Arg{N: uint64(v)}
}

// ExitOnSignal is the address of a signal handler that ends the program with the status 128 plus the signal's number.
var ExitOnSignal = Int(textBase + handlerAt)

// Bytes is the address of b in read-only memory.
func Bytes(b []byte) Arg { return Arg{Kind: ArgBytes, Data: string(b)} }

// Str is the address of s, NUL-terminated, in read-only memory. s must not hold a NUL itself.
func Str(s string) Arg { return Arg{Kind: ArgBytes, Data: s + "\x00"} }

// Words is the address of a read-only array of words.
func Words(w ...Arg) Arg { return Arg{Kind: ArgWords, Words: w} }

// Strs is the address of a NULL-terminated array of strings, as execve(2) takes it.
func Strs(list []string) Arg {
	w := make([]Arg, 0, len(list)+1)
	for _, s := range list {
		w = append(w, Str(s))
	}
	return Words(append(w, Int(0))...)
}

// Mem is a piece of the program's writable memory.
type Mem int

// header is the memory every program has: where failures go, a tag, and the last failure.
const header Mem = 0

// TagAt is a word for the program's own use. Behind it stand ErrnoAt, the errno of the last system call that failed
// without a Case, and StepAt, the address of its step (see StepIndex): 24 bytes that can be sent as one record.
var (
	TagAt   = Arg{Kind: ArgAddr, Mem: header, N: 8}
	ErrnoAt = Arg{Kind: ArgAddr, Mem: header, N: 16}
	StepAt  = Arg{Kind: ArgAddr, Mem: header, N: 24}
)

// At is the address off bytes into m.
func (m Mem) At(off int) Arg { return Arg{Kind: ArgAddr, Mem: m, N: uint64(off)} }

// Load is the content of the 8-byte word off bytes into m.
func (m Mem) Load(off int) Arg { return Arg{Kind: ArgLoad, Mem: m, N: uint64(off)} }

// Addr is the address of a slot: where a step puts its result.
func (m Mem) Addr() Arg { return m.At(0) }

// Val is the content of a slot.
func (m Mem) Val() Arg { return m.Load(0) }

// memory is the layout-to-be of one Mem: initial words, or size zero bytes.
type memory struct {
	words []Arg
	size  int
}

// Program collects steps and memory. The zero value is not ready: use New.
type Program struct {
	Steps  []Step
	labels []int // step index of each label, -1: not yet marked
	mems   []memory
}

// New returns an empty program.
func New() *Program {
	return &Program{
		labels: []int{-1},
		mems:   []memory{{words: make([]Arg, 4)}},
	}
}

// Add appends a step.
func (p *Program) Add(s Step) { p.Steps = append(p.Steps, s) }

// NewLabel returns a label that is not in place yet.
func (p *Program) NewLabel() Label {
	p.labels = append(p.labels, -1)
	return Label(len(p.labels) - 1)
}

// Mark puts l before the step that is added next.
func (p *Program) Mark(l Label) { p.labels[l] = len(p.Steps) }

// Where returns the index of the step that l stands before, -1 if l is not in place.
func (p *Program) Where(l Label) int { return p.labels[l] }

// Slot reserves one word, initially 0.
func (p *Program) Slot() Mem { return p.Zero(8) }

// Zero reserves n bytes, initially 0.
func (p *Program) Zero(n int) Mem {
	p.mems = append(p.mems, memory{size: n})
	return Mem(len(p.mems) - 1)
}

// Data reserves writable words with initial values: a message header, a control message.
func (p *Program) Data(w ...Arg) Mem {
	p.mems = append(p.mems, memory{words: w})
	return Mem(len(p.mems) - 1)
}

// Initial is what the word at index of m holds when the program starts: the number 0 unless m came with more words.
func (p *Program) Initial(m Mem, index int) Arg {
	words := p.mems[m].words
	if index >= len(words) {
		return Arg{}
	}
	return words[index]
}

// Failure makes l the place where errors without a Case lead from here on. It is itself a step, so it can be
// changed while the program runs.
func (p *Program) Failure(l Label) {
	p.Add(Step{Op: OpMove, Args: []Arg{labelArg(l)}, Result: Arg{Kind: ArgAddr, Mem: header}})
}

// argLabel is the address of a labelled step; only Failure needs it.
const argLabel ArgKind = 255

func labelArg(l Label) Arg { return Arg{Kind: argLabel, N: uint64(l)} }
