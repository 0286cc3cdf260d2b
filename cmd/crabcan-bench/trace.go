package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// tracer has the kernel write down every system call, with the time, of the processes that its thread starts. Unlike
// strace, which stops a process at each call, this costs a fraction of a microsecond a call.
type tracer struct {
	// instance is a folder of tracefs with buffers and settings of its own, so it disturbs no other tracing.
	instance string
	thread   int
}

// event is one line of a trace.
type event struct {
	thread int
	// at is a time of CLOCK_MONOTONIC.
	at time.Duration
	// kind is the name of the kernel's event. nr and arg0 are those of a system call, file is what an exec executes.
	kind string
	nr   uintptr
	arg0 uint64
	file string
}

const (
	eventCall = "sys_enter"
	eventExec = "sched_process_exec"
	eventExit = "sched_process_exit"
)

// newTracer sets up the tracing of the calling thread, which must stay locked to its goroutine.
func newTracer(work string) (*tracer, error) {
	top := filepath.Join(work, "tracing")
	if err := mountOn(top, "tracefs"); err != nil {
		return nil, fmt.Errorf("%w (does this kernel have CONFIG_FTRACE?)", err)
	}
	t := &tracer{filepath.Join(top, "instances", fmt.Sprintf("crabcan-bench-%d", os.Getpid())), unix.Gettid()}
	if err := os.Mkdir(t.instance, 0o700); err != nil {
		return nil, err
	}
	settings := [][2]string{
		{"tracing_on", "0"},
		{"trace_clock", "mono"},
		{"options/event-fork", "1"},
		{"set_event_pid", strconv.Itoa(t.thread)},
		{"events/raw_syscalls/sys_enter/enable", "1"},
		{"events/sched/sched_process_exec/enable", "1"},
		{"events/sched/sched_process_exit/enable", "1"},
	}
	for _, s := range settings {
		if err := t.set(s[0], s[1]); err != nil {
			return nil, errors.Join(err, t.close())
		}
	}
	return t, nil
}

// close ends the tracing: removing the instance switches its events off.
func (t *tracer) close() error { return os.Remove(t.instance) }

func (t *tracer) set(file, value string) error {
	return os.WriteFile(filepath.Join(t.instance, file), []byte(value), 0)
}

// maxTrace is more than a trace ever has, in bytes.
const maxTrace = 16 << 20

// record calls f and returns what the processes did that it started. The tracing must end before the trace is read:
// else each read adds an event, and there is no end of it.
func (t *tracer) record(f func() error) ([]event, error) {
	// Opening the file with O_TRUNC, as WriteFile does, empties it; truncate(2) does not.
	if err := errors.Join(t.set("trace", ""), t.set("tracing_on", "1")); err != nil {
		return nil, err
	}
	if err := errors.Join(f(), t.set("tracing_on", "0")); err != nil {
		return nil, err
	}
	trace, err := os.Open(filepath.Join(t.instance, "trace"))
	if err != nil {
		return nil, err
	}
	defer trace.Close()
	text, err := io.ReadAll(io.LimitReader(trace, maxTrace))
	if err != nil {
		return nil, err
	}
	var events []event
	for line := range strings.Lines(string(text)) {
		if e, ok := parseEvent(line); ok && e.thread != t.thread {
			events = append(events, e)
		}
	}
	return events, nil
}

var (
	// eventLine: a command's name may hold anything, so the thread's id is the last number before the CPU's.
	eventLine = regexp.MustCompile(`-(\d+)\s+\[\d+\]\s+\S+\s+(\d+)\.(\d{6}): (\w+): (.*)`)
	callText  = regexp.MustCompile(`^NR (\d+) \(([0-9a-f]+)`)
	execText  = regexp.MustCompile(`^filename=(\S+)`)
)

// parseEvent reads a line of the file trace; ok is false if it is none of an event.
func parseEvent(line string) (e event, ok bool) {
	m := eventLine.FindStringSubmatch(line)
	if m == nil {
		return e, false
	}
	e.kind = m[4]
	e.thread, _ = strconv.Atoi(m[1])
	at, err := time.ParseDuration(m[2] + "s" + m[3] + "us")
	if err != nil {
		return e, false
	}
	e.at = at
	if call := callText.FindStringSubmatch(m[5]); call != nil {
		nr, _ := strconv.ParseUint(call[1], 10, 32)
		e.nr = uintptr(nr)
		e.arg0, _ = strconv.ParseUint(call[2], 16, 64)
	}
	if exec := execText.FindStringSubmatch(m[5]); exec != nil {
		e.file = exec[1]
	}
	return e, true
}
