package main

import (
	"encoding/binary"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/plan"
	"github.com/crabcan/crabcan/runtime/program"
)

// step is what was measured of one step of init's plan.
type step struct {
	Index int `json:"index"`
	// Pointer is the member of config.json that asked for it, "" for crabcan itself.
	Pointer string `json:"pointer"`
	Text    string `json:"text"`
	// Samples are nanoseconds, each with the tenth of a microsecond that it takes to look at the clock.
	Samples []int64 `json:"samples"`
}

// timespecSize is the size of struct timespec (clock_gettime(2)).
const timespecSize = 16

// withClocks is the plan's program with a look at the clock before each step. Before execve all times are written to
// the descriptor fd. The plan itself is not fit for linking any more: both share their labels.
func withClocks(p *plan.Plan, fd int) *program.Program {
	old := p.Program.Steps
	timed := *p.Program
	timed.Steps = nil
	labels := labelsByStep(p.Program, int(timed.NewLabel()))
	size := timespecSize * (len(old) + 1)
	times := timed.Zero(size)
	look := func(i int) {
		timed.Add(program.Step{Nr: unix.SYS_CLOCK_GETTIME, Args: []program.Arg{
			program.Int(unix.CLOCK_MONOTONIC), times.At(timespecSize * i)}})
	}
	for i, s := range old {
		for _, l := range labels[i] {
			timed.Mark(l)
		}
		look(i)
		if s.Op == program.OpCall && s.Nr == unix.SYS_EXECVE {
			look(len(old))
			timed.Add(program.Step{Nr: unix.SYS_WRITE, Args: []program.Arg{
				program.Int(fd), times.Addr(), program.Int(size)}})
		}
		timed.Add(s)
	}
	return &timed
}

// labelsByStep lists the labels below end by the step that they stand before.
func labelsByStep(p *program.Program, end int) map[int][]program.Label {
	found := make(map[int][]program.Label)
	for l := program.Label(1); int(l) < end; l++ {
		found[p.Where(l)] = append(found[p.Where(l)], l)
	}
	return found
}

// addTimes adds what withClocks wrote: a time for each step, 0 for one that was not reached. All jumps go forward, so
// the time of a step is that until the next one that was reached.
func addTimes(steps []step, times []byte) {
	after := clockAt(times, len(steps))
	for i := len(steps) - 1; i >= 0; i-- {
		if at := clockAt(times, i); at != 0 {
			steps[i].Samples = append(steps[i].Samples, after-at)
			after = at
		}
	}
}

func clockAt(times []byte, i int) int64 {
	b := times[timespecSize*i:]
	return int64(binary.LittleEndian.Uint64(b))*1e9 + int64(binary.LittleEndian.Uint64(b[8:]))
}

// timeSteps measures those steps of a bundle's plan that are reached, in a process that is started like the floor: none
// where there is no floor, for want of somebody who maps the ids of a user namespace.
func (r *room) timeSteps(bundle string) ([]step, error) {
	f := floor{work: r.work}
	if err := f.prepare(bundle); err != nil || f.plan.Maps {
		return nil, err
	}
	steps := describeSteps(f.plan)
	var err error
	if f.image, err = withClocks(f.plan, f.plan.FirstFile+len(f.plan.Files)).Link(); err != nil {
		return nil, err
	}
	from, to, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer closeAll([]*os.File{from, to})
	times := make([]byte, timespecSize*(len(steps)+1))
	for round := range r.warmup + r.rounds {
		rest()
		if err := f.run(to); err != nil {
			return nil, err
		}
		if _, err := from.Read(times); err != nil {
			return nil, err
		}
		if round >= r.warmup {
			addTimes(steps, times)
		}
	}
	reached := slices.DeleteFunc(steps, func(s step) bool { return len(s.Samples) == 0 })
	return reached, r.ctx.Err()
}

func describeSteps(p *plan.Plan) []step {
	steps := make([]step, len(p.Program.Steps))
	for i := range steps {
		steps[i] = step{Index: i, Pointer: p.Notes[i].Pointer, Text: p.Step(i)}
	}
	return steps
}
