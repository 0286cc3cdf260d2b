package seccomp

import (
	"fmt"
	"sort"
	"strings"
	"testing"
)

const (
	allow = uint32(Allow)
	kill  = uint32(KillThread)
	eperm = uint32(Errno) | 1
	nosys = uint32(Errno) | 38
)

// A call to make, and what the filter must return.
type wantCall struct {
	arch   Arch
	name   string // or a number, in Go's notation
	args   [6]uint64
	result uint32
}

func (w wantCall) data(t *testing.T) seccompData {
	t.Helper()
	d := seccompData{arch: arches[w.arch].audit, args: w.args}
	if _, err := fmt.Sscan(w.name, &d.number); err == nil {
		return d
	}
	for _, c := range arches[w.arch].calls {
		if callName(c.name) == w.name {
			d.number = c.number
			return d
		}
	}
	t.Fatalf("%v has no %s", w.arch, w.name)
	return d
}

func allowing(names ...string) Rule { return Rule{Names: names, Action: Allow} }

func allowingIf(name string, args ...ArgCond) Rule {
	return Rule{Names: []string{name}, Action: Allow, Args: args}
}

func refusing(errno uint, name string, args ...ArgCond) Rule {
	return Rule{Names: []string{name}, Action: Errno, Errno: &errno, Args: args}
}

