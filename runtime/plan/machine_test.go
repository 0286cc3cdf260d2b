package plan

import (
	"fmt"
	"iter"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
)

// machine walks through a plan as the interpreter would, on a kernel of paper: descriptors are counted, not opened, and
// what a system call comes to is chosen by the test. It knows what a real run would only show by a wrong descriptor in
// a wrong place.
type machine struct {
	*Plan
	printer *printer
	words   map[word]uint64
	files   map[uint64]*descriptorOnPaper
	nextFD  uint64
	unused  []int // steps that made mounts which were closed before they were attached anywhere

	// choices says for each visit of a step with several outcomes which one it has; behind its end all have the usual.
	choices []int
	visits  []visit
	trace   []int // the steps taken
	failed  bool  // an error came that the plan had no case for
	errors  []string
}

// word is a place in memory.
type word struct {
	mem program.Mem
	off uint64
}

// descriptorOnPaper is an open descriptor.
type descriptorOnPaper struct {
	step     int // that made it, -1: open from the beginning
	isMount  bool
	attached bool
}

// visit is a step that was taken while it had several outcomes, and the one it had.
type visit struct{ step, outcome int }

// What values on paper look like: they are far enough apart to be told from each other.
const (
	firstFDOnPaper = 1000
	addressOnPaper = 1 << 40
	pidOnPaper     = 1 << 32
)

// runOnPaper walks through a plan.
func runOnPaper(r *printer, choices []int) *machine {
	p := r.Plan
	m := &machine{
		Plan: p, printer: r, nextFD: firstFDOnPaper, choices: choices,
		words: make(map[word]uint64), files: make(map[uint64]*descriptorOnPaper),
	}
	for fd := range uint64(p.FirstFile + len(p.Files)) {
		m.files[fd] = &descriptorOnPaper{step: -1}
	}
	at, limit := 0, 2*len(p.Program.Steps)
	for at >= 0 {
		if len(m.trace) > limit || at >= len(p.Program.Steps) {
			m.errorf(at, "the program does not end")
			break
		}
		m.trace = append(m.trace, at)
		at = m.take(at)
	}
	return m
}

func (m *machine) errorf(step int, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if step < len(m.Program.Steps) {
		text = fmt.Sprintf("step %d, %s: %s", step, m.printer.line(step), text)
	}
	if !slices.Contains(m.errors, text) {
		m.errors = append(m.errors, text)
	}
}

// choose is the outcome of a step.
func (m *machine) choose(step int) int {
	s := &m.Program.Steps[step]
	if m.outcomes(s) == 1 {
		return 0
	}
	outcome := usual(s)
	if len(m.visits) < len(m.choices) {
		outcome = m.choices[len(m.visits)]
	}
	m.visits = append(m.visits, visit{step, outcome})
	return outcome
}

// usual is the outcome that lets a container start: success, but for the test that the executable is no folder.
func usual(s *program.Step) int {
	if s.Nr == unix.SYS_OPENAT {
		return 1
	}
	return 0
}

// take takes one step and returns the next, -1 if there is none.
func (m *machine) take(at int) int {
	s := &m.Program.Steps[at]
	switch s.Op {
	case program.OpMove:
		m.words[word{s.Result.Mem, s.Result.N}] = m.value(at, s.Args[0], true)
		return m.follow(at, s.Next)
	case program.OpTest:
		if m.value(at, s.Args[0], false)&s.Args[1].N == s.Args[2].N {
			return m.follow(at, s.Next)
		}
		return m.Program.Where(s.On[0].To)
	case program.OpFail:
		return m.fail()
	case program.OpCrash:
		return -1
	}
	for _, a := range s.Args {
		m.checkArgument(at, a)
	}
	outcome := m.choose(at)
	switch {
	case outcome > 0 && outcome <= len(s.On):
		return m.Program.Where(s.On[outcome-1].To)
	case outcome == len(s.On)+1 && canSurprise(s):
		return m.fail()
	case s.Nr == unix.SYS_EXIT_GROUP || s.Nr == unix.SYS_EXECVE:
		return -1
	}
	m.succeed(at, uint64(outcome)/uint64(len(s.On)+1))
	return m.follow(at, s.Next)
}

func (m *machine) follow(at int, to program.Label) int {
	if to == 0 {
		return at + 1
	}
	return m.Program.Where(to)
}

// fail goes where an unforeseen error leads.
func (m *machine) fail() int {
	to, ok := m.words[word{program.TagAt.Mem, 0}]
	if !ok {
		m.errors = append(m.errors, "a failure before there is a place to go")
		return -1
	}
	m.failed = true
	return int(to)
}

// outcomes counts what a call can come to: 0 is success, then its cases, then an unforeseen error or, for the calls
// whose results are tested, another success.
func (m *machine) outcomes(s *program.Step) int {
	switch {
	case s.Nr == unix.SYS_EXIT_GROUP:
		return 1
	case len(s.On) > 0 && s.On[len(s.On)-1].Errno == program.AnyErrno:
		return 1 + len(s.On)
	}
	return 2 + len(s.On)
}

// canSurprise reports whether the last outcome of a call is an unforeseen error. Of calls whose result is tested the
// test's two ways are more interesting.
func canSurprise(s *program.Step) bool {
	switch s.Nr {
	case unix.SYS_RECVFROM, unix.SYS_RECVMSG, unix.SYS_READ, unix.SYS_CLONE, unix.SYS_STATX, unix.SYS_FSTATFS, unix.SYS_GETCWD:
		return false
	}
	return true
}

