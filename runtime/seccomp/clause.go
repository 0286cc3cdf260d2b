package seccomp

import (
	"cmp"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// maxErrno is the kernel's MAX_ERRNO, to which it caps SECCOMP_RET_ERRNO.
const maxErrno = 4095

// A clause is a rule in the form that libseccomp gets from runc: conditions
// that must all hold, on different arguments, and what the filter then returns.
type clause struct {
	order int       // in the profile
	conds []ArgCond // in ascending order of Index
	value uint32    // SECCOMP_RET_* with data
}

// clausesOf returns the clauses of rule r, numbered from order on; none if they
// only repeat what happens by default.
func clausesOf(r *Rule, order int, byDefault uint32) ([]clause, error) {
	value, err := returnValue(r.Action, r.Errno)
	if err != nil {
		return nil, err
	}
	shared, err := shareArgument(r.Args)
	switch {
	case err != nil:
		return nil, err
	case value == byDefault:
		return nil, nil
	case shared:
		list := make([]clause, len(r.Args))
		for i := range r.Args {
			list[i] = clause{order + i, r.Args[i : i+1], value}
		}
		return list, nil
	}
	conds := r.Args
	if len(conds) > 1 {
		conds = slices.Clone(conds)
		slices.SortFunc(conds, func(a, b ArgCond) int { return cmp.Compare(a.Index, b.Index) })
	}
	return []clause{{order, conds, value}}, nil
}

// shareArgument reports whether two of the conditions, which it checks, are
// about the same argument.
func shareArgument(args []ArgCond) (shared bool, err error) {
	var seen [6]bool
	for i, a := range args {
		if a.Index >= uint(len(seen)) {
			return false, fmt.Errorf("args[%d]: index %d: a system call has arguments 0 to 5", i, a.Index)
		}
		if a.Op < NotEqual || a.Op > MaskedEqual {
			return false, fmt.Errorf("args[%d]: operator: %s", i, a.Op)
		}
		shared = shared || seen[a.Index]
		seen[a.Index] = true
	}
	return shared, nil
}

// returnValue returns what a filter returns for an action with that data.
func returnValue(a Action, data *uint) (uint32, error) {
	if !slices.ContainsFunc(actions[:], func(n named[Action]) bool { return n.value == a }) {
		return 0, fmt.Errorf("action: %s", a)
	}
	switch {
	case a != Errno && a != Trace:
		if data != nil {
			return 0, fmt.Errorf("%s cannot return an errno, but %d is given", a, *data)
		}
		return uint32(a), nil
	case data == nil:
		return uint32(a) | uint32(unix.EPERM), nil
	case a == Errno:
		return uint32(a) | uint32(min(*data, maxErrno)), nil
	case *data > unix.SECCOMP_RET_DATA:
		return 0, fmt.Errorf("%s: %d does not fit into 16 bits", a, *data)
	}
	return uint32(a) | uint32(*data), nil
}
