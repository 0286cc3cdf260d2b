package seccomp

import (
	"cmp"
	"errors"
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

// clausesOf returns the clauses of rule r, none if they only repeat what
// happens by default: otherwise runc would have libseccomp refuse them.
// The clauses are numbered from order on.
func clausesOf(r *Rule, order int, byDefault uint32) ([]clause, error) {
	value, err := returnValue(r.Action, r.Errno)
	if err != nil {
		return nil, err
	}
	var seen, twice uint
	for i, a := range r.Args {
		switch {
		case a.Index > 5:
			return nil, fmt.Errorf("args[%d]: index %d: a system call has arguments 0 to 5", i, a.Index)
		case a.Op < NotEqual || a.Op > MaskedEqual:
			return nil, fmt.Errorf("args[%d]: operator: %s", i, a.Op)
		}
		twice |= seen & (1 << a.Index)
		seen |= 1 << a.Index
	}
	switch {
	case value == byDefault:
		return nil, nil
	case twice == 0:
		conds := r.Args
		if len(conds) > 1 {
			conds = slices.Clone(conds)
			slices.SortFunc(conds, func(a, b ArgCond) int { return cmp.Compare(a.Index, b.Index) })
		}
		return []clause{{order, conds, value}}, nil
	}
	list := make([]clause, len(r.Args))
	for i := range r.Args {
		list[i] = clause{order + i, r.Args[i : i+1], value}
	}
	return list, nil
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

// rules are the clauses of a profile by the name of the call they are for.
type rules struct {
	clauses [][]clause // of each rule of the profile
	first   [len(nameEnds)]int32
	uses    []use
	unknown []string
}

// A use is a rule that names a call; next is the index plus one of the next
// use of the same name.
type use struct{ rule, next int32 }

// gather returns the rules of p.
func gather(p *Profile, byDefault uint32) (*rules, error) {
	rs := &rules{clauses: make([][]clause, len(p.Rules)), uses: make([]use, 0, 512)}
	order := 0
	for i := range p.Rules {
		list, err := clausesOf(&p.Rules[i], order, byDefault)
		if err != nil {
			return nil, fmt.Errorf("syscalls[%d]: %w", i, err)
		}
		rs.clauses[i], order = list, order+len(list)
	}
	// Each use goes to the front of its list, so the last rule comes first.
	for i, r := range slices.Backward(p.Rules) {
		for _, name := range slices.Backward(r.Names) {
			if name == "" {
				return nil, fmt.Errorf("syscalls[%d]: %w", i, errEmptyName)
			}
			at, ok := lookupName(name)
			if !ok {
				rs.unknown = append(rs.unknown, name)
				continue
			}
			rs.uses = append(rs.uses, use{int32(i), rs.first[at]})
			rs.first[at] = int32(len(rs.uses))
		}
	}
	slices.Reverse(rs.unknown)
	return rs, nil
}

var errEmptyName = errors.New("a system call has an empty name")

// named reports whether any rule names the call at index name.
func (rs *rules) named(name uint16) bool { return rs.first[name] != 0 }

// appendTo appends the clauses for the call at index name to list.
func (rs *rules) appendTo(list []clause, name uint16) []clause {
	for at := rs.first[name]; at != 0; at = rs.uses[at-1].next {
		list = append(list, rs.clauses[rs.uses[at-1].rule]...)
	}
	return list
}
