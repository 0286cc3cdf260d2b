package main

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestParseEvent(t *testing.T) {
	tests := []struct {
		line string
		want event
		ok   bool
	}{
		{"# tracer: nop\n", event{}, false},
		{"         crabcan-18293   [001] .....  3932.472307: sys_enter: NR 59 (557e7cb8d990, 557e7cb8da30, 0, 8, 5, 1)\n",
			event{18293, 3932472307 * time.Microsecond, eventCall, 59, 0x557e7cb8d990, ""}, true},
		{"  a-1 [000]-18293   [001] .....     0.000001: sched_process_exec: filename=/bin/true pid=18293 old_pid=18293\n",
			event{18293, time.Microsecond, eventExec, 0, 0, "/bin/true"}, true},
		{"            true-7       [000] d..1.     1.000000: sched_process_exit: comm=true pid=7 prio=120 group_dead=true\n",
			event{7, time.Second, eventExit, 0, 0, ""}, true},
	}
	for _, test := range tests {
		got, ok := parseEvent(test.line)
		if got != test.want || ok != test.ok {
			t.Errorf("parseEvent(%q) = %+v, %v", test.line, got, ok)
		}
	}
}

// TestAddRun follows a run that passes some of the landmarks, in their order.
func TestAddRun(t *testing.T) {
	const crabcan, init = 10, 20
	list := []event{
		{thread: crabcan, kind: eventExec, file: "/usr/bin/crabcan"},
		{thread: crabcan, kind: eventCall, nr: unix.SYS_READ},
		{thread: crabcan, kind: eventCall, nr: unix.SYS_UNAME},
		{thread: crabcan, kind: eventCall, nr: unix.SYS_MKDIRAT, arg0: 3},
		{thread: crabcan, kind: eventCall, nr: unix.SYS_MKDIRAT, arg0: 0xffffff9c},
		{thread: crabcan, kind: eventCall, nr: unix.SYS_CLONE3},
		{thread: init, kind: eventCall, nr: unix.SYS_EXECVE},
		{thread: init, kind: eventExec, file: "/proc/self/fd/9"},
		{thread: init, kind: eventCall, nr: unix.SYS_SENDTO},
		{thread: init, kind: eventExit},
		{thread: crabcan, kind: eventCall, nr: unix.SYS_EXIT_GROUP},
	}
	for i := range list {
		list[i].at = time.Duration(i+1) * time.Second
	}
	phases := newPhases()
	if err := addRun(phases, list, 0, 12*time.Second); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"kernel: fork and exec":              "1s 0",
		"find the bundle, read config.json":  "2s 2",
		"gather facts, compile, link":        "1s 1",
		"state folder":                       "1s 1",
		"memfd, socket, descriptors":         "1s 1",
		"kernel: clone3 with namespaces":     "1s 1",
		"kernel: exec of init":               "1s 0",
		"init: the plan, until ready":        "1s 1",
		"the payload":                        "1s 0",
		"remove the state, clean up":         "1s 1",
		lastPhase:                            "1s 0",
		"package inits, command line":        "",
		"kernel: end of the container, wait": "",
	}
	for _, p := range phases {
		got := ""
		if len(p.Samples) > 0 {
			got = fmt.Sprint(time.Duration(p.Samples[0]), " ", p.Calls[0])
		}
		if got != want[p.Name] {
			t.Errorf("%s: got %q, want %q", p.Name, got, want[p.Name])
		}
	}
	if err := addRun(phases, list[:3], 0, time.Second); err == nil {
		t.Error("a run without an init is accepted")
	}
}
