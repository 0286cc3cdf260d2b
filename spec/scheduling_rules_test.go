package spec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

const deadlineOrder = `process.scheduler: SCHED_DEADLINE needs 0 < runtime <= deadline <= period, not `

// schedulingRules are about how the container's processes share the machine.
var schedulingRules = []ruleTest{
	{[]edit{`/process/scheduler {"policy": "SCHED_BATCH", "nice": 19, "flags": ["SCHED_FLAG_RESET_ON_FORK"]}`}, ``},
	{[]edit{`/process/scheduler {"policy": "SCHED_FIFO", "priority": 99}`}, ``},
	{[]edit{`/process/scheduler {"policy": "SCHED_DEADLINE", "nice": 19, "runtime": 1, "deadline": 2}`}, ``},
	{[]edit{`/process/scheduler {}`}, `process.scheduler.policy: is required`},
	{[]edit{`/process/scheduler {"policy": "SCHED_EXT", "nice": 30}`}, `process.scheduler.policy: unknown scheduling policy "SCHED_EXT"`},
	{[]edit{`/process/scheduler {"policy": "SCHED_IDLE", "flags": ["", "SCHED_FLAG_X"]}`}, "" +
		"process.scheduler.flags[0]: is required\nprocess.scheduler.flags[1]: unknown scheduling flag \"SCHED_FLAG_X\""},
	{[]edit{`/process/scheduler {"policy": "SCHED_OTHER", "nice": 20}`}, `process.scheduler.nice: must be from -20 to 19, not 20`},
	{[]edit{`/process/scheduler {"policy": "SCHED_BATCH", "nice": -21}`}, `process.scheduler.nice: must be from -20 to 19, not -21`},
	{[]edit{`/process/scheduler {"policy": "SCHED_RR", "priority": 0}`},
		`process.scheduler.priority: must be from 1 to 99 with SCHED_RR, not 0`},
	{[]edit{`/process/scheduler {"policy": "SCHED_RR", "priority": -1}`},
		`process.scheduler.priority: must be from 1 to 99 with SCHED_RR, not -1`},
	{[]edit{`/process/scheduler {"policy": "SCHED_OTHER", "priority": 1}`},
		`process.scheduler.priority: can only be set with SCHED_FIFO or SCHED_RR`},
	{[]edit{`/process/scheduler {"policy": "SCHED_OTHER", "runtime": 1, "deadline": 2, "period": 3}`}, "" +
		"process.scheduler.runtime: can only be set with SCHED_DEADLINE\n" +
		"process.scheduler.deadline: can only be set with SCHED_DEADLINE\n" +
		"process.scheduler.period: can only be set with SCHED_DEADLINE"},
	{[]edit{`/process/scheduler {"policy": "SCHED_DEADLINE"}`}, deadlineOrder + `0, 0, 0`},
	{[]edit{`/process/scheduler {"policy": "SCHED_DEADLINE", "runtime": 3, "deadline": 2, "period": 9}`}, deadlineOrder + `3, 2, 9`},
	{[]edit{`/process/scheduler {"policy": "SCHED_DEADLINE", "runtime": 1, "deadline": 2, "period": 1}`}, deadlineOrder + `1, 2, 1`},

	{[]edit{`/process/ioPriority {"class": "IOPRIO_CLASS_IDLE", "priority": 7}`}, ``},
	{[]edit{`/process/ioPriority {"class": "IOPRIO_CLASS_RT", "priority": 8}`}, `process.ioPriority.priority: must be from 0 to 7, not 8`},
	{[]edit{`/process/ioPriority {"priority": -1}`}, "" +
		"process.ioPriority.class: is required\nprocess.ioPriority.priority: must be from 0 to 7, not -1"},
	{[]edit{`/process/ioPriority {"class": "BE"}`}, `process.ioPriority.class: unknown I/O priority class "BE"`},

	{[]edit{`/process/execCPUAffinity {"initial": "0-3,7", "final": " 1 ,, 2-2,"}`}, ``},
	{[]edit{`/process/execCPUAffinity {"initial": "a", "final": "3-1"}`}, "" +
		"process.execCPUAffinity.initial: must be a list such as 0-3,7: \"a\" is no number\n" +
		"process.execCPUAffinity.final: has the range 3-1 backwards"},
	{[]edit{`/process/execCPUAffinity {"initial": ",", "final": "-1"}`}, "" +
		"process.execCPUAffinity.initial: names no member\n" +
		"process.execCPUAffinity.final: must be a list such as 0-3,7: \"\" is no number"},
	{[]edit{`/process/execCPUAffinity {"initial": "0-65537", "final": "0-99999999999999999999"}`}, "" +
		"process.execCPUAffinity.initial: names 65537, but only numbers up to 65536 are supported\n" +
		"process.execCPUAffinity.final: names 99999999999999999999, but only numbers up to 65536 are supported"},

	{[]edit{`/linux/memoryPolicy {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}`}, ``},
	{[]edit{`/linux/memoryPolicy {"mode": "MPOL_PREFERRED"}`}, ``},
	{[]edit{`/linux/memoryPolicy {}`}, `linux.memoryPolicy.mode: invalid memory policy mode ""`},
	{[]edit{`/linux/memoryPolicy {"mode": "INTERLEAVE", "nodes": "0"}`}, `linux.memoryPolicy.mode: invalid memory policy mode "INTERLEAVE"`},
	{[]edit{`/linux/memoryPolicy {"mode": "MPOL_LOCAL", "flags": ["MPOL_F_X"]}`},
		`linux.memoryPolicy.flags[0]: invalid memory policy flag "MPOL_F_X"`},
	{[]edit{`/linux/memoryPolicy {"mode": "MPOL_DEFAULT", "nodes": "0-7"}`},
		`linux.memoryPolicy.nodes: MPOL_DEFAULT: memory policy mode requires 0 nodes but got 8`},
	{[]edit{`/linux/memoryPolicy {"mode": "MPOL_INTERLEAVE"}`},
		`linux.memoryPolicy.nodes: MPOL_INTERLEAVE: memory policy mode requires at least one node but got 0`},
	{[]edit{`/linux/memoryPolicy {"mode": "MPOL_BIND", "nodes": "0-9876543210"}`}, "linux.memoryPolicy.nodes: " +
		"invalid memory policy nodes: names 9876543210, but only numbers up to 65536 are supported"},

	{[]edit{`/linux/personality {"domain": "LINUX32"}`}, ``},
	{[]edit{`/linux/personality {"domain": "LINUX", "flags": ["X"]}`},
		`warning: linux.personality.flags: are ignored: the specification supports none`},
	{[]edit{`/linux/personality {}`}, `linux.personality.domain: is required`},
	{[]edit{`/linux/personality {"domain": "BSD"}`}, `linux.personality.domain: unknown execution domain "BSD"`},
}