var behaviours = []struct {
	about  string
	p      Profile
	native Arch
	calls  []wantCall
}{
	{"the native architecture need not be listed, others must be",
		Profile{Default: Errno, Arches: []Arch{X86}, Rules: []Rule{allowing("read", "close_range")}}, X86_64,
		[]wantCall{
			{X86_64, "read", [6]uint64{}, allow},
			{X86, "read", [6]uint64{}, allow},
			{X86, "write", [6]uint64{}, eperm},
			{ARM, "read", [6]uint64{}, kill},
		}},
	{"x32 calls kill unless x32 is listed, and -1 never does",
		Profile{Default: Errno, Rules: []Rule{allowing("read", "close_range")}}, X86_64,
		[]wantCall{
			{X86_64, "0x40000000", [6]uint64{}, kill},
			{X86_64, "0x40001000", [6]uint64{}, kill},
			{X86_64, "0xfffffffe", [6]uint64{}, kill},
			{X86_64, "0xffffffff", [6]uint64{}, eperm},
		}},
	{"x32 has numbers of its own",
		Profile{Default: Errno, Arches: []Arch{X32}, Rules: []Rule{allowing("read", "readv")}}, X86_64,
		[]wantCall{
			{X32, "read", [6]uint64{}, allow},
			{X32, "0x40000203", [6]uint64{}, allow}, // readv
			{X32, "0x40000013", [6]uint64{}, eperm}, // what readv is on x86-64
			{X86_64, "19", [6]uint64{}, allow},
			{X86_64, "0x40000204", [6]uint64{}, nosys},
		}},
	{"a call newer than those named fails with ENOSYS where the default refuses",
		Profile{Default: KillProcess, Rules: []Rule{allowing("read", "openat2")}}, AARCH64,
		[]wantCall{
			{AARCH64, "openat2", [6]uint64{}, allow},
			{AARCH64, "436", [6]uint64{}, uint32(KillProcess)},
			{AARCH64, "438", [6]uint64{}, nosys},
			{AARCH64, "0xffffffff", [6]uint64{}, nosys},
		}},
	{"a call newer than those named is like any other where the default lets it pass",
		Profile{Default: Log, Rules: []Rule{refusing(1, "read")}}, AARCH64,
		[]wantCall{
			{AARCH64, "read", [6]uint64{}, eperm},
			{AARCH64, "1000", [6]uint64{}, uint32(Log)},
		}},
	{"without a name there is no newest call",
		Profile{Default: Errno, DefaultErrno: ptr(13)}, X86_64,
		[]wantCall{{X86_64, "1000", [6]uint64{}, uint32(Errno) | 13}}},
	{"a rule that repeats the default still counts as naming its call",
		Profile{Default: Errno, Rules: []Rule{allowing("read"), refusing(1, "openat2")}}, X86_64,
		[]wantCall{
			{X86_64, "openat2", [6]uint64{}, eperm},
			{X86_64, "438", [6]uint64{}, nosys},
		}},
	{"ARM's private calls do not make new calls known",
		Profile{Default: Errno, Rules: []Rule{allowing("read", "clone3", "set_tls")}}, ARM,
		[]wantCall{
			{ARM, "0xf0005", [6]uint64{}, allow},
			{ARM, "434", [6]uint64{}, eperm},
			{ARM, "436", [6]uint64{}, nosys},
		}},
	{"on s390x unknown calls come as number 0",
		Profile{Default: Errno, Arches: []Arch{S390}, Rules: []Rule{allowing("read", "clone3")}}, S390X,
		[]wantCall{
			{S390X, "0", [6]uint64{}, nosys},
			{S390, "0", [6]uint64{}, nosys},
			{S390X, "read", [6]uint64{}, allow},
		}},
	{"errnos are capped as the kernel does, tracer's data are not",
		Profile{Default: Allow, Rules: []Rule{
			refusing(70000, "read"),
			{Names: []string{"write"}, Action: Trace, Errno: ptr(65535)},
			{Names: []string{"open"}, Action: Trace},
		}}, X86_64,
		[]wantCall{
			{X86_64, "read", [6]uint64{}, uint32(Errno) | 4095},
			{X86_64, "write", [6]uint64{}, uint32(Trace) | 65535},
			{X86_64, "open", [6]uint64{}, uint32(Trace) | 1},
		}},
	{"conditions on different arguments must all hold",
		Profile{Default: Errno, Rules: []Rule{
			allowingIf("ioctl", ArgCond{Index: 1, Op: Equal, Value: 5}, ArgCond{Index: 0, Op: Less, Value: 3}), allowing("clone3"),
		}}, X86_64,
		[]wantCall{
			{X86_64, "ioctl", [6]uint64{2, 5}, allow},
			{X86_64, "ioctl", [6]uint64{3, 5}, eperm},
			{X86_64, "ioctl", [6]uint64{2, 6}, eperm},
		}},
	{"of conditions on one argument any suffices, and so does any beside them",
		Profile{Default: Errno, Rules: []Rule{
			allowingIf("ioctl", ArgCond{Index: 1, Op: Equal, Value: 5}, ArgCond{Index: 1, Op: Equal, Value: 7}, ArgCond{Index: 0, Op: Equal, Value: 9}),
			allowing("clone3"),
		}}, X86_64,
		[]wantCall{
			{X86_64, "ioctl", [6]uint64{0, 5}, allow},
			{X86_64, "ioctl", [6]uint64{0, 7}, allow},
			{X86_64, "ioctl", [6]uint64{9, 0}, allow},
			{X86_64, "ioctl", [6]uint64{0, 6}, eperm},
		}},
	{"a masked comparison masks both sides",
		Profile{Default: Errno, Rules: []Rule{allowingIf("clone", ArgCond{Op: MaskedEqual, Value: 0xf0, ValueTwo: 0x1f}), allowing("clone3")}}, X86_64,
		[]wantCall{
			{X86_64, "clone", [6]uint64{0x10}, allow},
			{X86_64, "clone", [6]uint64{0xff00000010f}, eperm},
			{X86_64, "clone", [6]uint64{0xff00000011f}, allow},
		}},
	{"arguments have 64 bits on 64-bit architectures, 32 on others and x32",
		Profile{Default: Errno, Arches: []Arch{X86, X32}, Rules: []Rule{allowingIf("personality", ArgCond{Op: Equal, Value: 8}), allowing("clone3")}}, X86_64,
		[]wantCall{
			{X86_64, "personality", [6]uint64{8}, allow},
			{X86_64, "personality", [6]uint64{1<<32 | 8}, eperm},
			{X86, "personality", [6]uint64{1<<32 | 8}, allow},
			{X32, "personality", [6]uint64{1<<32 | 8}, allow},
		}},
	{"comparisons are unsigned and cross the words",
		Profile{Default: Errno, Rules: []Rule{allowingIf("lseek", ArgCond{Index: 1, Op: Greater, Value: 1<<32 | 5}), allowing("clone3")}}, X86_64,
		[]wantCall{
			{X86_64, "lseek", [6]uint64{0, 1<<32 | 5}, eperm},
			{X86_64, "lseek", [6]uint64{0, 1<<32 | 6}, allow},
			{X86_64, "lseek", [6]uint64{0, 2 << 32}, allow},
			{X86_64, "lseek", [6]uint64{0, 9}, eperm},
			{X86_64, "lseek", [6]uint64{0, ^uint64(0)}, allow},
		}},
	{"a rule without conditions decides, wherever it stands",
		Profile{Default: Errno, Rules: []Rule{
			refusing(13, "socket", ArgCond{Op: Equal, Value: 38}), allowing("socket", "clone3"), refusing(14, "socket"),
		}}, X86_64,
		[]wantCall{{X86_64, "socket", [6]uint64{38}, allow}}},
	{"among conditions the later argument and the tighter bound come first",
		Profile{Default: Errno, Rules: []Rule{
			allowingIf("ioctl", ArgCond{Index: 0, Op: Equal, Value: 1}),
			refusing(20, "ioctl", ArgCond{Index: 1, Op: Greater, Value: 10}),
			refusing(30, "ioctl", ArgCond{Index: 1, Op: Greater, Value: 100}),
			allowing("clone3"),
		}}, X86_64,
		[]wantCall{
			{X86_64, "ioctl", [6]uint64{1, 0}, allow},
			{X86_64, "ioctl", [6]uint64{1, 11}, uint32(Errno) | 20},
			{X86_64, "ioctl", [6]uint64{1, 101}, uint32(Errno) | 30},
		}},
	{"where socketcall exists, rules for its members hold there too",
		Profile{Default: Errno, Arches: []Arch{X86}, Rules: []Rule{
			allowing("connect", "semop", "clone3"), allowingIf("socket", ArgCond{Op: NotEqual, Value: 40}),
		}}, X86_64,
		[]wantCall{
			{X86, "socketcall", [6]uint64{1}, allow},
			{X86, "socketcall", [6]uint64{2}, eperm},
			{X86, "socketcall", [6]uint64{3}, allow},
			{X86, "ipc", [6]uint64{1}, allow},
			{X86, "ipc", [6]uint64{2}, eperm},
			{X86, "socket", [6]uint64{40}, eperm},
			{X86, "socket", [6]uint64{2}, allow},
			{X86_64, "socket", [6]uint64{40}, eperm},
		}},
}

