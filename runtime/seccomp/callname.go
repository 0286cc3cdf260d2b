package seccomp

// callName returns the name at index i of the generated names.
func callName(i uint16) string {
	start := uint16(0)
	if i > 0 {
		start = nameEnds[i-1]
	}
	return nameText[start:nameEnds[i]]
}

// lookupName returns the index of the name of a system call, if any
// architecture has one of that name. The hash table it searches is generated,
// so that starting the program costs nothing.
func lookupName(name string) (index uint16, ok bool) {
	h := uint32(2166136261) // FNV-1a
	for i := range len(name) {
		h = (h ^ uint32(name[i])) * 16777619
	}
	for at := h % uint32(len(nameSlots)); nameSlots[at] != 0; at = (at + 1) % uint32(len(nameSlots)) {
		if i := nameSlots[at] - 1; callName(i) == name {
			return i, true
		}
	}
	return 0, false
}
