package plan

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/spec"
)

// subject is a plan and what it was made of.
type subject struct {
	*printer
	o *spec.ContainerOpts
	f Facts
}

func newSubject(p *Plan, o *spec.ContainerOpts, f Facts) subject { return subject{newPrinter(p), o, f} }

// stepRules hold for each step of every plan. A rule returns what is wrong, or "".
var stepRules = []struct {
	name  string
	check func(p subject, i int, s *program.Step) string
}{
	{"labels are in place", checkLabels},
	{"steps can be printed", checkPrint},
	{"paths of the container are resolved inside it", checkResolve},
	{"descriptors are close-on-exec", checkCloseOnExec},
	{"without a mount namespace nothing is mounted", checkNoMounts},
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
	text := p.printer.line(i)
	switch {
	case strings.Contains(text, "syscall_"):
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
	case s.Args[2].Words[2].N&inside == 0:
		return "may leave the container"
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
	if s.Nr == unix.SYS_IOCTL && s.Args[1].N == unix.TIOCGPTPEER && s.Args[2].N&unix.O_CLOEXEC == 0 {
		return "makes a descriptor that survives execve"
	}
	return ""
}

func checkNoMounts(p subject, i int, s *program.Step) string {
	mounting := []uintptr{
		unix.SYS_MOVE_MOUNT, unix.SYS_MOUNT_SETATTR, unix.SYS_OPEN_TREE, unix.SYS_PIVOT_ROOT,
		unix.SYS_UMOUNT2, unix.SYS_MKNODAT, unix.SYS_SYMLINKAT,
	}
	if !p.has(unix.CLONE_NEWNS) && s.Op == program.OpCall && slices.Contains(mounting, s.Nr) {
		return "changes the host"
	}
	return ""
}

func (p subject) has(namespace uint64) bool {
	return slices.ContainsFunc(p.o.Namespaces, func(n spec.Namespace) bool { return n.Flag == namespace })
}

// walkRules hold for each way through a plan that ends in execve. A rule returns what is wrong, or "".
var walkRules = []struct {
	name  string
	check func(p subject, m *machine) string
}{
	{"not dumpable before a namespace is joined", checkDumpable},
	{"dies with its parent until it is ready", checkParentDeath},
	{"one root, entered once", checkRoot},
	{"the old root is detached", checkPivot},
	{"no path of the host after its root is left", checkHostPaths},
	{"identity is complete and in order", checkIdentity},
	{"the last capset sets what the config says", checkCapabilities},
	{"nothing but the filter and capabilities after the wait for start", checkAfterWait},
	{"the filter is last", checkFilter},
	{"all else is close-on-exec", checkCloseRange},
	{"every mount is attached", checkAttached},
	{"every descriptor is closed", checkClosed},
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
	off := m.calls(unix.SYS_PRCTL, unix.PR_SET_DUMPABLE)
	if len(off) != 1 || m.step(off[0]).Args[1].N != 0 {
		return "PR_SET_DUMPABLE is not set to 0 once"
	}
	if !inOrder(off, m.calls(unix.SYS_SETNS)) {
		return "a namespace is joined before"
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

func checkPivot(p subject, m *machine) string {
	for _, at := range m.calls(unix.SYS_PIVOT_ROOT) {
		at++
		for m.step(at).Nr == unix.SYS_MOUNT_SETATTR {
			at++
		}
		if s := m.step(at); s.Nr != unix.SYS_UMOUNT2 || s.Args[1].N != unix.MNT_DETACH {
			return "pivot_root is not followed by umount2(MNT_DETACH)"
		}
	}
	return ""
}

func checkHostPaths(p subject, m *machine) string {
	left := m.calls(unix.SYS_FCHDIR)[0]
	for at := left; at < len(m.trace); at++ {
		s := m.step(at)
		if (s.Nr == unix.SYS_OPENAT2 || s.Nr == unix.SYS_OPEN_TREE) && s.Args[0].Kind == program.ArgInt {
			return "opens " + cString(s.Args[1])
		}
	}
	return ""
}

func checkIdentity(p subject, m *machine) string {
	groups, gid, uid := m.calls(unix.SYS_SETGROUPS), m.calls(unix.SYS_SETRESGID), m.calls(unix.SYS_SETRESUID)
	if len(groups) != 1 || len(gid) != 1 || len(uid) != 1 {
		return "the ids are not set once"
	}
	if !inOrder(m.calls(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP), groups, gid, uid, m.calls(unix.SYS_CAPSET)) {
		return "bounding set, groups, ids, capabilities are out of order"
	}
	if got := len(m.calls(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS)); (got == 1) != p.o.NoNewPrivs {
		return "no_new_privs is not what the config says"
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
	return slices.Max(at)
}

func checkAfterWait(p subject, m *machine) string {
	for at := m.waited() + 1; at < len(m.trace)-1; at++ {
		s := m.step(at)
		switch {
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
	for at := loaded[0] + 1; at < len(m.trace)-1; at++ {
		if s := m.step(at); s.Op == program.OpCall && (s.Nr != unix.SYS_CAPSET || p.o.NoNewPrivs) {
			return "followed by " + m.printer.line(m.trace[at])
		}
	}
	return ""
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
	root := uint64(0)
	if at := m.calls(unix.SYS_FCHDIR); len(at) > 0 {
		a := m.step(at[0]).Args[0]
		root = m.words[word{a.Mem, a.N}]
	}
	for fd, f := range m.files {
		if f.step >= 0 && fd != root {
			return "this one stays open: " + m.printer.line(f.step)
		}
	}
	return ""
}

// checkRules checks everything there is to check of a plan.
func checkRules(t *testing.T, p subject) {
	t.Helper()
	if len(p.Notes) != len(p.Program.Steps) {
		t.Fatalf("%d notes for %d steps", len(p.Notes), len(p.Program.Steps))
	}
	if _, err := p.Program.Link(); err != nil {
		t.Fatal(err)
	}
	var complaints []string
	for i := range p.Program.Steps {
		for _, rule := range stepRules {
			if wrong := rule.check(p, i, &p.Program.Steps[i]); wrong != "" {
				complaints = append(complaints, "rule: "+rule.name+": step "+p.line(i)+": "+wrong)
			}
		}
	}
	for m := range explore(p.printer) {
		complaints = append(append(complaints, m.errors...), brokenRules(p, m)...)
	}
	// One mistake breaks rules in many walks, and makes many a later step go wrong.
	slices.Sort(complaints)
	complaints = slices.Compact(complaints)
	for _, wrong := range complaints[:min(8, len(complaints))] {
		t.Error(wrong)
	}
}

func brokenRules(p subject, m *machine) (broken []string) {
	if !m.started() {
		if wrong := checkFailure(p, m); wrong != "" {
			broken = append(broken, "rule: a failure is reported once: "+wrong)
		}
		return broken
	}
	for _, rule := range walkRules {
		if wrong := rule.check(p, m); wrong != "" {
			broken = append(broken, "rule: "+rule.name+": "+wrong)
		}
	}
	return broken
}

// checkFailure is about the ways that end in exit_group: after a failure its report comes last, over the socket until
// the wait for start, over the fifo after it. Without one the parent is gone, or a fork has taken over.
func checkFailure(p subject, m *machine) string {
	end := len(m.trace) - 1
	reports := append(m.calls(unix.SYS_SENDMSG, uint64(p.FirstFile)), m.calls(unix.SYS_WRITEV)...)
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

// Every plan of testdata, and those of real configs, keeps the rules.
func TestRules(t *testing.T) {
	for _, name := range aspectFiles(t) {
		t.Run(filepath.Base(name), func(t *testing.T) { checkRules(t, readAspect(t, name).subject) })
	}
	for name, config := range map[string][]byte{
		"default": spec.Encode(spec.Default()),
		"docker":  readFile(t, "../../spec/testdata/docker.json"),
		"podman":  readFile(t, "../../spec/testdata/podman.json"),
	} {
		t.Run(name, func(t *testing.T) {
			o := decode(t, config)
			checkRules(t, newSubject(compile(t, o, baseFacts()), o, baseFacts()))
		})
	}
}

// Only what the plans use is in the table of calls.
func TestEveryCallRowIsUsed(t *testing.T) {
	used := make(map[*callRow]bool)
	for _, name := range aspectFiles(t) {
		steps := readAspect(t, name).Program.Steps
		for i := range steps {
			if steps[i].Op == program.OpCall {
				used[findCall(&steps[i])] = true
			}
		}
	}
	for i := range callRows {
		if row := &callRows[i]; !used[row] {
			t.Errorf("no plan has the call of row %d, %s", i, row.name)
		}
	}
}
