package plan

import (
	"encoding/binary"
	"fmt"
	mathbits "math/bits"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

var schedPolicies = []constant{
	{unix.SCHED_NORMAL, "SCHED_OTHER"},
	{unix.SCHED_FIFO, "SCHED_FIFO"},
	{unix.SCHED_RR, "SCHED_RR"},
	{unix.SCHED_BATCH, "SCHED_BATCH"},
	{unix.SCHED_IDLE, "SCHED_IDLE"},
	{unix.SCHED_DEADLINE, "SCHED_DEADLINE"},
}

var schedFlags = []constant{
	{unix.SCHED_FLAG_RESET_ON_FORK, "SCHED_FLAG_RESET_ON_FORK"},
	{unix.SCHED_FLAG_RECLAIM, "SCHED_FLAG_RECLAIM"},
	{unix.SCHED_FLAG_DL_OVERRUN, "SCHED_FLAG_DL_OVERRUN"},
	{unix.SCHED_FLAG_KEEP_POLICY, "SCHED_FLAG_KEEP_POLICY"},
	{unix.SCHED_FLAG_KEEP_PARAMS, "SCHED_FLAG_KEEP_PARAMS"},
	{unix.SCHED_FLAG_UTIL_CLAMP_MIN, "SCHED_FLAG_UTIL_CLAMP_MIN"},
	{unix.SCHED_FLAG_UTIL_CLAMP_MAX, "SCHED_FLAG_UTIL_CLAMP_MAX"},
}

var ioClasses = []constant{{1, "IOPRIO_CLASS_RT"}, {2, "IOPRIO_CLASS_BE"}, {3, "IOPRIO_CLASS_IDLE"}}

var memoryModes = []constant{
	{unix.MPOL_DEFAULT, "MPOL_DEFAULT"},
	{unix.MPOL_PREFERRED, "MPOL_PREFERRED"},
	{unix.MPOL_BIND, "MPOL_BIND"},
	{unix.MPOL_INTERLEAVE, "MPOL_INTERLEAVE"},
	{unix.MPOL_LOCAL, "MPOL_LOCAL"},
	{unix.MPOL_PREFERRED_MANY, "MPOL_PREFERRED_MANY"},
	{unix.MPOL_WEIGHTED_INTERLEAVE, "MPOL_WEIGHTED_INTERLEAVE"},
}

var memoryModeFlags = []constant{
	{unix.MPOL_F_STATIC_NODES, "MPOL_F_STATIC_NODES"},
	{unix.MPOL_F_RELATIVE_NODES, "MPOL_F_RELATIVE_NODES"},
	{unix.MPOL_F_NUMA_BALANCING, "MPOL_F_NUMA_BALANCING"},
}

var executionDomains = []constant{{0x0000, "PER_LINUX"}, {0x0008, "PER_LINUX32"}}

// schedAttr is struct sched_attr; what is 0 goes without saying.
func schedAttr(a shown) string {
	d := []byte(a.Data)
	word := func(at int) uint64 { return uint64(binary.LittleEndian.Uint32(d[at:])) }
	long := func(at int) uint64 { return binary.LittleEndian.Uint64(d[at:]) }
	parts := []string{oneOf(schedPolicies, word(4))}
	if flags := long(8); flags != 0 {
		parts = append(parts, allOf(schedFlags, flags))
	}
	for _, m := range []struct {
		name  string
		value int64
	}{
		{"nice", int64(int32(word(16)))}, {"priority", int64(word(20))},
		{"runtime", int64(long(24))}, {"deadline", int64(long(32))}, {"period", int64(long(40))},
	} {
		if m.value != 0 {
			parts = append(parts, m.name+": "+strconv.FormatInt(m.value, 10))
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// ioPriority is a class above 13 bits of level.
func ioPriority(a shown) string {
	return fmt.Sprintf("%s, level %d", oneOf(a.names, a.N>>13), a.N&0x1fff)
}

// memoryMode is a mode with flags in its high bits.
func memoryMode(a shown) string {
	text := oneOf(a.names, a.N&^unix.MPOL_MODE_FLAGS)
	if flags := a.N & unix.MPOL_MODE_FLAGS; flags != 0 {
		text += "|" + allOf(memoryModeFlags, flags)
	}
	return text
}

// nodeMask is a bit mask, printed as the numbers of its members.
func nodeMask(a shown) string {
	var members []string
	for i, w := range a.Words {
		for rest := w.N; rest != 0; rest &= rest - 1 {
			members = append(members, strconv.Itoa(64*i+mathbits.TrailingZeros64(rest)))
		}
	}
	return "[" + strings.Join(members, ", ") + "]"
}
