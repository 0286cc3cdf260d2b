package runtime

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unicode"
	"unsafe"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/spec"
)

// These tests use crabcan as a user does: the binary, the payload as the only file of a root folder, and containers
// under a root of their own.

// crabcanPath and payloadPath are the two programs, built for this run.
var crabcanPath, payloadPath string

// patience is how long anything may take that takes milliseconds as a rule. What takes longer hangs.
const patience = 30 * time.Second

// The main thread stays with the main goroutine, which does nothing: a thread that is to end with its goroutine (see
// onThread) can't be the main one, because that never ends.
func init() { goruntime.LockOSThread() }

func TestMain(m *testing.M) {
	status, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

func buildAndRun(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "crabcan-test-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	// Tests run crabcan as an unprivileged user, too.
	if err := os.Chmod(dir, 0o755); err != nil {
		return 0, err
	}
	crabcanPath, payloadPath = filepath.Join(dir, "crabcan"), filepath.Join(dir, "payload")
	for path, folder := range map[string]string{crabcanPath: "../cmd/crabcan", payloadPath: "../bundles/payload"} {
		build := exec.Command("go", "build", "-tags", "urfave_cli_no_docs", "-o", path, folder)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("go build %s: %w\n%s", folder, err, out)
		}
	}
	return m.Run(), nil
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

// place is where the containers of a test live. Nobody else uses its paths and ids, so what is left of its containers
// can be told from what is other people's.
type place struct {
	t *testing.T
	// dir holds root, the containers' states, and bundle.
	dir, root, bundle string
}

// newPlace makes a place and its bundle: crabcan's default config with changes. At the end nothing may be left there.
func newPlace(t *testing.T, changes ...func(*specs.Spec)) *place {
	t.Helper()
	needRoot(t)
	dir := t.TempDir()
	p := &place{t: t, dir: dir, root: filepath.Join(dir, "root"), bundle: filepath.Join(dir, "bundle")}
	for _, folder := range []string{"bin", "dev", "etc", "proc", "sys", "tmp"} {
		if err := os.MkdirAll(p.rootfs(folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// list refuses a root that is not there.
	if err := os.Mkdir(p.root, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(payloadPath, p.rootfs("bin/payload")); err != nil {
		t.Fatal(err)
	}
	p.configure(changes...)
	t.Cleanup(p.clear)
	return p
}

// rootfs is a path in the bundle's root folder.
func (p *place) rootfs(name string) string { return filepath.Join(p.bundle, "rootfs", name) }

// configure writes the bundle's config anew.
func (p *place) configure(changes ...func(*specs.Spec)) {
	s := spec.DefaultWith(spec.Changes{Args: []string{"/bin/payload", "sleep"}})
	for _, change := range changes {
		change(s)
	}
	p.write(filepath.Join(p.bundle, "config.json"), spec.Encode(s), 0o644)
}

func (p *place) write(path string, data []byte, mode os.FileMode) {
	p.t.Helper()
	if err := os.WriteFile(path, data, mode); err != nil {
		p.t.Fatal(err)
	}
}

// command changes what the container runs.
func command(args ...string) func(*specs.Spec) {
	return func(s *specs.Spec) { s.Process.Args = args }
}

// clear removes what a failed test left.
func (p *place) clear() {
	entries, err := os.ReadDir(p.root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		p.t.Error(err)
	}
	for _, e := range entries {
		p.t.Errorf("container %s is left", e.Name())
		if err := Delete(Host{Root: p.root}, e.Name(), true); err != nil {
			p.t.Error(err)
		}
	}
}

var ids atomic.Int64

// newID is an id that no other container of this machine has.
func newID() string { return fmt.Sprintf("crabcan-test-%d-%d", os.Getpid(), ids.Add(1)) }

// result is how a command ended.
type result struct {
	args   []string
	status unix.WaitStatus
	hung   bool
	out    outputs
	stderr string // as it was at the end; a container may add to it
}

func (r result) ok() bool { return !r.hung && r.status.Exited() && r.status.ExitStatus() == 0 }

// stdout is what the command, and the container that it has left, have printed until now.
func (r result) stdout() string { return read(r.out.stdout) }

func (r result) String() string {
	how := fmt.Sprintf("exit status %d", r.status.ExitStatus())
	switch {
	case r.hung:
		how = "hung"
	case r.status.Signaled():
		how = r.status.Signal().String()
	}
	return fmt.Sprintf("crabcan %s: %s\n%s%s", strings.Join(r.args, " "), how, r.stdout(), r.stderr)
}

// complaint is what a command that failed said why, in one line, as it has to be. problem says what is wrong if it
// did anything else.
func (r result) complaint() (why, problem string) {
	line, more, _ := strings.Cut(r.stderr, "\n")
	switch {
	case r.hung || !r.status.Exited():
		return "", "did not exit"
	case r.status.ExitStatus() != 1:
		return "", "failed with a status other than 1"
	case line == "" || more != "":
		return "", "did not complain in one line"
	}
	_, quoted, logged := strings.Cut(line, " level=error msg=")
	if !logged {
		return line, "" // about the container's program: said as a shell says it
	}
	why, err := strconv.Unquote(quoted)
	if err != nil {
		why = quoted // one word is not quoted
	}
	return why, ""
}

// crabcan runs crabcan on the place's root and waits for its end.
func (p *place) crabcan(args ...string) result {
	return p.exec(p.cmd(args...))
}

func (p *place) cmd(args ...string) *exec.Cmd {
	return exec.Command(crabcanPath, append([]string{"--root", p.root}, args...)...)
}

// exec runs a command and waits for its end.
func (p *place) exec(cmd *exec.Cmd) result { return p.start(cmd).wait() }

// running is a command that was started.
type running struct {
	cmd *exec.Cmd
	out outputs
	err error
}

// start starts a command. A thread that may become a tracer's must not be its parent: a tracer waits for all children
// of its thread. The children of a thread that ends go to the main one. What the functions first change of the thread
// the command inherits.
func (p *place) start(cmd *exec.Cmd, first ...func() error) *running {
	r := &running{cmd: cmd, out: p.capture(cmd)}
	onThread(func() {
		for _, f := range first {
			r.err = errors.Join(r.err, f())
		}
		if r.err == nil {
			r.err = cmd.Start()
		}
	})
	if r.err != nil {
		p.t.Error(r.err)
	}
	return r
}

// wait waits for the end of a command, but not forever.
func (r *running) wait() result {
	end := result{args: r.cmd.Args[1:], out: r.out}
	defer r.out.close()
	if r.err != nil {
		return end
	}
	var hung atomic.Bool
	watchdog := time.AfterFunc(patience, func() {
		hung.Store(true)
		_ = r.cmd.Process.Kill()
	})
	defer watchdog.Stop()
	_ = r.cmd.Wait() // its error only repeats the status
	end.status, end.hung = unix.WaitStatus(r.cmd.ProcessState.Sys().(syscall.WaitStatus)), hung.Load()
	end.stderr = read(r.out.stderr)
	return end
}

// settle waits until a command has ended or can't go on because another process holds the container's lock.
func (r *running) settle() {
	waits := fmt.Sprintf("-> FLOCK  ADVISORY  WRITE %d ", r.cmd.Process.Pid)
	for range 1000 {
		locks, err := os.ReadFile("/proc/locks")
		if err != nil || strings.Contains(string(locks), waits) || ended(r.cmd.Process.Pid, time.Millisecond) {
			return
		}
	}
}

// must is crabcan for a command that has to succeed.
func (p *place) must(args ...string) result {
	p.t.Helper()
	r := p.crabcan(args...)
	if !r.ok() {
		p.t.Error(r)
	}
	return r
}

// create is must for create, from the place's bundle.
func (p *place) create(id string) result {
	p.t.Helper()
	return p.must("create", "--bundle", p.bundle, id)
}

// outputs are the files that take what a command prints. Pipes would stay open for as long as a container lives.
type outputs struct{ stdout, stderr *os.File }

// capture lets a command print to files.
func (p *place) capture(cmd *exec.Cmd) (out outputs) {
	for _, f := range []**os.File{&out.stdout, &out.stderr} {
		var err error
		if *f, err = os.CreateTemp(p.dir, "output-"); err != nil {
			p.t.Error(err)
		}
	}
	cmd.Stdout, cmd.Stderr = out.stdout, out.stderr
	return out
}

func (o outputs) close() {
	o.stdout.Close()
	o.stderr.Close()
}

// read reads a file anew, open or closed.
func read(f *os.File) string {
	data, err := os.ReadFile(f.Name())
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// info is what `crabcan state` says of a container. A container that does not exist has the status "".
func (p *place) info(id string) (i Info) {
	p.t.Helper()
	r := p.crabcan("state", id)
	if !r.ok() {
		if why, problem := r.complaint(); problem != "" || !strings.Contains(why, "does not exist") {
			p.t.Error(problem, r)
		}
		return Info{}
	}
	if err := json.Unmarshal([]byte(r.stdout()), &i); err != nil {
		p.t.Errorf("%v: %s", err, r)
	}
	return i
}

// left lists what there still is of a container, as the host sees it.
func (p *place) left(id string) (found []string) {
	for _, pid := range processes(id) {
		found = append(found, fmt.Sprintf("process %d", pid))
	}
	found = append(found, cgroups(id)...)
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		p.t.Error(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, p.dir) {
			found = append(found, "mount "+line)
		}
	}
	if _, err := os.Lstat(filepath.Join(p.root, id)); err == nil {
		found = append(found, "folder")
	}
	return found
}

// gone checks that nothing is left of a container, and removes what is.
func (p *place) gone(id string) {
	p.t.Helper()
	if len(p.left(id)) == 0 {
		return
	}
	// A killed process needs a moment until it is no process any more.
	for _, pid := range processes(id) {
		ended(pid, patience)
	}
	if found := p.left(id); len(found) > 0 {
		p.t.Errorf("left of %s: %s", id, strings.Join(found, ", "))
		p.remove(id)
	}
}

// remove removes what crabcan should have removed.
func (p *place) remove(id string) {
	for _, pid := range processes(id) {
		_ = unix.Kill(pid, unix.SIGKILL)
		ended(pid, patience)
	}
	for _, dir := range slices.Backward(cgroups(id)) {
		_ = os.Remove(dir)
	}
	_ = os.RemoveAll(filepath.Join(p.root, id))
}

// processes are the pids of a container's processes: of its init, wherever it is, and of all in its cgroups.
func processes(id string) (pids []int) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err == nil && belongs(pid, id) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// belongs reports whether a process is one of a container's. A zombie has no command line and counts as gone.
func belongs(pid int, id string) bool {
	dir := fmt.Sprintf("/proc/%d/", pid)
	line, err := os.ReadFile(dir + "cmdline")
	if err != nil || len(line) == 0 {
		return false
	}
	if bytes.HasPrefix(line, []byte("crabcan-init\x00"+id+"\x00")) {
		return true
	}
	own, err := os.ReadFile(dir + "cgroup")
	return err == nil && bytes.Contains(own, []byte("/"+id+"\n"))
}

// cgroups are the folders of a container's cgroups, outer ones first.
func cgroups(id string) (dirs []string) {
	// Others' cgroups come and go meanwhile: what can't be read is not this container's.
	_ = filepath.WalkDir("/sys/fs/cgroup", func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && (e.Name() == id || strings.Contains(path, "/"+id+"/")) {
			dirs = append(dirs, path)
		}
		return nil
	})
	return dirs
}

// ended waits until a process has ended, and reports whether it has.
func ended(pid int, timeout time.Duration) bool {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return errors.Is(err, unix.ESRCH)
	}
	defer unix.Close(fd)
	return readable(fd, timeout)
}

// readable waits until a descriptor can be read, and reports whether it can.
func readable(fd int, timeout time.Duration) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for deadline := time.Now().Add(timeout); ; {
		n, err := unix.Poll(fds, max(0, int(time.Until(deadline).Milliseconds())))
		if err != unix.EINTR {
			return n > 0
		}
	}
}

// onThread calls f on a thread that is its own and ends afterwards, so that f may change the thread for good: what it
// starts inherits that, and what it traces is let go.
func onThread(f func()) {
	tid := make(chan int)
	go func() {
		goruntime.LockOSThread() // and no unlock
		f()
		tid <- unix.Gettid()
	}()
	task := fmt.Sprintf("/proc/self/task/%d", <-tid)
	// Nothing tells of the end of a thread; it is a matter of microseconds.
	for exists(task) {
		time.Sleep(50 * time.Microsecond)
	}
}

// victim says whose system calls are meant.
type victim int

const (
	// parent is the crabcan that was called, with all its threads.
	parent victim = iota + 1
	// child is the process that it starts, from its very first call on: init.
	child
)

// trap says when to interfere with a command: at the call number at, counted from 1, that the victim makes. do is
// called when the thread tid of process pid has entered that call and stands still before the kernel does it.
type trap struct {
	of victim
	at int
	do func(t *tracer, pid, tid int, c sysCall)
}

// killAt is a trap that kills one of the two.
func killAt(at int, of, who victim) trap {
	return trap{of, at, func(t *tracer, pid, _ int, _ sysCall) {
		if who == parent {
			pid = t.pid
		}
		_ = unix.Kill(pid, unix.SIGKILL) // it stands still, so it is there
	}}
}

// failAt is a trap that lets the call fail, if it can.
func failAt(at int, of victim, errno unix.Errno) trap {
	return trap{of, at, func(t *tracer, pid, tid int, c sysCall) {
		if !c.canFail(pid) {
			return
		}
		if err := setResult(tid, errno); err != nil {
			t.problem = err
		}
	}}
}

// canFail reports whether a failing call is something that happens. close(2) always closes, whatever it returns;
// nothing can keep a process from signalling its child; and the standard library, when it has started a process, relies
// on a pipe to tell what became of it.
func (c sysCall) canFail(pid int) bool {
	switch c.nr {
	case unix.SYS_CLOSE, unix.SYS_GETEUID, unix.SYS_PIDFD_SEND_SIGNAL:
		return false
	case unix.SYS_READ:
		file, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, c.args[0]))
		return err != nil || !strings.HasPrefix(file, "pipe:")
	}
	return true
}

