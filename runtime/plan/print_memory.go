package plan

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
)

// reportWords name the words of the header that every program has, see program.TagAt.
var reportWords = [...]string{"failure", "tag", "errno", "step"}

// nameMemory names every piece of memory that the steps use: after what a system call has it for (print_calls.go), the
// last one if they differ; else $1, $2 and so on. Of several pieces with one use the second gets a 2, and so on.
func nameMemory(steps []program.Step) map[program.Mem]string {
	use := make(map[program.Mem]string)
	for i := range steps {
		nameUses(&steps[i], use)
	}
	names, count := make(map[program.Mem]string), make(map[string]int)
	for i := range steps {
		eachMemory(&steps[i], func(a program.Arg) {
			if _, ok := names[a.Mem]; ok || a.Mem == program.TagAt.Mem {
				return
			}
			name := use[a.Mem]
			if name == "" {
				name = "$"
			}
			count[name]++
			if n := count[name]; n > 1 || name == "$" {
				name += strconv.Itoa(n)
			}
			names[a.Mem] = name
		})
	}
	return names
}

// nameUses notes what one step uses memory for.
func nameUses(s *program.Step, use map[program.Mem]string) {
	if s.Op != program.OpCall {
		return
	}
	row := findCall(s)
	if row.result != "" && s.Result.Kind == program.ArgAddr {
		use[s.Result.Mem] = row.result
	}
	for at, param := range row.params {
		if param.use == "" || at >= len(s.Args) {
			continue
		}
		for _, a := range inMemory(s.Args[at]) {
			use[a.Mem] = param.use
		}
	}
}

// inMemory lists the addresses and loads of an argument, those inside an array included.
func inMemory(a program.Arg) (list []program.Arg) {
	switch a.Kind {
	case program.ArgAddr, program.ArgLoad:
		return []program.Arg{a}
	case program.ArgWords:
		for _, w := range a.Words {
			list = append(list, inMemory(w)...)
		}
	}
	return list
}

// eachMemory visits all memory of a step in the order in which it reads: the result first, as that is printed first.
func eachMemory(s *program.Step, visit func(program.Arg)) {
	for _, a := range inMemory(s.Result) {
		visit(a)
	}
	for _, arg := range s.Args {
		for _, a := range inMemory(arg) {
			visit(a)
		}
	}
}

// memory is the name of a word: that of its piece, and its index if it is not the first, or its offset in bytes if it
// lies across two.
func (r *printer) memory(a program.Arg) string {
	switch {
	case a.Mem == program.TagAt.Mem:
		return reportWords[a.N/8]
	case a.N == 0:
		return r.names[a.Mem]
	case a.N%8 != 0:
		return r.names[a.Mem] + "+" + strconv.FormatUint(a.N, 10)
	}
	return r.names[a.Mem] + "[" + strconv.FormatUint(a.N/8, 10) + "]"
}

// slot is the content of a word: its name and, if it is a descriptor, what that stands for when step i runs.
func (r *printer) slot(i int, a program.Arg) string {
	name := r.memory(a)
	if what := r.origin(i, a); what != "" && name != rootName {
		return name + "<" + visible(what) + ">"
	}
	return name
}

// origin says what the descriptor in a word stands for when step i runs: the path it was opened at, or the type of a
// file system. That is what the closest step before i put there; ways that join again bring the same.
func (r *printer) origin(i int, word program.Arg) string {
	for i--; i >= 0; i-- {
		result := r.Program.Steps[i].Result
		if r.Program.Steps[i].Nr == unix.SYS_EXECVE {
			return "" // only failures lead behind it, from anywhere
		}
		if result.Kind == program.ArgAddr && result.Mem == word.Mem && result.N == word.N {
			return r.opened(i)
		}
	}
	return ""
}

// opened says what the descriptor stands for that is the result of step i.
func (r *printer) opened(i int) string {
	s := &r.Program.Steps[i]
	if s.Op == program.OpMove {
		if what := r.standsFor(i, s.Args[0]); what != "" {
			return what
		}
		return r.sent(i, s.Args[0])
	}
	switch s.Nr {
	case unix.SYS_OPENAT2, unix.SYS_OPENAT, unix.SYS_OPEN_TREE:
		return joinPath(r.standsFor(i, s.Args[0]), cString(s.Args[1]))
	case unix.SYS_FSOPEN:
		return cString(s.Args[0])
	case unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_FCNTL:
		return r.standsFor(i, s.Args[0])
	case unix.SYS_IOCTL:
		return "pty"
	}
	return ""
}

// sent says what the descriptor stands for that step i takes out of a message which the parent sent, "" if it does not:
// what init asked for right before.
func (r *printer) sent(i int, word program.Arg) string {
	if word.Kind != program.ArgLoad || !r.isReceived(i, word.Mem) {
		return ""
	}
	for i--; i >= 0; i-- {
		s := &r.Program.Steps[i]
		if s.Op != program.OpCall || s.Nr != unix.SYS_SENDTO {
			continue
		}
		if request := r.request(i, s.Args[1].Mem); request != nil {
			return request.Path
		}
		return ""
	}
	return ""
}

// isReceived reports whether the closest recvmsg before step i has put its control message, the descriptor, into m.
func (r *printer) isReceived(i int, m program.Mem) bool {
	for i--; i >= 0; i-- {
		if s := &r.Program.Steps[i]; s.Op == program.OpCall && s.Nr == unix.SYS_RECVMSG {
			return r.Program.Initial(s.Args[1].Mem, controlWord).Mem == m
		}
	}
	return false
}

// controlWord is the word of struct msghdr that has the address of the control message.
const controlWord = 4

// request is what a message asks the parent to open when step i sends it, nil if it does not.
func (r *printer) request(i int, message program.Mem) *Request {
	if r.Program.Initial(message, 0).N != uint64(program.Open) {
		return nil
	}
	var number uint64 // of the first request, which is not moved into the message
	if at := r.lastMove(i, message, 1); at >= 0 {
		number = r.Program.Steps[at].Args[0].N
	}
	return &r.Requests[number]
}

// standsFor is the origin of a descriptor that is an argument of step i. Paths of the container start with a slash.
func (r *printer) standsFor(i int, fd program.Arg) string {
	switch {
	case fd.Kind != program.ArgLoad:
		return ""
	case r.memory(fd) == rootName:
		return "/"
	}
	return r.origin(i, fd)
}

func joinPath(folder, path string) string {
	switch {
	case folder == "":
		return path
	case path == "" || path == ".":
		return folder
	}
	return strings.TrimSuffix(folder, "/") + "/" + path
}

// cString is the text of a NUL-terminated string.
func cString(a program.Arg) string { return strings.TrimSuffix(a.Data, "\x00") }

// visible replaces what could drive a terminal: paths come from whoever wrote the config.
func visible(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return unicode.ReplacementChar
	}, s)
}
