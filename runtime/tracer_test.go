package runtime

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	goruntime "runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unicode"
	"unsafe"

	"golang.org/x/sys/unix"
)

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
