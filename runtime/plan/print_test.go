package plan

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/spec"
)

// draft is a plan written by hand.
func draft(steps ...program.Step) *Plan {
	p := &Plan{Program: program.New(), FirstFile: 3, Files: []File{{Role: RoleSocket}, {Role: RoleNamespace, Path: "/run/netns/a"}}}
	for range 4 {
		p.Program.Slot()
	}
	for _, s := range steps {
		p.Program.Add(s)
	}
	p.Notes = make([]Note, len(steps))
	return p
}

func callStep(nr uintptr, args ...program.Arg) program.Step { return program.Step{Nr: nr, Args: args} }

// How single steps are printed whose kind is in no golden file, or hard to find there.
func TestStep(t *testing.T) {
	slot := program.Mem(2)
	tooOpen := program.Words(program.Int(unix.O_RDWR|1<<40), program.Int(0o600), program.Int(unix.RESOLVE_BENEATH))
	for _, c := range []struct {
		want string
		step program.Step
	}{
		{`syscall_9999(1, 0xff, -1, "text", $1, $1)`,
			callStep(9999, num(1), num(255), num(-1), str("text"), slot.Val(), slot.Addr())},
		{`prctl(0x3e7, 7)`, callStep(unix.SYS_PRCTL, num(999), num(7))},
		{`openat2(AT_FDCWD, "/a\n\x1b[1m", {O_RDWR|0x10000000000, 0600, RESOLVE_BENEATH})`,
			callStep(unix.SYS_OPENAT2, cwd, str("/a\n\x1b[1m"), tooOpen, num(24))},
		{`openat(5, "x", O_RDONLY)`, callStep(unix.SYS_OPENAT, num(5), str("x"), num(0))},
		{`setns(4</run/netns/a>, CLONE_NEWNET)`, callStep(unix.SYS_SETNS, num(4), num(unix.CLONE_NEWNET))},
		{`setns(9, 0)`, callStep(unix.SYS_SETNS, num(9), null)},
		{`umask($1)`, callStep(unix.SYS_UMASK, slot.Val())},
		{`mknodat(3<socket>, "d", S_IFBLK|0, 259:300)`,
			callStep(unix.SYS_MKNODAT, num(3), str("d"), num(unix.S_IFBLK), program.Int(unix.Mkdev(259, 300)))},
		{`prlimit64(0, 99, {soft: 5, hard: RLIM_INFINITY})`,
			callStep(unix.SYS_PRLIMIT64, null, num(99), program.Words(num(5), program.Int(^uint64(0))), null)},
		{`mount_setattr($1, "", AT_EMPTY_PATH, {set: MOUNT_ATTR_RELATIME|MOUNT_ATTR_RDONLY, clear: MOUNT_ATTR__ATIME})`,
			callStep(unix.SYS_MOUNT_SETATTR, slot.Val(), empty, num(unix.AT_EMPTY_PATH),
				program.Words(num(unix.MOUNT_ATTR_RDONLY), num(unix.MOUNT_ATTR__ATIME), null, null), num(32))},
		{`$1 = 7`, program.Step{Op: program.OpMove, Args: []program.Arg{num(7)}, Result: slot.Addr()}},
		{`$1[2] = "/bin"`, program.Step{Op: program.OpMove, Args: []program.Arg{str("/bin")}, Result: slot.At(16)}},
		{`fail with ENOENT`, program.Step{Op: program.OpFail, Args: []program.Arg{num(int(unix.ENOENT))}}},
		{`fail with errno 999`, program.Step{Op: program.OpFail, Args: []program.Arg{num(999)}}},
	} {
		if got := draft(c.step).Step(0); got != c.want {
			t.Errorf("printed %s\n  want %s", got, c.want)
		}
	}
}

