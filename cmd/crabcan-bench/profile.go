package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// profile says where the time of one `crabcan run` goes.
type profile struct {
	Case   string  `json:"case"`
	Phases []phase `json:"phases"`
	// Steps are those of init's plan that were reached.
	Steps []step `json:"steps"`
}

// profileRuns measures profiles instead of comparing, for each variant whose run -only selects.
func (r *room) profileRuns() (found report, err error) {
	if found.Worlds, err = r.describe(); err != nil {
		return found, err
	}
	runtime.LockOSThread() // the tracer follows this thread
	defer runtime.UnlockOSThread()
	t, err := newTracer(r.work)
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	for _, v := range variants {
		name := caseName(r.world, "run", v)
		if !r.only.MatchString(name) {
			continue
		}
		fmt.Fprintln(os.Stderr, "profiling", name)
		p, err := r.profile(t, name, v)
		if err != nil {
			return found, err
		}
		found.Profiles = append(found.Profiles, p)
	}
	return found, nil
}

func (r *room) profile(t *tracer, name string, v variant) (p profile, err error) {
	bundle, err := v.writeBundle(r.work, []string{truePath})
	if err != nil {
		return p, err
	}
	p.Case = name
	if p.Phases, err = r.tracePhases(t, bundle); err != nil {
		return p, err
	}
	p.Steps, err = r.timeSteps(bundle)
	return p, err
}

// tracePhases runs crabcan, which is the first of the contenders, under the tracer.
func (r *room) tracePhases(t *tracer, bundle string) ([]phase, error) {
	crabcan := r.contenders[0].(*cli)
	phases := newPhases()
	for round := range r.warmup + r.rounds {
		rest()
		var start, end time.Duration
		events, err := t.record(func() (err error) {
			start = monotonic()
			err = crabcan.run(bundle, lookAway)
			end = monotonic()
			return err
		})
		if err == nil {
			err = r.ctx.Err()
		}
		if err == nil && round >= r.warmup {
			err = addRun(phases, events, start, end)
		}
		if err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(phases, func(p phase) bool { return len(p.Samples) == 0 }), nil
}

// monotonic is the time by the clock that the tracer uses.
func monotonic() time.Duration {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) // it can't fail with this clock
	return time.Duration(t.Nano())
}

// slowest is how many single steps are printed.
const slowest = 15

// write prints the profile for people, in microseconds.
func (p profile) write(w io.Writer) {
	fmt.Fprintf(w, "\n%-44s %8s %8s %8s %6s\n", p.Case+", us", "median", "p10", "p90", "calls")
	var sum float64
	for _, ph := range p.Phases {
		sum += median(ph.Samples)
		fmt.Fprintf(w, "  %-42s %8.0f %8.0f %8.0f %6.0f\n", ph.Name, median(ph.Samples)/1e3,
			quantile(ph.Samples, 0.1)/1e3, quantile(ph.Samples, 0.9)/1e3, median(ph.Calls))
	}
	fmt.Fprintf(w, "  %-42s %8.0f\n", "sum of the medians", sum/1e3)

	fmt.Fprintf(w, "\n%-44s %8s %8s\n", p.Case+", init by cause, us", "median", "steps")
	for _, m := range byPointer(p.Steps) {
		fmt.Fprintf(w, "  %-42s %8.1f %8d\n", m.pointer, m.time/1e3, m.steps)
	}
	fmt.Fprintf(w, "\n%s, init's slowest steps, us\n", p.Case)
	steps := slices.SortedFunc(slices.Values(p.Steps), func(a, b step) int {
		return cmp.Compare(median(b.Samples), median(a.Samples))
	})
	for _, s := range steps[:min(slowest, len(steps))] {
		fmt.Fprintf(w, "%9.1f  %4d  %s\n", median(s.Samples)/1e3, s.Index, s.Text)
	}
}

// share is what one member of config.json costs.
type share struct {
	pointer string
	time    float64
	steps   int
}

// byPointer adds up the medians of the steps that a member of config.json asked for, the largest sum first.
func byPointer(steps []step) []share {
	var list []share
	for _, s := range steps {
		pointer := cmp.Or(s.Pointer, "crabcan itself")
		i := slices.IndexFunc(list, func(m share) bool { return m.pointer == pointer })
		if i < 0 {
			i = len(list)
			list = append(list, share{pointer: pointer})
		}
		list[i].time += median(s.Samples)
		list[i].steps++
	}
	slices.SortStableFunc(list, func(a, b share) int { return cmp.Compare(b.time, a.time) })
	return list
}
