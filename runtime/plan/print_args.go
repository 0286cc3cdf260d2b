package plan

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
)

// shown is one argument of a step on its way to paper.
type shown struct {
	*printer
	step int
	program.Arg
	next  program.Arg // the argument behind it
	names []constant
}

// argument prints the argument at of the i-th step. One that the step doesn't have is 0, as it is to the kernel.
func (r *printer) argument(i, at int, p *param) string {
	if p.as != "" {
		return p.as
	}
	return p.show(shown{r, i, argAt(r.Program.Steps[i].Args, at), argAt(r.Program.Steps[i].Args, at+1), p.names})
}

func argAt(args []program.Arg, at int) program.Arg {
	if at < len(args) {
		return args[at]
	}
	return program.Arg{}
}

// handler prints a struct sigaction: there is only one.
func handler(shown) string { return "{exit with 128 + signal}" }

// value prints an argument of which nothing is known but its kind.
func (r *printer) value(a program.Arg) string {
	switch a.Kind {
	case program.ArgInt:
		return strconv.FormatInt(int64(a.N), 10)
	case program.ArgBytes:
		return strconv.Quote(cString(a))
	case program.ArgWords:
		return r.values(a.Words)
	default:
		return r.memory(a)
	}
}

func (r *printer) values(list []program.Arg) string {
	words := make([]string, len(list))
	for i, a := range list {
		words[i] = r.value(a)
	}
	return "[" + strings.Join(words, ", ") + "]"
}

// known tells a value that is in the program from one that is in memory, for which there is but a name.
func known(a shown) (n uint64, name string, ok bool) {
	if a.Kind == program.ArgInt {
		return a.N, "", true
	}
	return 0, a.value(a.Arg), false
}

// word is the index-th word of an array.
func (a shown) word(index int) program.Arg { return argAt(a.Words, index) }

func number(a shown) string      { return a.value(a.Arg) }
func text(a shown) string        { return a.value(a.Arg) }
func data(a shown) string        { return strconv.Quote(a.Data) }
func buffer(a shown) string      { return a.memory(a.Arg) }
func hexadecimal(a shown) string { return hex(a.N) }

// anything is an argument of which nothing is known: a number may be flags.
func anything(a shown) string {
	if a.Kind == program.ArgInt && int64(a.N) >= 0 {
		return hex(a.N)
	}
	return a.value(a.Arg)
}

// list is a NULL-terminated array of strings.
func list(a shown) string {
	words := a.Words
	if n := len(words); n > 1 && words[n-1].Kind == program.ArgInt {
		words = words[:n-1]
	}
	return a.values(words)
}

// descriptor is a file descriptor with what it stands for: "3<socket>", "root", "$2</dev>".
func descriptor(a shown) string {
	n, _, ok := known(a)
	switch {
	case a.Kind == program.ArgLoad:
		return a.slot(a.step, a.Arg)
	case ok && int32(n) == unix.AT_FDCWD:
		return "AT_FDCWD"
	case ok && a.file(n) != nil:
		return strconv.FormatUint(n, 10) + "<" + visible(a.file(n).name()) + ">"
	}
	return a.value(a.Arg)
}

// bits are flags.
func bits(a shown) string {
	n, name, ok := known(a)
	if !ok {
		return name
	}
	return allOf(a.names, n)
}

// choice is one value out of several.
func choice(a shown) string {
	n, name, ok := known(a)
	if !ok {
		return name
	}
	return oneOf(a.names, n)
}

// openBits are flags as open(2) takes them. O_PATH makes the access mode meaningless.
func openBits(a shown) string {
	n, name, ok := known(a)
	switch {
	case !ok:
		return name
	case n&unix.O_PATH != 0:
		return allOf(openFlags, n)
	}
	access := oneOf(openModes, n&unix.O_ACCMODE)
	if n &^= unix.O_ACCMODE; n != 0 {
		return access + "|" + allOf(openFlags, n)
	}
	return access
}

// openHow is struct open_how: flags, mode, resolve.
func openHow(a shown) string {
	text := "{" + openBits(shown{printer: a.printer, Arg: a.word(0)})
	if m := a.word(1); m.N != 0 {
		text += ", " + octal(m.N)
	}
	if resolve := a.word(2); resolve.N != 0 {
		text += ", " + allOf(a.names, resolve.N)
	}
	return text + "}"
}

// mode is a file's type and permissions.
func mode(a shown) string {
	n, name, ok := known(a)
	switch {
	case !ok:
		return name
	case n&unix.S_IFMT == 0:
		return octal(n)
	}
	return oneOf(fileTypes, n&unix.S_IFMT) + "|" + octal(n&^unix.S_IFMT)
}

func octal(n uint64) string { return fmt.Sprintf("%#o", n) }

func device(a shown) string {
	if a.N == 0 {
		return "0"
	}
	return fmt.Sprintf("%d:%d", unix.Major(a.N), unix.Minor(a.N))
}

// socketType is a type of socket in the low bits and flags above them.
func socketType(a shown) string {
	const typeMask = 0xf
	return oneOf(socketTypes, a.N&typeMask) + "|" + allOf(a.names, a.N&^typeMask)
}

func signal(a shown) string {
	if a.N == 0 {
		return "0"
	}
	return unix.SignalName(unix.Signal(a.N))
}

// cloneFlags are those of clone(2), the lowest byte of which is the signal that the parent gets.
func cloneFlags(a shown) string {
	return allOf(a.names, a.N&^0xff) + "|" + unix.SignalName(unix.Signal(a.N&0xff))
}