func TestIDSetString(t *testing.T) {
	for want, set := range map[string]IDSet{"0x0": nil, "0x8f": {0x8f}, "0x10000000000000002": {2, 1}} {
		if got := set.String(); got != want {
			t.Errorf("%v: %s, want %s", []uint64(set), got, want)
		}
	}
}

func TestScheduling(t *testing.T) {
	o, _, err := Decode("c", edited(
		`/process/scheduler {"policy": "SCHED_DEADLINE", "flags": ["SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN"],`+
			`"runtime": 1, "deadline": 2, "period": 3}`,
		`/process/ioPriority {"class": "IOPRIO_CLASS_BE", "priority": 4}`,
		`/process/execCPUAffinity {"initial": "0-3,7", "final": "64"}`,
		`/linux/memoryPolicy {"mode": "MPOL_INTERLEAVE", "nodes": "1", "flags": ["MPOL_F_RELATIVE_NODES"]}`,
		`/linux/personality {"domain": "LINUX32"}`,
	), testEnv)
	if err != nil {
		t.Fatal(err)
	}
	domain := uint64(8)
	for _, c := range []struct{ got, want any }{
		{o.Scheduler, &Scheduler{Policy: unix.SCHED_DEADLINE, Flags: 6, Runtime: 1, Deadline: 2, Period: 3}},
		{o.IOPriority, 2<<13 | 4},
		{o.ExecAffinity, CPUAffinity{Initial: IDSet{0x8f}, Final: IDSet{0, 1}}},
		{o.MemoryPolicy, &MemoryPolicy{Mode: unix.MPOL_INTERLEAVE | unix.MPOL_F_RELATIVE_NODES, Nodes: IDSet{2}}},
		{o.Personality, &domain},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}
