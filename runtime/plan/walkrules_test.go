package plan

import (
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/spec"
)

// walkRules hold for each way through a plan that ends in execve. A rule returns what is wrong, or "".
var walkRules = []struct {
	of    kind
	name  string
	check func(p subject, m *machine) string
}{
	{forInit | forExec | forHook, "not dumpable before a namespace is joined", checkDumpable},
	{forInit | forExec, "dies with its parent until it is ready", checkParentDeath},
	{forInit, "mounts hang together with the host's only as the config says", checkPropagation},
	{forInit, "without a mount namespace what is bound is apart from the host when it is attached", checkApart},
	{forInit, "file systems are configured before they are mounted", checkCreated},
	{forInit, "what the config hides is covered", checkCovered},
	{forInit, "one root, entered once", checkRoot},
	{forInit, "the old root is detached", checkPivot},
	{forInit, "no path of the host after its root is left", checkHostPaths},
	{forInit | forExec, "the working directory is checked", checkWorkingFolder},
	{forInit | forExec, "leads a session", checkSession},
	{forInit | forExec, "identity is complete and in order", checkIdentity},
	{forInit | forExec, "the last capset sets what the config says", checkCapabilities},
	{forInit | forExec, "starts only when told", checkWait},
	{forInit | forExec, "nothing but the filter and capabilities after the wait for start", checkAfterWait},
	{forInit | forExec, "the filter is last", checkFilter},
	{forInit | forExec | forHook, "all else is close-on-exec", checkCloseRange},
	{forInit, "every mount is attached", checkAttached},
	{forInit | forExec | forHook, "every descriptor is closed", checkClosed},
}

// calls lists where in the walk a system call was made; by its first argument, too, if there is one.
func (m *machine) calls(nr uintptr, first ...uint64) (at []int) {
	for i, step := range m.trace {
		s := &m.Program.Steps[step]
		if s.Op != program.OpCall || s.Nr != nr {
			continue
		}
		if len(first) == 0 || s.Args[0].Kind == program.ArgInt && s.Args[0].N == first[0] {
			at = append(at, i)
		}
	}
	return at
}

// step is what was done at a place of the walk.
func (m *machine) step(at int) *program.Step { return &m.Program.Steps[m.trace[at]] }

// inOrder reports whether everything in the lists comes after everything in those before it.
func inOrder(lists ...[]int) bool {
	last := -1
	for _, list := range lists {
		for _, at := range list {
			if at < last {
				return false
			}
		}
		if len(list) > 0 {
			last = list[len(list)-1]
		}
	}
	return true
}

func checkDumpable(p subject, m *machine) string {
	set := m.calls(unix.SYS_PRCTL, unix.PR_SET_DUMPABLE)
	want := uint64(0)
	if p.kind == forInit && p.f.Unprivileged && p.makes(unix.CLONE_NEWUSER) { // see staysDumpable
		want = 1
	} else if len(set) == 0 || !inOrder(set[:1], m.calls(unix.SYS_SETNS)) {
		return "a namespace is joined before PR_SET_DUMPABLE is set to 0"
	}
	for _, at := range set {
		if m.step(at).Args[1].N != want {
			return "PR_SET_DUMPABLE is not set to what it should be"
		}
	}
	for _, at := range m.calls(unix.SYS_SETRESUID) {
		if !slices.Contains(set, at+1) {
			return "a change of ids is not followed by PR_SET_DUMPABLE"
		}
	}
	return ""
}

func checkParentDeath(p subject, m *machine) string {
	asked := m.calls(unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG)
	sent := m.calls(unix.SYS_SENDTO)
	if len(asked) < 2 || m.step(asked[0]).Args[1].N != uint64(unix.SIGKILL) || m.step(asked[len(asked)-1]).Args[1].N != 0 {
		return "PR_SET_PDEATHSIG is not set and cleared"
	}
	if asked[len(asked)-1] != sent[len(sent)-1]-1 {
		return "it is not cleared right before Ready"
	}
	return ""
}

