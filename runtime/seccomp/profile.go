// Package seccomp compiles an OCI seccomp profile into a classic BPF filter
// for seccomp(2), for all architectures of the profile at once; it is pure.
package seccomp

//go:generate go run ./internal/gen

// A Profile is the linux.seccomp object of a config.json in typed form.
type Profile struct {
	// Default is what happens to a call that no rule matches.
	Default Action
	// DefaultErrno is the data of Default, see Rule.Errno.
	DefaultErrno *uint
	// Arches are the architectures whose calls the rules govern. The
	// native one is always among them, whether it is listed or not. A
	// call of any other architecture kills its thread.
	Arches []Arch
	// Flags are SECCOMP_FILTER_FLAG_* bits, passed on to Filter.Flags.
	// A profile that has no flags member at all, as opposed to an empty
	// one, means SECCOMP_FILTER_FLAG_SPEC_ALLOW to runc.
	Flags uint
	// Rules in the order of the config; see Compile for what that means.
	Rules []Rule
}

// A Rule is what to do with some system calls.
type Rule struct {
	// Names of system calls. A name that no architecture knows has no
	// effect but to be listed in Filter.Unknown.
	Names []string
	// Action is what happens to a call that matches.
	Action Action
	// Errno is the data of Errno, an errno (the kernel caps it at 4095),
	// or of Trace, a value below 65536 for the tracer. Nil means EPERM.
	// Other actions have no data: a value there is an error, as the
	// runtime-spec wants it.
	Errno *uint
	// Args are conditions that must all hold. If two of them are about
	// the same argument, however, any single one suffices: runc and its
	// forerunners read profiles that way, and profiles rely on it.
	Args []ArgCond
}

// An ArgCond is a condition on one argument of a system call. Values are
// unsigned. An architecture of 32 bits, and x32, compares only the low 32 bits
// of both sides.
type ArgCond struct {
	// Index is the number of the argument, 0 to 5.
	Index uint
	// Op compares the argument with Value.
	Op Op
	// Value is the right-hand side, or for MaskedEqual the mask.
	Value uint64
	// ValueTwo is used by MaskedEqual only, which holds if
	// argument & Value == ValueTwo & Value.
	ValueTwo uint64
}

// An Action is what the kernel does with a call: a SECCOMP_RET_* value of
// linux/seccomp.h, without data.
type Action uint32

// The actions. The zero value is the strictest but one, KillThread; Kill, its
// old name, is the same.
const (
	KillThread  Action = 0x00000000
	Trap        Action = 0x00030000
	Errno       Action = 0x00050000
	Notify      Action = 0x7fc00000
	Trace       Action = 0x7ff00000
	Log         Action = 0x7ffc0000
	Allow       Action = 0x7fff0000
	KillProcess Action = 0x80000000
)

// An Op compares an argument with a value.
type Op uint8

// The comparisons. The zero value is none of them.
const (
	NotEqual Op = iota + 1
	Less
	LessEqual
	Equal
	GreaterEqual
	Greater
	MaskedEqual
)

// Bits of Profile.Flags and Filter.Flags, from linux/seccomp.h.
const (
	FlagLog              = 1 << 1
	FlagSpecAllow        = 1 << 2
	FlagWaitKillableRecv = 1 << 5
)
