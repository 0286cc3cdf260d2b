package plan

import (
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
)

// stepRules hold for each step of every plan. A rule returns what is wrong, or "".
var stepRules = []struct {
	name  string
	check func(p subject, i int, s *program.Step) string
}{
	{"labels are in place", checkLabels},
	{"steps can be printed", checkPrint},
	{"paths of the container are resolved inside it", checkResolve},
	{"descriptors are close-on-exec", checkCloseOnExec},
	{"without a mount namespace mounts are known by descriptor", checkHostMounts},
}

func checkLabels(p subject, i int, s *program.Step) string {
	labels := []program.Label{s.Next}
	for _, on := range s.On {
		labels = append(labels, on.To)
	}
	for _, l := range labels {
		if to := p.Program.Where(l); l != 0 && (to < 0 || to >= len(p.Program.Steps)) {
			return "leads nowhere"
		}
	}
	return ""
}

func checkPrint(p subject, i int, s *program.Step) string {
	text := p.line(i)
	switch {
	case s.Op == program.OpCall && findCall(s).nr == 0 && s.Nr != 0:
		return "no row of callRows is for it"
	case strings.IndexFunc(text, func(c rune) bool { return !unicode.IsPrint(c) }) >= 0:
		return "prints control characters"
	}
	return ""
}

func checkResolve(p subject, i int, s *program.Step) string {
	const inside = unix.RESOLVE_IN_ROOT | unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS
	switch {
	case s.Nr != unix.SYS_OPENAT2 || s.Op != program.OpCall:
	case s.Args[0].Kind == program.ArgInt && int32(s.Args[0].N) == unix.AT_FDCWD:
		if path := cString(s.Args[1]); !filepath.IsAbs(path) {
			return "a path of the host must be absolute"
		}
	case slices.Contains([]string{"self/timens_offsets", "self/ns/time_for_children"}, cString(s.Args[1])):
		// These are below the host's /proc, which was opened first of all.
	case s.Args[2].Words[2].N&inside == 0:
		return "may leave the container"
	case cString(s.Args[1]) == ".": // no component of it can be a link
	case s.Args[2].Words[2].N&unix.RESOLVE_NO_MAGICLINKS == 0 && s.Args[2].Words[2].N&unix.RESOLVE_NO_SYMLINKS == 0:
		return "follows magic links"
	}
	return ""
}

// closeOnExecFlags are where the calls that make descriptors have their flags.
var closeOnExecFlags = []struct {
	nr   uintptr
	flag uint64
	in   func(args []program.Arg) program.Arg
}{
	{unix.SYS_OPENAT2, unix.O_CLOEXEC, func(a []program.Arg) program.Arg { return a[2].Words[0] }},
	{unix.SYS_OPENAT, unix.O_CLOEXEC, func(a []program.Arg) program.Arg { return a[2] }},
	{unix.SYS_OPEN_TREE, unix.OPEN_TREE_CLOEXEC, func(a []program.Arg) program.Arg { return a[2] }},
	{unix.SYS_FSOPEN, unix.FSOPEN_CLOEXEC, func(a []program.Arg) program.Arg { return a[1] }},
	{unix.SYS_FSPICK, unix.FSPICK_CLOEXEC, func(a []program.Arg) program.Arg { return a[2] }},
	{unix.SYS_FSMOUNT, unix.FSMOUNT_CLOEXEC, func(a []program.Arg) program.Arg { return a[1] }},
	{unix.SYS_SOCKET, unix.SOCK_CLOEXEC, func(a []program.Arg) program.Arg { return a[1] }},
}

func checkCloseOnExec(p subject, i int, s *program.Step) string {
	if s.Op != program.OpCall {
		return ""
	}
	for _, c := range closeOnExecFlags {
		if s.Nr == c.nr && c.in(s.Args).N&c.flag == 0 {
			return "makes a descriptor that survives execve"
		}
	}
	peer := s.Nr == unix.SYS_IOCTL && s.Args[1].N == unix.TIOCGPTPEER
	if peer && s.Args[2].N&unix.O_CLOEXEC == 0 || s.Nr == unix.SYS_FCNTL && s.Args[1].N == unix.F_DUPFD {
		return "makes a descriptor that survives execve"
	}
	return ""
}

// checkHostMounts: descriptors come from below the root folder, paths would mean the host's.
func checkHostMounts(p subject, i int, s *program.Step) string {
	if p.has(unix.CLONE_NEWNS) || s.Op != program.OpCall {
		return ""
	}
	byPath := s.Nr == unix.SYS_MOUNT_SETATTR && cString(s.Args[1]) != "" ||
		s.Nr == unix.SYS_MOVE_MOUNT && s.Args[4].N&unix.MOVE_MOUNT_T_EMPTY_PATH == 0
	if byPath || s.Nr == unix.SYS_PIVOT_ROOT || s.Nr == unix.SYS_UMOUNT2 {
		return "changes the host"
	}
	return ""
}