func TestBehaviour(t *testing.T) {
	for _, b := range behaviours {
		t.Run(strings.ReplaceAll(b.about, " ", "-"), func(t *testing.T) {
			f, err := Compile(b.p, b.native)
			if err != nil {
				t.Fatal(err)
			}
			checkProgram(t, f)
			for _, c := range b.calls {
				if got, _ := f.run(c.data(t).words(arches[b.native].bigEndian())); got != c.result {
					t.Errorf("%v %s %#x: got %#x, want %#x", c.arch, c.name, c.args, got, c.result)
				}
			}
		})
	}
}

func TestRefused(t *testing.T) {
	long := Profile{Default: Errno}
	for i := range uint64(5000) {
		long.Rules = append(long.Rules, allowingIf("ioctl", ArgCond{Index: uint(i % 2), Op: Equal, Value: i}))
	}
	for _, c := range []struct {
		p      Profile
		native Arch
		want   string
	}{
		{Profile{Default: Notify}, X86_64, "default: SCMP_ACT_NOTIFY cannot be used"},
		{Profile{Default: Action(5)}, X86_64, "default: action: unknown (5)"},
		{Profile{Default: Allow, DefaultErrno: ptr(1)}, X86_64, "default: SCMP_ACT_ALLOW cannot return an errno"},
		{Profile{Arches: []Arch{X86, SH}}, X86_64, "architectures[1]: the numbers of the system calls of SCMP_ARCH_SH are not known"},
		{Profile{Arches: []Arch{S390X}}, X86_64, "architectures[0]: SCMP_ARCH_S390X has another byte order than the host's SCMP_ARCH_X86_64"},
		{Profile{Arches: []Arch{99}}, X86_64, "architectures[0]: unknown (99)"},
		{Profile{}, 0, "native architecture: unknown (0)"},
		{Profile{Rules: []Rule{allowing("read"), allowing("")}}, X86_64, "syscalls[1]: a system call has an empty name"},
		{Profile{Rules: []Rule{{Names: []string{"read"}, Action: Log, Errno: ptr(2)}}}, X86_64, "syscalls[0]: SCMP_ACT_LOG cannot return an errno, but 2"},
		{Profile{Rules: []Rule{{Names: []string{"read"}, Action: Trace, Errno: ptr(65536)}}}, X86_64, "65536 does not fit into 16 bits"},
		{Profile{Rules: []Rule{allowingIf("read", ArgCond{Index: 6, Op: Equal})}}, X86_64, "syscalls[0]: args[0]: index 6"},
		{Profile{Rules: []Rule{allowingIf("read", ArgCond{Op: Equal}, ArgCond{})}}, X86_64, "syscalls[0]: args[1]: operator: unknown (0)"},
		{long, X86_64, "the kernel takes at most 4096"},
	} {
		f, err := Compile(c.p, c.native)
		if err == nil {
			t.Errorf("a filter of %d instructions came out where this error was due: %s", len(f.Program), c.want)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %q does not say %q", err, c.want)
		}
	}
}