func checkPropagation(p subject, m *machine) string {
	if !p.has(unix.CLONE_NEWNS) {
		return ""
	}
	want := p.o.RootPropagation
	switch {
	case want == 0:
		want = unix.MS_SLAVE | unix.MS_REC
	case want&unix.MS_UNBINDABLE != 0: // what is unbindable can't become a root
		want = unix.MS_PRIVATE | unix.MS_REC
	}
	// A copy that is attached nowhere may be made before; the root's would be shared with the host.
	root := slices.DeleteFunc(m.calls(unix.SYS_OPEN_TREE), func(at int) bool { return p.memory(m.step(at).Result) != rootName })
	set := m.calls(unix.SYS_MOUNT_SETATTR)
	if len(set) == 0 || !inOrder(set[:1], root) || !inOrder(set[:1], m.calls(unix.SYS_MOVE_MOUNT)) {
		return "it is not the first thing that is done to mounts"
	}
	s := m.step(set[0])
	recursive := s.Args[2].N&unix.AT_RECURSIVE != 0
	if cString(s.Args[1]) != "/" || s.Args[3].Words[2].N != want&propagations || recursive != (want&unix.MS_REC != 0) {
		return m.printer.line(m.trace[set[0]])
	}
	return checkRootMount(p, m, set)
}

// checkApart: what is mounted below a peer of the host's mount is mounted there too.
func checkApart(p subject, m *machine) string {
	if p.has(unix.CLONE_NEWNS) {
		return ""
	}
	last := 0
	for _, at := range m.calls(unix.SYS_MOVE_MOUNT) {
		tree, pointer := m.step(at).Args[0].Mem, p.Notes[m.trace[at]].Pointer
		binds := slices.ContainsFunc(p.o.Mounts, func(mount spec.Mount) bool { return mount.Bind && mount.Pointer == pointer })
		apart := slices.ContainsFunc(m.calls(unix.SYS_MOUNT_SETATTR), func(set int) bool {
			return last < set && set < at && m.step(set).Args[0].Mem == tree && isApart(m.step(set))
		})
		if binds && !apart {
			return "this one is not: " + pointer
		}
		last = at
	}
	return ""
}

// checkRootMount: where the mounts of the host may still be shared, the one that the root folder lies in is made private.
// Else what is mounted there would appear on the host, and pivot_root(2) would refuse.
func checkRootMount(p subject, m *machine, set []int) string {
	if isApart(m.step(set[0])) {
		return ""
	}
	s := m.step(set[1])
	if cString(s.Args[1]) != p.f.RootMount || s.Args[3].Words[2].N != unix.MS_PRIVATE || !inOrder(set[:2], m.calls(unix.SYS_MOVE_MOUNT)) {
		return "the mount of the root folder does not become private"
	}
	return ""
}

func checkCreated(p subject, m *machine) string {
	made := slices.DeleteFunc(m.calls(unix.SYS_FSCONFIG), func(at int) bool {
		return m.step(at).Args[1].N != unix.FSCONFIG_CMD_CREATE
	})
	opened, mounted := m.calls(unix.SYS_FSOPEN), m.calls(unix.SYS_FSMOUNT)
	if len(opened) != len(made) || len(made) != len(mounted) {
		return "fsopen, FSCONFIG_CMD_CREATE and fsmount are not equal in number"
	}
	for i := range made {
		if !inOrder(opened[i:i+1], made[i:i+1], mounted[i:i+1], opened[i+1:]) {
			return m.printer.line(m.trace[opened[i]])
		}
	}
	return ""
}

// checkCovered: every path that is opened to be masked or made read-only gets something mounted on it.
func checkCovered(p subject, m *machine) string {
	for at, step := range m.trace[:len(m.trace)-1] {
		pointer := p.Notes[step].Pointer
		s := &p.Program.Steps[step]
		hides := strings.HasPrefix(pointer, "/linux/maskedPaths") || strings.HasPrefix(pointer, "/linux/readonlyPaths")
		isNull := cString(argAt(s.Args, 1)) == "dev/null" // what files are covered with
		if !hides || s.Nr != unix.SYS_OPENAT2 || s.Args[0].Kind != program.ArgLoad || isNull {
			continue
		}
		if found := m.trace[at+1] == step+1; found && !m.isTarget(at, s.Result) {
			return p.line(step)
		}
	}
	return ""
}

// isTarget reports whether something is mounted on the descriptor in a word before it is closed.
func (m *machine) isTarget(at int, word program.Arg) bool {
	for at++; m.step(at).Nr != unix.SYS_CLOSE || m.step(at).Args[0].Mem != word.Mem; at++ {
		if s := m.step(at); s.Nr == unix.SYS_MOVE_MOUNT && s.Args[2].Mem == word.Mem {
			return true
		}
	}
	return false
}

