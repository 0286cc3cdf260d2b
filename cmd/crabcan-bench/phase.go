package main

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// landmark is an event by which a phase of `crabcan run` ends.
type landmark struct {
	phase string
	// is gets an event and the pid of the container's init.
	is func(e event, init int) bool
}

// landmarks are the phases in the order they come. Each is looked for behind the one before; one that crabcan does not
// pass any more is skipped, and its phase becomes a part of the next.
var landmarks = []landmark{
	{"kernel: fork and exec", executes("/")},
	{"start of Go, up to its first thread", calls(unix.SYS_CLONE)},
	{"package inits, command line", calls(unix.SYS_GETEUID)},
	{"find the bundle, read config.json", calls(unix.SYS_UNAME)},
	{"decode, look at the host's cgroups", callsWith(unix.SYS_PRCTL, unix.PR_SET_CHILD_SUBREAPER)},
	{"gather facts, compile, link", calls(unix.SYS_MKDIRAT)},
	{"state folder", callsWith(unix.SYS_MKDIRAT, unix.AT_FDCWD)},
	{"make the cgroup", calls(unix.SYS_MEMFD_CREATE)},
	{"memfd, socket, descriptors", calls(unix.SYS_CLONE3)},
	{"kernel: clone3 with namespaces", initDoes(eventCall)},
	{"kernel: exec of init", executes("/proc/self/fd/")},
	{"init: the plan, until ready", initCalls(unix.SYS_SENDTO)},
	{"crabcan: the rest, until its answer", calls(unix.SYS_SENDTO)},
	{"kernel: exec of the payload", executes("/bin/")},
	{"the payload", initDoes(eventExit)},
	{"kernel: end of the container, wait", calls(unix.SYS_OPENAT)},
	{"delete: look, kill", callsWith(unix.SYS_UNLINKAT, unix.AT_FDCWD)},
	{"remove the cgroup", calls(unix.SYS_UNLINKAT)},
	{"remove the state, clean up", calls(unix.SYS_EXIT_GROUP)},
}

// lastPhase is what is left when the last landmark was passed.
const lastPhase = "kernel: end of crabcan, wait"

func calls(nr uintptr) func(event, int) bool {
	return func(e event, init int) bool { return e.kind == eventCall && e.thread != init && e.nr == nr }
}

// callsWith compares the first argument as the int that it is.
func callsWith(nr uintptr, arg0 int32) func(event, int) bool {
	return func(e event, init int) bool { return calls(nr)(e, init) && int32(e.arg0) == arg0 }
}

func initCalls(nr uintptr) func(event, int) bool {
	return func(e event, init int) bool { return e.kind == eventCall && e.thread == init && e.nr == nr }
}

func initDoes(kind string) func(event, int) bool {
	return func(e event, init int) bool { return e.kind == kind && e.thread == init }
}

func executes(prefix string) func(event, int) bool {
	return func(e event, _ int) bool { return e.kind == eventExec && strings.HasPrefix(e.file, prefix) }
}

// phase is what was measured of one.
type phase struct {
	Name string `json:"name"`
	// Samples are nanoseconds, Calls how many system calls all processes made meanwhile.
	Samples []int64 `json:"samples"`
	Calls   []int64 `json:"calls"`
}

// newPhases are the phases without samples.
func newPhases() []phase {
	var list []phase
	for _, l := range landmarks {
		list = append(list, phase{Name: l.phase})
	}
	return append(list, phase{Name: lastPhase})
}

// addRun cuts one run, which took from start to end, into its phases.
func addRun(phases []phase, events []event, start, end time.Duration) error {
	init, ok := findInit(events)
	if !ok {
		return fmt.Errorf("no init among %d events", len(events))
	}
	next, last := 0, start
	for i, l := range landmarks {
		for at := next; at < len(events); at++ {
			if l.is(events[at], init) {
				phases[i].add(events[at].at-last, events[next:at+1])
				next, last = at+1, events[at].at
				break
			}
		}
	}
	phases[len(landmarks)].add(end-last, events[next:])
	return nil
}

func (p *phase) add(took time.Duration, events []event) {
	var calls int64
	for _, e := range events {
		if e.kind == eventCall {
			calls++
		}
	}
	p.Samples = append(p.Samples, int64(took))
	p.Calls = append(p.Calls, calls)
}

// findInit is the pid of the process that executes what crabcan linked.
func findInit(events []event) (int, bool) {
	for _, e := range events {
		if executes("/proc/self/fd/")(e, 0) {
			return e.thread, true
		}
	}
	return 0, false
}