// traced is how a command with a trap ended.
type traced struct {
	result
	// call is the one that the trap was at; "" if the command did not make as many.
	call string
}

// trace runs crabcan with a trap. What it has started is not traced any more afterwards.
func (p *place) trace(tr trap, args ...string) traced {
	cmd := p.cmd(args...)
	out := p.capture(cmd)
	defer out.close()
	t := &tracer{trap: tr, whose: map[int]victim{}}
	onThread(func() { t.run(cmd, out) })
	if t.problem != nil {
		p.t.Error(t.problem)
	}
	return traced{result{cmd.Args[1:], t.status, t.hung.Load(), out, read(out.stderr)}, t.call}
}

// tracer traces one command with ptrace(2), whose requests must all come from one thread. strace's fault injection
// would do, but it counts the calls of each thread for itself, so those of a second thread would be out of its reach.
type tracer struct {
	trap
	pid     int // of the command
	status  unix.WaitStatus
	hung    atomic.Bool
	ready   bool
	monitor int // see isIdle
	whose   map[int]victim
	count   int
	call    string
	problem error
}

// run starts the command and traces it until its end.
func (t *tracer) run(cmd *exec.Cmd, out outputs) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.problem = err
		return
	}
	defer null.Close()
	if t.pid, t.problem = forkTraced(cmd, null, out); t.problem != nil {
		return
	}
	if t.problem = seize(t.pid); t.problem != nil {
		_ = unix.Kill(t.pid, unix.SIGKILL)
	}
	t.whose[t.pid] = parent
	watchdog := time.AfterFunc(patience, func() {
		t.hung.Store(true)
		_ = unix.Kill(t.pid, unix.SIGKILL) // it is not reaped before run returns
	})
	defer watchdog.Stop()
	for {
		var status unix.WaitStatus
		tid, err := unix.Wait4(-1, &status, unix.WALL|unix.WNOTHREAD, nil)
		switch {
		case err == unix.EINTR:
		case err != nil:
			t.problem = fmt.Errorf("wait4: %w", err)
			return
		case status.Stopped():
			t.stopped(tid, status)
		case tid == t.pid:
			t.status = status
			return
		}
	}
}