func checkRoot(p subject, m *machine) string {
	pivots, chroots := m.calls(unix.SYS_PIVOT_ROOT), m.calls(unix.SYS_CHROOT)
	switch pivot := p.has(unix.CLONE_NEWNS) && !p.f.NoPivot; {
	case pivot && (len(pivots) != 1 || len(chroots) != 0):
		return "must pivot once"
	case !pivot && (len(pivots) != 0 || len(chroots) != 1):
		return "must chroot once"
	}
	entered := append(pivots, chroots...)[0]
	if !inOrder(m.calls(unix.SYS_FCHDIR), []int{entered}, m.calls(unix.SYS_CHDIR)) {
		return "must enter the root folder before and / after"
	}
	return ""
}

// checkPivot: the old root is detached at once, and that reaches none of the host's mounts. A mount that is still shared
// would take the host's along, which setting only the topmost one to slave or private does not prevent.
func checkPivot(p subject, m *machine) string {
	changed := m.calls(unix.SYS_MOUNT_SETATTR)
	for _, at := range m.calls(unix.SYS_PIVOT_ROOT) {
		apart := isApart(m.step(changed[0]))
		for at++; m.step(at).Nr == unix.SYS_MOUNT_SETATTR || m.step(at).Nr == unix.SYS_CLOSE; at++ {
			apart = apart || isApart(m.step(at))
		}
		if s := m.step(at); s.Nr != unix.SYS_UMOUNT2 || s.Args[1].N != unix.MNT_DETACH {
			return "pivot_root is not followed by umount2(MNT_DETACH)"
		}
		if !apart {
			return "mounts below it may still be shared with the host, which would lose them"
		}
	}
	return ""
}

// isApart reports whether a mount_setattr keeps changes of all mounts below from reaching the host.
func isApart(s *program.Step) bool {
	const apart = unix.MS_SLAVE | unix.MS_PRIVATE
	isSetattr := s.Nr == unix.SYS_MOUNT_SETATTR && s.Op == program.OpCall
	return isSetattr && s.Args[2].N&unix.AT_RECURSIVE != 0 && s.Args[3].Words[2].N&apart != 0
}

func checkHostPaths(p subject, m *machine) string {
	left := append(m.calls(unix.SYS_PIVOT_ROOT), m.calls(unix.SYS_CHROOT)...)[0]
	for at := left; at < len(m.trace); at++ {
		s := m.step(at)
		if (s.Nr == unix.SYS_OPENAT2 || s.Nr == unix.SYS_OPEN_TREE) && s.Args[0].Kind == program.ArgInt {
			return "opens " + cString(s.Args[1])
		}
	}
	return ""
}

func checkWorkingFolder(p subject, m *machine) string {
	entered, asked := m.calls(unix.SYS_CHDIR), m.calls(unix.SYS_GETCWD)
	if len(entered) == 0 || cString(m.step(entered[len(entered)-1]).Args[0]) != p.o.Cwd {
		return "it is not entered last"
	}
	if len(asked) != 1 || !inOrder(entered, asked) {
		return "getcwd does not come after the last chdir"
	}
	if s := m.step(asked[0] + 1); s.Op != program.OpTest || s.Args[0].Mem != m.step(asked[0]).Args[0].Mem {
		return "its result is not tested"
	}
	return ""
}

func checkSession(p subject, m *machine) string {
	if len(m.calls(unix.SYS_SETSID)) != 1 {
		return "there is not one setsid"
	}
	rings := slices.DeleteFunc(m.calls(unix.SYS_KEYCTL), func(at int) bool {
		return m.step(at).Args[0].N != unix.KEYCTL_JOIN_SESSION_KEYRING
	})
	if (len(rings) == 1) == p.f.NoNewKeyring {
		return "the keyring is not what the flags say"
	}
	return ""
}

func checkIdentity(p subject, m *machine) string {
	groups, gid, uid := m.calls(unix.SYS_SETGROUPS), m.calls(unix.SYS_SETRESGID), m.calls(unix.SYS_SETRESUID)
	if p.kind == forInit && p.has(unix.CLONE_NEWUSER) { // first init becomes its root
		gid, uid = gid[1:], uid[1:]
	}
	if len(groups) != 1 || len(gid) != 1 || len(uid) != 1 {
		return "the ids are not set once"
	}
	if !inOrder(m.calls(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP), groups, gid, uid, m.calls(unix.SYS_CAPSET)) {
		return "bounding set, groups, ids, capabilities are out of order"
	}
	if got := len(m.calls(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS)); (got == 1) != p.o.NoNewPrivs {
		return "no_new_privs is not what the config says"
	}
	keep := m.calls(unix.SYS_PRCTL, unix.PR_SET_KEEPCAPS)
	if len(keep) != 2 || !inOrder(keep[:1], uid, m.calls(unix.SYS_CAPSET)[:1], keep[1:]) {
		return "PR_SET_KEEPCAPS does not save the capabilities over setresuid"
	}
	dropped := uint64(0)
	for _, at := range m.calls(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP) {
		dropped |= 1 << m.step(at).Args[1].N
	}
	if dropped != p.known()&^p.o.Caps.Bounding {
		return "the bounding set is not what the config says"
	}
	return ""
}

