package seccomp

import (
	"errors"
	"fmt"
	"slices"
)

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

// of returns the clauses for the call at index name, in the order of the
// profile. They are not to be changed.
func (rs *rules) of(name uint16) []clause {
	at := rs.first[name]
	if at == 0 {
		return nil
	}
	list := slices.Clip(rs.clauses[rs.uses[at-1].rule])
	for at = rs.uses[at-1].next; at != 0; at = rs.uses[at-1].next {
		list = append(list, rs.clauses[rs.uses[at-1].rule]...)
	}
	return list
}
