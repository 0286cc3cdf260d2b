package spec

import "slices"

// superblockPairs holds the superblock options that negate each other, the default second.
var superblockPairs = [...][2]string{
	{"ro", "rw"},
	{"sync", "async"},
	{"mand", "nomand"},
	{"lazytime", "nolazytime"},
}

// setFlag adds the option to the superblock's flags in place of itself and of its opposite.
func setFlag(m *Mount, o *mountOption) {
	m.SBFlags = slices.DeleteFunc(m.SBFlags, func(flag string) bool {
		return flag == o.flag || slices.Contains(superblockPairs[:], [2]string{flag, o.flag}) ||
			slices.Contains(superblockPairs[:], [2]string{o.flag, flag})
	})
	m.SBFlags = append(m.SBFlags, o.flag)
}

// superblockFlags leaves of flags those that the kernel has to be told: a fresh superblock has the defaults already.
func superblockFlags(flags []string, remount bool) []string {
	if remount {
		return flags
	}
	return slices.DeleteFunc(flags, func(flag string) bool {
		return slices.ContainsFunc(superblockPairs[:], func(pair [2]string) bool { return pair[1] == flag })
	})
}