// forkTraced does not leave the process to package os, which would wait for it on any thread.
func forkTraced(cmd *exec.Cmd, null *os.File, out outputs) (int, error) {
	return syscall.ForkExec(cmd.Path, cmd.Args, &syscall.ProcAttr{
		// The fewer threads, the fewer stops.
		Env:   append(os.Environ(), "GOMAXPROCS=1", "GOGC=off"),
		Files: []uintptr{null.Fd(), out.stdout.Fd(), out.stderr.Fd()},
		Sys:   &syscall.SysProcAttr{Ptrace: true},
	})
}

// seize goes over from PTRACE_TRACEME, by which the process stopped when it executed the command, to PTRACE_SEIZE: the
// former sends a new process a SIGSTOP, and if the tracer ends before that has arrived it stays stopped for ever.
func seize(pid int) error {
	var status unix.WaitStatus
	for _, step := range []func() error{
		func() error { _, err := unix.Wait4(pid, &status, 0, nil); return err },
		func() error { return unix.Kill(pid, unix.SIGSTOP) },
		func() error { return unix.PtraceDetach(pid) },
		func() error { _, err := unix.Wait4(pid, &status, unix.WUNTRACED, nil); return err },
		func() error { return unix.PtraceSeize(pid) },
		func() error { return unix.Kill(pid, unix.SIGCONT) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("begin to trace: %w", err)
		}
	}
	return nil
}

