package seccomp

import "fmt"

// A named is a value and its name in the runtime-spec.
type named[T number] struct {
	name  string
	value T
}

type number interface{ ~uint8 | ~uint32 | ~uint }

var actions = [...]named[Action]{
	{"SCMP_ACT_ALLOW", Allow},
	{"SCMP_ACT_ERRNO", Errno},
	{"SCMP_ACT_KILL_THREAD", KillThread},
	{"SCMP_ACT_KILL", KillThread},
	{"SCMP_ACT_KILL_PROCESS", KillProcess},
	{"SCMP_ACT_TRAP", Trap},
	{"SCMP_ACT_TRACE", Trace},
	{"SCMP_ACT_LOG", Log},
	{"SCMP_ACT_NOTIFY", Notify},
}

var ops = [...]named[Op]{
	{"SCMP_CMP_NE", NotEqual},
	{"SCMP_CMP_LT", Less},
	{"SCMP_CMP_LE", LessEqual},
	{"SCMP_CMP_EQ", Equal},
	{"SCMP_CMP_GE", GreaterEqual},
	{"SCMP_CMP_GT", Greater},
	{"SCMP_CMP_MASKED_EQ", MaskedEqual},
}

// flags gives TSYNC no bit, as runc does: a filter is loaded by a process of
// one thread, so there is nothing to synchronise, and with a listener the
// kernel would refuse it (seccomp(2)).
var flags = [...]named[uint]{
	{"SECCOMP_FILTER_FLAG_TSYNC", 0},
	{"SECCOMP_FILTER_FLAG_LOG", FlagLog},
	{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", FlagSpecAllow},
	{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", FlagWaitKillableRecv},
}

// ParseAction returns the action that the runtime-spec calls name, such as
// SCMP_ACT_ERRNO.
func ParseAction(name string) (Action, error) { return parse("action", actions[:], name) }

// ParseOp returns the comparison that the runtime-spec calls name, such as
// SCMP_CMP_MASKED_EQ.
func ParseOp(name string) (Op, error) { return parse("operator", ops[:], name) }

// ParseFlag returns the bit for Profile.Flags that the runtime-spec calls
// name, such as SECCOMP_FILTER_FLAG_LOG. It is zero for a flag that needs
// nothing done.
func ParseFlag(name string) (uint, error) { return parse("flag", flags[:], name) }

// ActionNames returns the names that ParseAction knows.
func ActionNames() []string { return names(actions[:]) }

// OpNames returns the names that ParseOp knows.
func OpNames() []string { return names(ops[:]) }

// FlagNames returns the names that ParseFlag knows.
func FlagNames() []string { return names(flags[:]) }

// String returns the name of a in the runtime-spec.
func (a Action) String() string { return nameOf(actions[:], a) }

// String returns the name of o in the runtime-spec.
func (o Op) String() string { return nameOf(ops[:], o) }

func parse[T number](kind string, table []named[T], name string) (T, error) {
	for _, n := range table {
		if n.name == name {
			return n.value, nil
		}
	}
	var none T
	return none, fmt.Errorf("%q is no seccomp %s", name, kind)
}

func names[T number](table []named[T]) []string {
	list := make([]string, len(table))
	for i, n := range table {
		list[i] = n.name
	}
	return list
}

func nameOf[T number](table []named[T], value T) string {
	for _, n := range table {
		if n.value == value {
			return n.name
		}
	}
	return fmt.Sprintf("unknown (%d)", uint64(value))
}
