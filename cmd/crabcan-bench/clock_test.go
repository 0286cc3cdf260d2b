package main

import (
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/plan"
	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/runtime/spawn"
)

// jumpy is a plan that jumps over a step and comes to its end by a failing execve.
func jumpy() *plan.Plan {
	p := program.New()
	over, end := p.NewLabel(), p.NewLabel()
	p.Failure(end)
	p.Add(program.Step{Nr: unix.SYS_GETPID, Next: over})
	p.Add(program.Step{Nr: unix.SYS_EXIT_GROUP, Args: []program.Arg{program.Int(3)}})
	p.Mark(over)
	p.Add(program.Step{Nr: unix.SYS_EXECVE, Args: []program.Arg{program.Str(""), program.Int(0), program.Int(0)}})
	p.Mark(end)
	p.Add(program.Step{Nr: unix.SYS_EXIT_GROUP, Args: []program.Arg{program.Int(0)}})
	return &plan.Plan{Program: p}
}

// TestWithClocks runs the plan in a process of this user's own: it needs no privilege.
func TestWithClocks(t *testing.T) {
	p := jumpy()
	steps := make([]step, len(p.Program.Steps))
	image, err := withClocks(p, 4).Link()
	if err != nil {
		t.Fatal(err)
	}
	from, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	process, err := spawn.Start(spawn.Config{Image: image, Folder: t.TempDir(), Argv: []string{"test"},
		Files: []*os.File{nil, nil, nil, nil, to}, SocketAt: 3, Cgroup: -1})
	to.Close()
	if err != nil {
		t.Fatal(err)
	}
	defer process.Close()
	if status, err := process.Wait(); err != nil || status != 0 {
		t.Fatalf("status %#x, %v", int(status), err)
	}
	times, err := io.ReadAll(from)
	if err != nil || len(times) != timespecSize*(len(steps)+1) {
		t.Fatalf("%d bytes of times, %v", len(times), err)
	}
	addTimes(steps, times)
	for i, reached := range []bool{true, true, false, true, false} {
		if (len(steps[i].Samples) == 1) != reached {
			t.Errorf("step %d: samples %v", i, steps[i].Samples)
		}
		for _, took := range steps[i].Samples {
			if took <= 0 || took > 1e9 {
				t.Errorf("step %d took %d ns", i, took)
			}
		}
	}
}