// stopped lets a thread go on that has stopped, for whatever reason.
func (t *tracer) stopped(tid int, status unix.WaitStatus) {
	const syscallStop = unix.SIGTRAP | 0x80 // PTRACE_O_TRACESYSGOOD
	if !t.ready {
		t.ready, t.problem = true, unix.PtraceSetOptions(tid, t.options())
	}
	signal := 0
	switch event := int(uint32(status) >> 16); {
	case status.StopSignal() == syscallStop:
		t.atCall(tid)
	case event == unix.PTRACE_EVENT_CLONE && t.monitor == 0:
		monitor, err := unix.PtraceGetEventMsg(tid)
		t.monitor, t.problem = int(monitor), errors.Join(t.problem, err)
	case event == 0:
		signal = int(status.StopSignal())
	}
	resume := unix.PtraceSyscall
	if t.isIdle(tid) {
		resume = unix.PtraceCont
	}
	// A thread that was killed meanwhile is no longer there.
	if err := resume(tid, signal); err != nil && err != unix.ESRCH {
		t.problem = err
	}
}

// isIdle says which threads need not stop at their calls, as each stop costs much time: the first until it starts
// another, because until then it only does what every Go program does; and that other, the Go runtime's monitor.
func (t *tracer) isIdle(tid int) bool { return t.monitor == 0 || tid == t.monitor }

