package seccomp

import (
	"encoding/json"
	"math/rand/v2"
	"os"
)

// defaultProfile returns a profile of the size and kind that engines give to
// containers by default, for amd64.
func defaultProfile() Profile {
	var d struct {
		DefaultAction   string
		DefaultErrnoRet *uint
		Architectures   []string
		Syscalls        []struct {
			Names    []string
			Action   string
			ErrnoRet *uint
			Args     []struct {
				Index           uint
				Value, ValueTwo uint64
				Op              string
			}
		}
	}
	must(0, json.Unmarshal(must(os.ReadFile("testdata/default.json")), &d))
	p := Profile{Default: must(ParseAction(d.DefaultAction)), DefaultErrno: d.DefaultErrnoRet}
	for _, a := range d.Architectures {
		p.Arches = append(p.Arches, must(ParseArch(a)))
	}
	for _, s := range d.Syscalls {
		r := Rule{Names: s.Names, Action: must(ParseAction(s.Action)), Errno: s.ErrnoRet}
		for _, a := range s.Args {
			r.Args = append(r.Args, ArgCond{a.Index, must(ParseOp(a.Op)), a.Value, a.ValueTwo})
		}
		p.Rules = append(p.Rules, r)
	}
	return p
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// A source yields numbers below n, for random profiles and fuzzed ones alike.
type source interface{ IntN(n int) int }

var _ source = (*rand.Rand)(nil)

// bytesSource yields numbers from bytes, and zeros at their end.
type bytesSource struct{ bytes []byte }

func (s *bytesSource) IntN(n int) int {
	if len(s.bytes) == 0 {
		return 0
	}
	b := int(s.bytes[0])
	s.bytes = s.bytes[1:]
	return b % n
}

func choose[T any](s source, list []T) T { return list[s.IntN(len(list))] }

// hosts are sets of architectures that one host can have, the native first.
var hosts = [][]Arch{
	{X86_64, X86, X32, X86_64, AARCH64},
	{AARCH64, ARM, X86, X32},
	{X86_64, MIPSEL, MIPSEL64, MIPSEL64N32, PPC64LE, RISCV64, LOONGARCH64},
	{S390X, S390},
	{PPC64, PPC, MIPS, MIPS64, MIPS64N32},
}

// The names are few so that rules meet: neighbours, calls with a family, the
// families themselves, calls of one architecture only, the first and the
// newest of them, and one that does not exist.
var someNames = []string{
	"read", "write", "open", "socket", "bind", "accept4", "send", "socketcall", "ipc", "semop", "shmat",
	"personality", "clone", "set_tls", "arch_prctl", "exit", "restart_syscall", "preadv2", "rseq_slice_yield", "frobnicate",
}

var someValues = []uint64{
	0, 1, 2, 3, 5, 0x7fffffff, 0x80000000, 0xffffffff, 1 << 32, 1<<32 | 1, 1<<32 | 5, 5 << 32,
	0xffffffff00000000, 0xfffffffffffffffe, 0xffffffffffffffff,
}

// randomProfile returns a valid profile, if it does not contradict itself, and
// its native architecture.
func randomProfile(s source) (Profile, Arch) {
	host := choose(s, hosts)
	p := Profile{Default: choose(s, []Action{Errno, Errno, Allow, KillProcess, KillThread, Trap, Trace, Log})}
	if p.Default == Errno {
		p.DefaultErrno = choose(s, []*uint{nil, new(uint), ptr(38), ptr(1)})
	}
	for _, a := range host[1:] {
		if s.IntN(2) == 1 {
			p.Arches = append(p.Arches, a)
		}
	}
	for range s.IntN(12) {
		r := Rule{Action: choose(s, []Action{Allow, Allow, Errno, Log, KillThread, Notify, Trace})}
		if r.Action == Errno || r.Action == Trace {
			r.Errno = choose(s, []*uint{nil, ptr(38), ptr(9999)})
		}
		for range 1 + s.IntN(3) {
			r.Names = append(r.Names, choose(s, someNames))
		}
		for range s.IntN(4) {
			op := NotEqual + Op(s.IntN(int(MaskedEqual)))
			r.Args = append(r.Args, ArgCond{uint(s.IntN(3)), op, choose(s, someValues), choose(s, someValues)})
		}
		p.Rules = append(p.Rules, r)
	}
	return p, host[0]
}

// anyProfile returns a profile that is rarely valid.
func anyProfile(s source) Profile {
	p := Profile{Default: Action(s.IntN(4)) << 16, DefaultErrno: choose(s, []*uint{nil, ptr(9)})}
	for range s.IntN(3) {
		p.Arches = append(p.Arches, Arch(s.IntN(len(arches)+2)))
	}
	for range s.IntN(3) {
		r := Rule{Names: []string{choose(s, []string{"", "ioctl", "frobnicate"})}, Action: Action(s.IntN(256)) << 24}
		for range s.IntN(3) {
			r.Args = append(r.Args, ArgCond{uint(s.IntN(8)), Op(s.IntN(10)), uint64(s.IntN(256)), choose(s, someValues)})
		}
		p.Rules = append(p.Rules, r)
	}
	return p
}

func ptr(n uint) *uint { return &n }