// The far jumps of the longest filter possible are right.
func TestLongestFilter(t *testing.T) {
	profile := func(n int) Profile {
		p := Profile{Default: Errno, Rules: []Rule{allowing("clone3")}}
		for i := range uint64(n) {
			p.Rules = append(p.Rules, allowingIf("ioctl", ArgCond{Index: 1, Op: Equal, Value: i<<33 | i<<1}))
		}
		return p
	}
	n := sort.Search(4096, func(n int) bool {
		_, err := Compile(profile(n+1), X86_64)
		return err != nil
	})
	f, err := Compile(profile(n), X86_64)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Program) < 4090 {
		t.Fatalf("%d rules were refused though one less makes but %d instructions", n+1, len(f.Program))
	}
	checkProgram(t, f)
	for i := range uint64(n) {
		for _, c := range []wantCall{
			{X86_64, "ioctl", [6]uint64{0, i<<33 | i<<1}, allow},
			{X86_64, "ioctl", [6]uint64{0, i<<33 | i<<1 | 1}, eperm},
		} {
			if got, _ := f.run(c.data(t).words(false)); got != c.result {
				t.Fatalf("with argument %#x: got %#x, want %#x", c.args[1], got, c.result)
			}
		}
	}
}

func TestFilterReports(t *testing.T) {
	p := Profile{Default: Errno, Flags: FlagLog, Rules: []Rule{
		{Names: []string{"frobnicate", "read", "yoyo"}, Action: Notify}, allowing("xyzzy", "send", "set_tls"),
	}}
	f, err := Compile(p, X86_64)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(f.Unknown, " "); got != "frobnicate yoyo xyzzy" {
		t.Errorf("unknown names: %s", got)
	}
	if !f.Notify || f.Flags != FlagLog {
		t.Errorf("notify %v and flags %#x, want true and %#x", f.Notify, f.Flags, FlagLog)
	}
	b := f.Bytes()
	if len(b) != 8*len(f.Program) || string(b[:8]) != "\x20\x00\x00\x00\x04\x00\x00\x00" {
		t.Errorf("%d bytes beginning % x, want %d that begin with loading seccomp_data.arch", len(b), b[:8], 8*len(f.Program))
	}
}