// options follow threads always, and init only if it is meant: else it runs undisturbed.
func (t *tracer) options() int {
	options := unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACEEXEC | unix.PTRACE_O_TRACECLONE
	if t.of == child {
		options |= unix.PTRACE_O_TRACEFORK | unix.PTRACE_O_TRACEVFORK
	}
	return options
}

// atCall counts a call that a thread is about to make, and springs the trap if it is the one.
func (t *tracer) atCall(tid int) {
	c, err := callOf(tid)
	if err != nil && err != unix.ESRCH {
		t.problem = fmt.Errorf("PTRACE_GET_SYSCALL_INFO: %w", err)
	}
	if err != nil || c.op != unix.PTRACE_SYSCALL_INFO_ENTRY {
		return
	}
	who, pid := t.whoIs(tid)
	if isNoise(c) || who != t.of {
		return
	}
	if t.count++; t.count == t.at {
		t.call = fmt.Sprintf("call %d: %s", t.at, c.describe(tid))
		t.do(t, pid, tid, c)
	}
}

// whoIs tells threads of the command from init, which is a process of its own.
func (t *tracer) whoIs(tid int) (victim, int) {
	who, known := t.whose[tid]
	if !known {
		who = child
		if exists(fmt.Sprintf("/proc/%d/task/%d", t.pid, tid)) {
			who = parent
		}
		t.whose[tid] = who
	}
	if who == parent {
		return who, t.pid
	}
	return who, tid
}