// mountAttr is struct mount_attr. An atime mode is one value of a field: relatime is its zero, which only shows by the
// field being cleared.
func mountAttr(a shown) string {
	set, clear, propagation := a.word(0).N, a.word(1).N, a.word(2).N
	var parts []string
	if clear&unix.MOUNT_ATTR__ATIME != 0 && set&unix.MOUNT_ATTR__ATIME == 0 {
		parts = append(parts, "MOUNT_ATTR_RELATIME")
	}
	if set != 0 {
		parts = append(parts, allOf(a.names, set))
	}
	var members []string
	if len(parts) > 0 {
		members = append(members, "set: "+strings.Join(parts, "|"))
	}
	if clear != 0 {
		members = append(members, "clear: "+allOf(a.names, clear))
	}
	if propagation != 0 {
		members = append(members, "propagation: "+allOf(propagationTypes, propagation))
	}
	return "{" + strings.Join(members, ", ") + "}"
}

// rlimit is struct rlimit64: soft and hard.
func rlimit(a shown) string {
	return "{soft: " + oneOf(infinity, a.word(0).N) + ", hard: " + oneOf(infinity, a.word(1).N) + "}"
}

// groupIDs are 4 bytes each.
func groupIDs(a shown) string {
	ids := make([]string, 0, len(a.Data)/4)
	for at := 0; at+4 <= len(a.Data); at += 4 {
		ids = append(ids, strconv.FormatUint(uint64(binary.LittleEndian.Uint32([]byte(a.Data[at:]))), 10))
	}
	return "[" + strings.Join(ids, ", ") + "]"
}

// windowSize is struct winsize: two bytes each for rows and columns.
func windowSize(a shown) string {
	size := []byte(a.Data)
	return fmt.Sprintf("{rows: %d, columns: %d}", binary.LittleEndian.Uint16(size), binary.LittleEndian.Uint16(size[2:]))
}

// interfaceFlags is struct ifreq: 16 bytes of name, two of flags.
func interfaceFlags(a shown) string {
	name, _, _ := strings.Cut(a.Data[:16], "\x00")
	flags := binary.LittleEndian.Uint16([]byte(a.Data[16:]))
	return "{" + strconv.Quote(name) + ", " + allOf(a.names, uint64(flags)) + "}"
}

// filterProgram is struct sock_fprog: the number of instructions and where they are. It differs between architectures.
func filterProgram(a shown) string { return fmt.Sprintf("<%d instructions>", a.word(0).N) }

func capVersion(a shown) string { return oneOf(capVersions, a.word(0).N) }

// capData is two times struct __user_cap_data_struct: effective, permitted, inheritable, first all low words.
func capData(a shown) string {
	d := []byte(a.Data)
	set := func(i int) string {
		low, high := binary.LittleEndian.Uint32(d[4*i:]), binary.LittleEndian.Uint32(d[12+4*i:])
		return capabilitySet(uint64(high)<<32 | uint64(low))
	}
	effective, permitted, inheritable := set(0), set(1), set(2)
	if effective == permitted {
		return "{effective, permitted: " + permitted + ", inheritable: " + inheritable + "}"
	}
	return "{effective: " + effective + ", permitted: " + permitted + ", inheritable: " + inheritable + "}"
}

// capabilitySet lists capabilities, or says that they are all that a kernel with ambient ones has.
func capabilitySet(set uint64) string {
	if set&(set+1) == 0 && set>>unix.CAP_AUDIT_READ != 0 {
		return "all"
	}
	var names []string
	for n := range uint64(64) {
		if set&(1<<n) != 0 {
			names = append(names, oneOf(capabilityNames, n))
		}
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, "|")
}

// message is what init sends to its parent: a kind and up to two values, each moved there before; or what the parent is
// to open.
func message(a shown) string {
	parts := []string{oneOf(messageKinds, a.Program.Initial(a.Mem, 0).N)}
	if request := a.request(a.step, a.Mem); request != nil {
		return "{" + parts[0] + ", " + strconv.Quote(request.Path) + "}"
	}
	for index := 1; index <= 2; index++ {
		if at := a.lastMove(a.step, a.Mem, index); at >= 0 {
			parts = append(parts, a.moved(at))
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// written is what goes to a file, or a message.
func written(a shown) string {
	if a.Kind == program.ArgAddr {
		return message(a)
	}
	return data(a)
}

// lastMove is the closest move before step i that has put a value into a word of memory, -1 if there is none.
func (r *printer) lastMove(i int, m program.Mem, index int) int {
	for i--; i >= 0; i-- {
		s := &r.Program.Steps[i]
		if s.Op == program.OpMove && s.Result.Mem == m && s.Result.N == uint64(8*index) {
			return i
		}
	}
	return -1
}

// messageHeader is struct msghdr, of which init uses the data (words 2 and 3) and the control message: a descriptor,
// which was moved behind its two words of header.
func messageHeader(a shown) string {
	text := a.vectors(a.word(2), int(a.word(3).N))
	if control := a.word(controlWord); control.Kind == program.ArgAddr {
		text += ", SCM_RIGHTS [" + a.moved(a.lastMove(a.step, control.Mem, 2)) + "]"
	}
	return "{" + text + "}"
}

// vectors is an array of struct iovec, as many as the next argument says.
func vectors(a shown) string { return a.vectors(a.Arg, int(a.next.N)) }

func (r *printer) vectors(a program.Arg, count int) string {
	parts := make([]string, 0, count)
	for i := range count {
		parts = append(parts, r.vector(argAt(a.Words, 2*i), argAt(a.Words, 2*i+1).N))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// vector is size bytes at an address.
func (r *printer) vector(at program.Arg, size uint64) string {
	switch {
	case at.Kind == program.ArgBytes:
		return strconv.Quote(at.Data)
	case at.Mem == program.TagAt.Mem:
		return strings.Join(reportWords[at.N/8:(at.N+size)/8], ", ")
	}
	return r.memory(at)
}
