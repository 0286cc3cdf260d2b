package plan

import (
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
)

// callRow says how to print a system call. Arguments that have no param are not printed: sizes of structures, and what
// is always 0.
type callRow struct {
	nr     uintptr
	name   string
	params []param
	result string // name of the memory that takes the result, "" if it is none of its own
}

// param says how to print one argument.
type param struct {
	show  func(shown) string
	names []constant // for bits and choice
	// as, when not empty, is the name of the only value for which this row holds: is.
	as string
	is uint64
	// use names the memory that this argument is.
	use string
}

// rootName is the memory that holds the container's root, known by the fchdir(2) that enters it.
const rootName = "root"

// callRows is sorted by name; of the rows for one call the first that holds counts. It is laid out by the compiler, so
// that it costs a start of crabcan nothing: no maps, and no functions that are made.
var callRows = [...]callRow{
	{nr: unix.SYS_CAPSET, name: "capset", params: []param{{show: capVersion}, {show: capData}}},
	{nr: unix.SYS_CHDIR, name: "chdir", params: []param{{show: text}}},
	{nr: unix.SYS_CHROOT, name: "chroot", params: []param{{show: text}}},
	{nr: unix.SYS_CLONE, name: "clone", params: []param{{show: cloneFlags, names: namespaceKinds}}, result: "pid"},
	{nr: unix.SYS_CLOSE, name: "close", params: []param{{show: descriptor}}},
	{nr: unix.SYS_CLOSE_RANGE, name: "close_range", params: []param{
		{show: number}, {show: choice, names: lastDescriptor}, {show: bits, names: closeRangeFlags}}},
	{nr: unix.SYS_DUP3, name: "dup3", params: []param{
		{show: descriptor}, {show: descriptor}, {show: bits, names: openFlags}}},
	{nr: unix.SYS_EXECVE, name: "execve", params: []param{
		{show: text, use: "path"}, {show: list}, {show: list, use: "HOME"}}},
	{nr: unix.SYS_EXIT_GROUP, name: "exit_group", params: []param{{show: number}}},
	{nr: unix.SYS_FACCESSAT2, name: "faccessat2", params: []param{
		{show: descriptor}, {show: text}, {show: choice, names: accessModes}, {show: choice, names: accessFlags}}},
	{nr: unix.SYS_FCHDIR, name: "fchdir", params: []param{{show: descriptor, use: rootName}}},
	{nr: unix.SYS_FCHOWN, name: "fchown", params: []param{{show: descriptor}, {show: number}, {show: number}}},
	{nr: unix.SYS_FCHOWNAT, name: "fchownat", params: []param{
		{show: descriptor}, {show: text}, {show: number}, {show: number}, {show: bits, names: atFlags}}},
	{nr: unix.SYS_FCNTL, name: "fcntl", params: []param{
		{show: descriptor}, {as: "F_DUPFD_CLOEXEC", is: unix.F_DUPFD_CLOEXEC}, {show: number}}},
	{nr: unix.SYS_FCNTL, name: "fcntl", params: []param{
		{show: descriptor}, {as: "F_SETFL", is: unix.F_SETFL}, {show: bits, names: openFlags}}},
	{nr: unix.SYS_FSCONFIG, name: "fsconfig", params: []param{
		{show: descriptor}, {as: "FSCONFIG_SET_FLAG", is: unix.FSCONFIG_SET_FLAG}, {show: text}}},
	{nr: unix.SYS_FSCONFIG, name: "fsconfig", params: []param{
		{show: descriptor}, {as: "FSCONFIG_SET_STRING", is: unix.FSCONFIG_SET_STRING}, {show: text}, {show: text}}},
	{nr: unix.SYS_FSCONFIG, name: "fsconfig", params: []param{
		{show: descriptor}, {as: "FSCONFIG_CMD_CREATE", is: unix.FSCONFIG_CMD_CREATE}}},
	{nr: unix.SYS_FSCONFIG, name: "fsconfig", params: []param{
		{show: descriptor}, {as: "FSCONFIG_CMD_RECONFIGURE", is: unix.FSCONFIG_CMD_RECONFIGURE}}},
	{nr: unix.SYS_FSETXATTR, name: "fsetxattr", params: []param{{show: descriptor}, {show: text}, {show: data}, {show: number}}},
	{nr: unix.SYS_FSMOUNT, name: "fsmount", params: []param{
		{show: descriptor}, {show: bits, names: fsmountFlags}, {show: bits, names: mountAttrs}}},
	{nr: unix.SYS_FSOPEN, name: "fsopen", params: []param{
		{show: text}, {show: bits, names: fsopenFlags}}, result: "fs"},
	{nr: unix.SYS_FSPICK, name: "fspick", params: []param{
		{show: descriptor}, {show: text}, {show: bits, names: fspickFlags}}, result: "fs"},
	{nr: unix.SYS_FSTATFS, name: "fstatfs", params: []param{{show: descriptor}, {show: buffer, use: "statfs"}}},
	{nr: unix.SYS_GETCWD, name: "getcwd", params: []param{{show: buffer, use: "cwd"}, {show: number}}},
	{nr: unix.SYS_IOCTL, name: "ioctl", params: []param{
		{show: descriptor}, {as: "TIOCSPTLCK", is: unix.TIOCSPTLCK}, {show: list}}},
	{nr: unix.SYS_IOCTL, name: "ioctl", params: []param{
		{show: descriptor}, {as: "TIOCGPTPEER", is: unix.TIOCGPTPEER}, {show: openBits}}},
	{nr: unix.SYS_IOCTL, name: "ioctl", params: []param{
		{show: descriptor}, {as: "TIOCSWINSZ", is: unix.TIOCSWINSZ}, {show: windowSize}}},
	{nr: unix.SYS_IOCTL, name: "ioctl", params: []param{
		{show: descriptor}, {as: "TIOCSCTTY", is: unix.TIOCSCTTY}, {show: number}}},
	{nr: unix.SYS_IOCTL, name: "ioctl", params: []param{
		{show: descriptor}, {as: "SIOCSIFFLAGS", is: unix.SIOCSIFFLAGS}, {show: interfaceFlags, names: linkFlags}}},
	{nr: unix.SYS_IOPRIO_SET, name: "ioprio_set", params: []param{
		{as: "IOPRIO_WHO_PROCESS", is: 1}, {show: number}, {show: ioPriority, names: ioClasses}}},
	{nr: unix.SYS_KEYCTL, name: "keyctl", params: []param{
		{as: "KEYCTL_JOIN_SESSION_KEYRING", is: unix.KEYCTL_JOIN_SESSION_KEYRING}, {show: text}}, result: "keyring"},
	{nr: unix.SYS_KEYCTL, name: "keyctl", params: []param{
		{as: "KEYCTL_SETPERM", is: unix.KEYCTL_SETPERM}, {show: number}, {show: hexadecimal}}},
	{nr: unix.SYS_MKDIRAT, name: "mkdirat", params: []param{{show: descriptor}, {show: text}, {show: mode}}},
	{nr: unix.SYS_MKNODAT, name: "mknodat", params: []param{
		{show: descriptor}, {show: text}, {show: mode}, {show: device}}},
	{nr: unix.SYS_MOUNT_SETATTR, name: "mount_setattr", params: []param{
		{show: descriptor}, {show: text}, {show: bits, names: atFlags}, {show: mountAttr, names: mountAttrs}}},
	{nr: unix.SYS_MOVE_MOUNT, name: "move_mount", params: []param{
		{show: descriptor}, {show: text}, {show: descriptor}, {show: text}, {show: bits, names: moveMountFlags}}},
	{nr: unix.SYS_OPEN_TREE, name: "open_tree", params: []param{
		{show: descriptor}, {show: text}, {show: bits, names: openTreeFlags}}},
	{nr: unix.SYS_OPENAT, name: "openat", params: []param{{show: descriptor}, {show: text}, {show: openBits}}},
	{nr: unix.SYS_OPENAT2, name: "openat2", params: []param{
		{show: descriptor}, {show: text}, {show: openHow, names: resolveFlags}}},
	{nr: unix.SYS_PERSONALITY, name: "personality", params: []param{{show: choice, names: executionDomains}}},
	{nr: unix.SYS_PIVOT_ROOT, name: "pivot_root", params: []param{{show: text}, {show: text}}},
	{nr: unix.SYS_PRCTL, name: "prctl", params: []param{
		{as: "PR_CAPBSET_DROP", is: unix.PR_CAPBSET_DROP}, {show: choice, names: capabilityNames}}},
	{nr: unix.SYS_PRCTL, name: "prctl", params: []param{
		{as: "PR_CAP_AMBIENT", is: unix.PR_CAP_AMBIENT}, {as: "PR_CAP_AMBIENT_CLEAR_ALL", is: unix.PR_CAP_AMBIENT_CLEAR_ALL}}},
	{nr: unix.SYS_PRCTL, name: "prctl", params: []param{
		{as: "PR_CAP_AMBIENT", is: unix.PR_CAP_AMBIENT}, {as: "PR_CAP_AMBIENT_RAISE", is: unix.PR_CAP_AMBIENT_RAISE},
		{show: choice, names: capabilityNames}}},
	{nr: unix.SYS_PRCTL, name: "prctl", params: []param{
		{as: "PR_SET_DUMPABLE", is: unix.PR_SET_DUMPABLE}, {show: number}}},
	{nr: unix.SYS_PRCTL, name: "prctl", params: []param{
		{as: "PR_SET_KEEPCAPS", is: unix.PR_SET_KEEPCAPS}, {show: number}}},
	{nr: unix.SYS_PRCTL, name: "prctl", params: []param{
		{as: "PR_SET_NAME", is: unix.PR_SET_NAME}, {show: text}}},
	{nr: unix.SYS_PRCTL, name: "prctl", params: []param{
		{as: "PR_SET_NO_NEW_PRIVS", is: unix.PR_SET_NO_NEW_PRIVS}, {show: number}}},
	{nr: unix.SYS_PRCTL, name: "prctl", params: []param{
		{as: "PR_SET_PDEATHSIG", is: unix.PR_SET_PDEATHSIG}, {show: signal}}},
	{nr: unix.SYS_PRLIMIT64, name: "prlimit64", params: []param{
		{show: number}, {show: choice, names: rlimitNames}, {show: rlimit}}},
	{nr: unix.SYS_READ, name: "read", params: []param{{show: descriptor}, {show: buffer, use: "buffer"}, {show: number}}},
	{nr: unix.SYS_RECVFROM, name: "recvfrom", params: []param{
		{show: descriptor}, {show: buffer, use: "buffer"}, {show: number}}, result: "size"},
	{nr: unix.SYS_RECVMSG, name: "recvmsg", params: []param{
		{show: descriptor}, {show: buffer, use: "received"}, {show: bits, names: receiveFlags}}, result: "size"},
	{nr: unix.SYS_RT_SIGACTION, name: "rt_sigaction", params: []param{{show: signal}, {show: handler}}},
	{nr: unix.SYS_SCHED_SETATTR, name: "sched_setattr", params: []param{{show: number}, {show: schedAttr}, {show: number}}},
	{nr: unix.SYS_SECCOMP, name: "seccomp", params: []param{
		{as: "SECCOMP_SET_MODE_FILTER", is: unix.SECCOMP_SET_MODE_FILTER}, {show: bits, names: seccompFlags},
		{show: filterProgram}}},
	{nr: unix.SYS_SENDMSG, name: "sendmsg", params: []param{
		{show: descriptor}, {show: messageHeader}, {show: bits, names: messageFlags}}},
	{nr: unix.SYS_SENDTO, name: "sendto", params: []param{
		{show: descriptor}, {show: message, use: "message"}, {show: number}, {show: bits, names: messageFlags}}},
	{nr: unix.SYS_SET_MEMPOLICY, name: "set_mempolicy", params: []param{
		{show: memoryMode, names: memoryModes}, {show: nodeMask}, {show: number}}},
	{nr: unix.SYS_SETDOMAINNAME, name: "setdomainname", params: []param{{show: data}, {show: number}}},
	{nr: unix.SYS_SETGROUPS, name: "setgroups", params: []param{{show: number}, {show: groupIDs}}},
	{nr: unix.SYS_SETHOSTNAME, name: "sethostname", params: []param{{show: data}, {show: number}}},
	{nr: unix.SYS_SETNS, name: "setns", params: []param{{show: descriptor}, {show: bits, names: namespaceKinds}}},
	{nr: unix.SYS_SETRESGID, name: "setresgid", params: []param{{show: number}, {show: number}, {show: number}}},
	{nr: unix.SYS_SETRESUID, name: "setresuid", params: []param{{show: number}, {show: number}, {show: number}}},
	{nr: unix.SYS_SETSID, name: "setsid"},
	{nr: unix.SYS_SOCKET, name: "socket", params: []param{
		{show: choice, names: addressFamilies}, {show: socketType, names: socketFlags}, {show: number}}},
	{nr: unix.SYS_STATX, name: "statx", params: []param{
		{show: descriptor}, {show: text}, {show: bits, names: atFlags}, {show: bits, names: statxMask},
		{show: buffer, use: "statx"}}},
	{nr: unix.SYS_SYMLINKAT, name: "symlinkat", params: []param{{show: text}, {show: descriptor}, {show: text}}},
	{nr: unix.SYS_UMASK, name: "umask", params: []param{{show: mode}}},
	{nr: unix.SYS_UMOUNT2, name: "umount2", params: []param{{show: text}, {show: bits, names: umountFlags}}},
	{nr: unix.SYS_UNLINKAT, name: "unlinkat", params: []param{{show: descriptor}, {show: text}}},
	{nr: unix.SYS_UNSHARE, name: "unshare", params: []param{{show: bits, names: namespaceKinds}}},
	{nr: unix.SYS_WRITE, name: "write", params: []param{{show: descriptor}, {show: written, use: "message"}, {show: number}}},
	{nr: unix.SYS_WRITEV, name: "writev", params: []param{{show: descriptor}, {show: vectors}}},
}

// findCall is the row for a step's system call. What the table lacks is printed word by word, under its number if not
// even the call is known.
func findCall(s *program.Step) *callRow {
	name := "syscall_" + strconv.Itoa(int(s.Nr))
	for i := range callRows {
		row := &callRows[i]
		if row.nr != s.Nr {
			continue
		}
		if row.holds(s.Args) {
			return row
		}
		name = row.name
	}
	params := make([]param, len(s.Args))
	for i := range params {
		params[i].show = anything
	}
	return &callRow{name: name, params: params}
}

// holds reports whether the arguments have the values that the row is for.
func (row *callRow) holds(args []program.Arg) bool {
	for at, p := range row.params {
		if p.as != "" && (at >= len(args) || args[at].Kind != program.ArgInt || args[at].N != p.is) {
			return false
		}
	}
	return true
}