// Where a step leads, seen from the one in front of it.
func TestWays(t *testing.T) {
	slot := program.Mem(2)
	test := func(mask, want uint64) program.Step {
		return program.Step{Op: program.OpTest, Args: []program.Arg{slot.Val(), program.Int(mask), program.Int(want)}}
	}
	for _, c := range []struct {
		want      string
		step      program.Step
		next, els int // steps; 0: none
	}{
		{"if $1 == 0 go to 2", test(^uint64(0), 0), 2, 1},
		{"if $1 != 0 go to 2", test(^uint64(0), 0), 0, 2},
		{"if $1 & 0xf0 == 0x10 go to 2, else go to 3", test(0xf0, 0x10), 2, 3},
		{"if $1 & 0xff == '/' go to 2", test(0xff, '/'), 2, 1},
		{"if $1 & S_IFMT != S_IFCHR go to 3", test(unix.S_IFMT, unix.S_IFCHR), 0, 3},
		{"setsid(); EPERM: go to 3; then go to 2", callStep(unix.SYS_SETSID), 2, 3},
		{"setsid(); EPERM: go on", callStep(unix.SYS_SETSID), 0, 1},
	} {
		p := draft(c.step, callStep(unix.SYS_SETSID), callStep(unix.SYS_SETSID), callStep(unix.SYS_SETSID))
		s := &p.Program.Steps[0]
		s.Next = labelAt(p.Program, c.next)
		s.On = []program.Case{{Errno: uint32(unix.EPERM), To: labelAt(p.Program, c.els)}}
		if got := newPrinter(p).line(0); got != c.want {
			t.Errorf("printed %s, want %s", got, c.want)
		}
	}
}

// labelAt is a label before step i, none for 0.
func labelAt(p *program.Program, i int) program.Label {
	if i == 0 {
		return 0
	}
	l, steps := p.NewLabel(), p.Steps
	p.Steps = steps[:i]
	p.Mark(l)
	p.Steps = steps
	return l
}

func TestCapabilitySet(t *testing.T) {
	for set, want := range map[uint64]string{
		0:                          "none",
		1 << unix.CAP_SYS_ADMIN:    "CAP_SYS_ADMIN",
		1<<unix.CAP_BPF | 1<<0:     "CAP_CHOWN|CAP_BPF",
		1<<41 - 1:                  "all",
		1 << 50:                    "50",
		1<<unix.CAP_AUDIT_READ - 1: strings.Join(namesUpTo(unix.CAP_AUDIT_READ), "|"),
	} {
		if got := capabilitySet(set); got != want {
			t.Errorf("%#x is %s, want %s", set, got, want)
		}
	}
}

func namesUpTo(end int) (names []string) {
	for _, c := range capabilityNames[:end] {
		names = append(names, c.name)
	}
	return names
}

// Of two names for one value only the first would ever be printed.
func TestConstantsAreUnique(t *testing.T) {
	for _, table := range [][]constant{
		openFlags, resolveFlags, atFlags, openTreeFlags, moveMountFlags, mountAttrs,
		namespaceKinds, rlimitNames, capabilityNames, messageKinds, fileTypes,
	} {
		values := make([]uint64, len(table))
		for i, c := range table {
			values[i] = c.value
		}
		slices.Sort(values)
		if len(slices.Compact(values)) != len(table) {
			t.Errorf("a value is in a table twice: %v", table)
		}
	}
}

func TestCallRowsAreSorted(t *testing.T) {
	if !slices.IsSortedFunc(callRows[:], func(a, b callRow) int { return strings.Compare(a.name, b.name) }) {
		t.Error("callRows is not sorted by name")
	}
}

// The JSON form says what the text says.
func TestJSONAgreesWithText(t *testing.T) {
	config := spec.Encode(spec.Default())
	p, where := mustCompile(t, decode(t, config), baseFacts()), spec.Positions(config)
	var text, data bytes.Buffer
	if err := errors.Join(p.WriteText(&text, where), p.WriteJSON(&data, where)); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Files []jsonFile
		Steps []jsonStep
	}
	unmarshal(t, data.Bytes(), &got)
	if len(got.Files) != len(p.Files) || len(got.Steps) != len(p.Program.Steps) {
		t.Fatalf("%d files and %d steps, want %d and %d", len(got.Files), len(got.Steps), len(p.Files), len(p.Program.Steps))
	}
	for i, s := range got.Steps {
		if s.Number != i || s.Pointer != p.Notes[i].Pointer || (s.Line != 0) != (s.Pointer != "") {
			t.Errorf("step %d is %+v", i, s)
		}
		if !strings.Contains(text.String(), "  "+s.Text) {
			t.Errorf("the text lacks %s", s.Text)
		}
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

func TestWriteErrorsAreReported(t *testing.T) {
	w := brokenWriter{errors.New("disk full")}
	p := draft(callStep(unix.SYS_SETSID))
	for _, err := range []error{p.WriteText(w, nil), p.WriteJSON(w, nil)} {
		if !errors.Is(err, w.err) {
			t.Errorf("got %v, want %v", err, w.err)
		}
	}
}