// noise are the calls that the Go runtime makes for itself: to start and wake threads, for memory, signals and timers.
// They change nothing that outlives the process and a program can't handle their failure; and their number differs
// from run to run, so they would blur the count.
var noise = []uint64{
	unix.SYS_FUTEX, unix.SYS_NANOSLEEP, unix.SYS_SCHED_YIELD, unix.SYS_MMAP, unix.SYS_MUNMAP, unix.SYS_MADVISE,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK, unix.SYS_TGKILL,
	unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT,
	unix.SYS_EVENTFD2, unix.SYS_SCHED_GETAFFINITY, unix.SYS_EXIT, unix.SYS_RESTART_SYSCALL,
}

func isNoise(c sysCall) bool {
	startsThread := c.nr == unix.SYS_CLONE && c.args[0]&unix.CLONE_THREAD != 0
	return startsThread || slices.Contains(noise, c.nr)
}

// sysCall is the beginning of struct ptrace_syscall_info, ptrace(2).
type sysCall struct {
	op   uint8
	_    [3]uint8
	_    uint32 // the architecture
	_, _ uint64 // instruction and stack pointer
	nr   uint64
	args [6]uint64
}

// callOf is the call that a stopped thread has entered.
func callOf(tid int) (c sysCall, err error) {
	_, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(tid), unsafe.Sizeof(c),
		uintptr(unsafe.Pointer(&c)), 0, 0)
	if errno != 0 {
		return c, errno
	}
	return c, nil
}

// describe says which call it is, for whoever must find out what went wrong there: its number, and those of its first
// arguments that are texts.
func (c sysCall) describe(tid int) string {
	text := fmt.Sprintf("system call %d", c.nr)
	for _, arg := range c.args[:2] {
		var buf [256]byte
		n, err := unix.PtracePeekData(tid, uintptr(arg), buf[:])
		s, _, ended := bytes.Cut(buf[:n], []byte{0})
		if err == nil && ended && len(s) > 0 && bytes.IndexFunc(s, isUnprintable) < 0 {
			text += fmt.Sprintf(" %q", s)
		}
	}
	return text
}

func isUnprintable(r rune) bool { return r > unicode.MaxASCII || !unicode.IsPrint(r) }

// register is where ptrace(2) finds a register: a regset, and the number of a 64-bit word in it.
type register struct{ set, word int }

// registers are those of a thread that has entered a system call: with -1 for the number the kernel makes no call, and
// what the tracer has put into the result stays there.
var registers = map[string]struct{ number, result register }{
	"amd64": {register{unix.NT_PRSTATUS, 15}, register{unix.NT_PRSTATUS, 10}},      // orig_rax and rax
	"arm64": {register{unix.NT_ARM_SYSTEM_CALL, 0}, register{unix.NT_PRSTATUS, 0}}, // and x0
}

// setResult lets the call that a thread has entered fail.
func setResult(tid int, errno unix.Errno) error {
	r, ok := registers[goruntime.GOARCH]
	if !ok {
		return fmt.Errorf("the registers of %s are not known here", goruntime.GOARCH)
	}
	return errors.Join(setRegister(tid, r.number, -1), setRegister(tid, r.result, -int64(errno)))
}

func setRegister(tid int, r register, value int64) error {
	var words [64]uint64
	iov := unix.Iovec{Base: (*byte)(unsafe.Pointer(&words))}
	iov.SetLen(int(unsafe.Sizeof(words)))
	if err := ptraceRegset(unix.PTRACE_GETREGSET, tid, r.set, &iov); err != nil {
		return err
	}
	words[r.word] = uint64(value)
	return ptraceRegset(unix.PTRACE_SETREGSET, tid, r.set, &iov)
}

func ptraceRegset(request, tid, set int, iov *unix.Iovec) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, uintptr(request), uintptr(tid), uintptr(set),
		uintptr(unsafe.Pointer(iov)), 0, 0)
	if errno != 0 {
		return fmt.Errorf("ptrace regset %#x: %w", set, errno)
	}
	return nil
}
