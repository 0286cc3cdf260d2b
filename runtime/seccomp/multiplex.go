package seccomp

import (
	"cmp"
	"slices"
)

// A family is a set of calls that older architectures make through one call,
// whose first argument says which. Index in members is that argument, as in
// SYS_* of linux/net.h and in linux/ipc.h.
type family struct {
	name    string
	members []string
}

var families = [...]family{
	{"socketcall", []string{
		1: "socket", "bind", "connect", "listen", "accept", "getsockname", "getpeername", "socketpair",
		"send", "recv", "sendto", "recvfrom", "shutdown", "setsockopt", "getsockopt", "sendmsg", "recvmsg",
		"accept4", "recvmmsg", "sendmmsg",
	}},
	{"ipc", []string{
		1: "semop", "semget", "semctl", "semtimedop",
		11: "msgsnd", "msgrcv", "msgget", "msgctl",
		21: "shmat", "shmdt", "shmget", "shmctl",
	}},
}

// A multiplexer holds the indices of the names in a family, zero for none.
type multiplexer struct {
	name    uint16
	members []uint16
}

// multiplexers returns the families by the indices of their names.
func multiplexers() (list [len(families)]multiplexer) {
	for i, f := range families {
		list[i].name, _ = lookupName(f.name)
		list[i].members = make([]uint16, len(f.members))
		for number, member := range f.members {
			list[i].members[number], _ = lookupName(member)
		}
	}
	return list
}

// named reports whether any rule names a member of the family.
func (m *multiplexer) named(rs *rules) bool {
	return slices.ContainsFunc(m.members, func(name uint16) bool { return name != 0 && rs.named(name) })
}

// with returns list and the clauses for the family's call: those of its members
// with the condition that the first argument is the member's. It takes the
// place of a condition on the member's own first argument, which the filter
// cannot see because it is in memory. Conditions on other arguments stay,
// though they are just as unseen: libseccomp does the same, and no choice would
// be right.
func (m *multiplexer) with(list []clause, rs *rules) []clause {
	list = slices.Clip(list)
	for number, name := range m.members {
		if name == 0 {
			continue
		}
		for _, c := range rs.of(name) {
			conds := []ArgCond{{Index: 0, Op: Equal, Value: uint64(number)}}
			for _, cond := range c.conds {
				if cond.Index != 0 {
					conds = append(conds, cond)
				}
			}
			list = append(list, clause{c.order, conds, c.value})
		}
	}
	slices.SortStableFunc(list, func(a, b clause) int { return cmp.Compare(a.order, b.order) })
	return list
}