// known are the capabilities that the kernel has.
func (p subject) known() uint64 { return 1<<(p.f.LastCap+1) - 1 }

// capsetWords are the effective, permitted and inheritable sets of a capset step.
func capsetWords(s *program.Step) [3]uint64 {
	var sets [3]uint64
	for i := range sets {
		for b := range 4 {
			sets[i] |= uint64(s.Args[1].Data[4*i+b])<<(8*b) | uint64(s.Args[1].Data[12+4*i+b])<<(32+8*b)
		}
	}
	return sets
}

func checkCapabilities(p subject, m *machine) string {
	set := m.calls(unix.SYS_CAPSET)
	want := [3]uint64{p.o.Caps.Effective & p.known(), p.o.Caps.Permitted & p.known(), p.o.Caps.Inheritable & p.known()}
	if len(set) == 0 || capsetWords(m.step(set[len(set)-1])) != want {
		return "the capabilities are not what the config says"
	}
	if s := m.step(m.calls(unix.SYS_PRCTL, unix.PR_CAP_AMBIENT)[0]); s.Args[1].N != unix.PR_CAP_AMBIENT_CLEAR_ALL {
		return "the ambient set is not emptied first"
	}
	ambient := uint64(0)
	for _, at := range m.calls(unix.SYS_PRCTL, unix.PR_CAP_AMBIENT) {
		if s := m.step(at); s.Args[1].N == unix.PR_CAP_AMBIENT_RAISE {
			ambient |= 1 << s.Args[2].N
		}
	}
	if ambient != p.o.Caps.Ambient&p.known() {
		return "the ambient set is not what the config says"
	}
	return ""
}

// waited is the place where init heard that it may start: from the fifo, or with Run from the socket.
func (m *machine) waited() int {
	at := append(m.calls(unix.SYS_RECVFROM), m.calls(unix.SYS_READ)...)
	if loaded := m.calls(unix.SYS_SECCOMP); len(loaded) > 0 {
		at = slices.DeleteFunc(at, func(at int) bool { return at > loaded[0] }) // that waits for the agent
	}
	return slices.Max(at)
}

// checkWait: Ready is answered, and unless start follows at once the fifo is read.
func checkWait(p subject, m *machine) string {
	sent, answered, read := m.calls(unix.SYS_SENDTO), m.calls(unix.SYS_RECVFROM), m.calls(unix.SYS_READ)
	last := sent[len(sent)-1]
	if m.Program.Initial(m.step(last).Args[1].Mem, 0).N != uint64(program.Ready) {
		return "the last message is not Ready"
	}
	if len(answered) == 0 || answered[len(answered)-1] != last+1 {
		return "Ready is not answered"
	}
	if p.f.Run {
		return ""
	}
	if len(read) == 0 || read[0] < last || p.file(m.step(read[0]).Args[0].N).Role != RoleExec {
		return "the fifo is not read after Ready"
	}
	return ""
}

func checkAfterWait(p subject, m *machine) string {
	for at := m.waited() + 1; at < len(m.trace)-1; at++ {
		s := m.step(at)
		switch {
		case p.notifies() && (s.Nr == p.passesBy() || s.Nr == unix.SYS_READ):
		case s.Op != program.OpCall, s.Nr == unix.SYS_SECCOMP, s.Nr == unix.SYS_CAPSET:
		case s.Nr == unix.SYS_PRCTL && s.Args[0].N == unix.PR_CAP_AMBIENT:
		default:
			return m.printer.line(m.trace[at])
		}
	}
	return ""
}