// succeed does what a call does; second is 1 for the other way to succeed, else 0.
func (m *machine) succeed(at int, second uint64) {
	s := &m.Program.Steps[at]
	result := uint64(0)
	switch s.Nr {
	case unix.SYS_OPENAT2, unix.SYS_OPENAT, unix.SYS_FSOPEN, unix.SYS_FSPICK, unix.SYS_FSMOUNT, unix.SYS_OPEN_TREE, unix.SYS_SOCKET:
		result = m.open(at, s.Nr == unix.SYS_FSMOUNT || s.Nr == unix.SYS_OPEN_TREE)
	case unix.SYS_IOCTL, unix.SYS_FCNTL:
		if cmd := s.Args[1].N; cmd == unix.TIOCGPTPEER || cmd == unix.F_DUPFD_CLOEXEC {
			result = m.open(at, false)
		}
	case unix.SYS_CLOSE:
		m.close(m.value(at, s.Args[0], true))
	case unix.SYS_MOVE_MOUNT:
		if f := m.files[m.value(at, s.Args[0], true)]; f != nil {
			f.attached = true
		}
	case unix.SYS_RECVFROM:
		result = 1 - second
	case unix.SYS_RECVMSG:
		result = 1 - second
		m.words[word{m.Program.Initial(s.Args[1].Mem, controlWord).Mem, 16}] = m.open(at, false)
	case unix.SYS_CLONE:
		result = pidOnPaper * second
	case unix.SYS_READ:
		m.words[word{s.Args[1].Mem, s.Args[1].N}] = program.ListenerPassed * (1 - second)
	case unix.SYS_KEYCTL, unix.SYS_SECCOMP:
		result = pidOnPaper
	case unix.SYS_STATX:
		m.fillIn(at, s.Args[4].Mem, second)
	case unix.SYS_FSTATFS:
		m.words[word{s.Args[1].Mem, 0}] = unix.PROC_SUPER_MAGIC + second
	case unix.SYS_GETCWD:
		m.words[word{s.Args[0].Mem, 0}] = uint64("/("[second])
	}
	if s.Result.Kind == program.ArgAddr {
		m.words[word{s.Result.Mem, s.Result.N}] = result
	}
}

// fillIn has a call write what the tests behind it want to see, but for the last of them the second time.
func (m *machine) fillIn(at int, mem program.Mem, second uint64) {
	var last word
	for at++; m.Program.Steps[at].Op == program.OpTest && m.Program.Steps[at].Args[0].Mem == mem; at++ {
		args := m.Program.Steps[at].Args
		last = word{mem, args[0].N}
		m.words[last] = args[2].N
	}
	m.words[last] ^= second
}

func (m *machine) open(at int, isMount bool) uint64 {
	m.nextFD++
	m.files[m.nextFD] = &descriptorOnPaper{step: at, isMount: isMount}
	return m.nextFD
}

func (m *machine) close(fd uint64) {
	if f := m.files[fd]; f != nil && f.isMount && !f.attached {
		m.unused = append(m.unused, f.step)
	}
	delete(m.files, fd)
}

// checkArgument reports memory that was never written, and descriptors that are not open.
func (m *machine) checkArgument(at int, a program.Arg) {
	n := m.value(at, a, true)
	if a.Kind == program.ArgLoad && n >= firstFDOnPaper && n <= m.nextFD && m.files[n] == nil {
		m.errorf(at, "%s is a closed descriptor", m.printer.memory(a))
		m.files[n] = &descriptorOnPaper{step: -1} // once is enough
	}
}

// value is an argument's value. With strict it must have been written before.
func (m *machine) value(at int, a program.Arg, strict bool) uint64 {
	switch a.Kind {
	case program.ArgInt:
		return a.N
	case program.ArgLoad:
		n, ok := m.words[word{a.Mem, a.N}]
		if !ok && strict {
			m.errorf(at, "%s is read before it is written", m.printer.memory(a))
		}
		return n
	case program.ArgBytes, program.ArgAddr, program.ArgWords:
		return addressOnPaper
	}
	return uint64(m.Program.Where(program.Label(a.N))) // a label
}

// started reports whether the walk ended in execve.
func (m *machine) started() bool {
	last := &m.Program.Steps[m.trace[len(m.trace)-1]]
	return last.Op == program.OpCall && last.Nr == unix.SYS_EXECVE
}

// explore walks through a plan so that every outcome of every step is met once, by the shortest change of a walk that
// came by.
func explore(r *printer) iter.Seq[*machine] {
	return func(yield func(*machine) bool) {
		met := make(map[visit]bool)
		for todo := [][]int{nil}; len(todo) > 0; todo = todo[1:] {
			m := runOnPaper(r, todo[0])
			for i, v := range m.visits {
				met[v] = true
				for other := range m.outcomes(&r.Program.Steps[v.step]) {
					if next := (visit{v.step, other}); !met[next] {
						met[next] = true
						todo = append(todo, append(m.outcomesBefore(i), other))
					}
				}
			}
			if !yield(m) {
				return
			}
		}
	}
}

// outcomesBefore are the outcomes of the first n visits.
func (m *machine) outcomesBefore(n int) []int {
	list := make([]int, n, n+1)
	for i := range list {
		list[i] = m.visits[i].outcome
	}
	return list
}