func checkFilter(p subject, m *machine) string {
	loaded := m.calls(unix.SYS_SECCOMP)
	if p.o.Seccomp == nil {
		if len(loaded) != 0 {
			return "there is one without a profile"
		}
		return ""
	}
	if len(loaded) != 1 || loaded[0] < m.waited() {
		return "it is not loaded once, after the wait"
	}
	before := slices.DeleteFunc(m.calls(unix.SYS_CAPSET), func(at int) bool { return at > loaded[0] })
	if !p.o.NoNewPrivs && capsetWords(m.step(before[len(before)-1]))[0]&(1<<unix.CAP_SYS_ADMIN) == 0 {
		return "it can't be loaded: neither no_new_privs nor CAP_SYS_ADMIN"
	}
	after := loaded[0] + 1
	if p.notifies() {
		told, heard := m.calls(p.passesBy()), m.calls(unix.SYS_READ)
		after = heard[len(heard)-1] + 1
		if told[len(told)-1] < loaded[0] || !inOrder(loaded, told[len(told)-1:], heard[len(heard)-1:]) {
			return "its listener is not passed on"
		}
	}
	for at := after; at < len(m.trace)-1; at++ {
		if s := m.step(at); s.Op == program.OpCall && (s.Nr != unix.SYS_CAPSET || p.o.NoNewPrivs) {
			return "followed by " + m.printer.line(m.trace[at])
		}
	}
	return ""
}

// notifies reports whether the profile has an agent to ask.
func (p subject) notifies() bool {
	return p.o.Seccomp != nil &&
		slices.ContainsFunc(p.o.Seccomp.Syscalls, func(s specs.LinuxSyscall) bool { return s.Action == specs.ActNotify })
}

// passesBy is the call with which the listener is made known.
func (p subject) passesBy() uintptr {
	if p.f.Unprivileged && (p.kind != forInit || !p.makes(unix.CLONE_NEWUSER)) { // see sendsAlong
		return unix.SYS_SENDMSG
	}
	return unix.SYS_WRITE
}

func checkCloseRange(p subject, m *machine) string {
	at := m.calls(unix.SYS_CLOSE_RANGE, uint64(p.FirstFile))
	if len(at) != 1 || m.step(at[0]).Args[1].N != 1<<32-1 || m.step(at[0]).Args[2].N != unix.CLOSE_RANGE_CLOEXEC {
		return "close_range does not reach from the first of crabcan's descriptors to the last"
	}
	return ""
}

// checkAttached is about the config's mounts: of those that crabcan makes for itself some are never attached.
func checkAttached(p subject, m *machine) string {
	for _, step := range m.unused {
		if strings.HasPrefix(p.Notes[step].Pointer, "/mounts/") {
			return "this one is not: " + m.printer.line(step)
		}
	}
	return ""
}

// checkClosed is about tidiness: what is left open is close-on-exec. Only the root stays open until the end.
func checkClosed(p subject, m *machine) string {
	for fd, f := range m.files {
		if f.step >= 0 && fd != m.root(p) {
			return "this one stays open: " + p.line(f.step)
		}
	}
	return ""
}

// root is the descriptor of the root: the one that is entered, or when a container is joined the one of "/".
func (m *machine) root(p subject) uint64 {
	for _, at := range m.calls(unix.SYS_OPENAT2) {
		if s := m.step(at); p.kind != forInit && cString(s.Args[1]) == "/" {
			return m.words[word{s.Result.Mem, s.Result.N}]
		}
	}
	a := m.step(m.calls(unix.SYS_FCHDIR)[0]).Args[0]
	return m.words[word{a.Mem, a.N}]
}

// checkFailure is about the ways that end in exit_group: after a failure its report comes last, over the socket until
// the wait for start, over the fifo after it. Without one the parent is gone, or a fork has taken over.
func checkFailure(p subject, m *machine) string {
	end := len(m.trace) - 1
	reports := append(m.calls(unix.SYS_SENDMSG, uint64(p.FirstFile)), m.calls(unix.SYS_WRITEV)...)
	reports = slices.DeleteFunc(reports, func(at int) bool {
		s := m.step(at)
		return s.Nr == unix.SYS_SENDMSG && s.Args[1].Words[4].Kind == program.ArgAddr // it sends descriptors, see show
	})
	switch {
	case m.step(end).Nr != unix.SYS_EXIT_GROUP:
		return "the end is " + m.printer.line(m.trace[end])
	case !m.failed && len(reports) != 0:
		return "there was none"
	case m.failed && (len(reports) != 1 || reports[0] != end-1):
		return "there are others or none, or something else is last"
	case m.failed && (len(m.calls(unix.SYS_WRITEV)) == 1) != (!p.f.Run && m.reached(unix.SYS_SECCOMP, unix.SYS_EXECVE)):
		return "it goes the wrong way"
	}
	return ""
}

// reached reports whether the walk came to one of the calls.
func (m *machine) reached(calls ...uintptr) bool {
	return slices.ContainsFunc(calls, func(nr uintptr) bool { return len(m.calls(nr)) > 0 })
}
