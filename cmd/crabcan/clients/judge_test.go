//go:build clients

package clients

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// atOnce is how many scripts of a world run at once: most of their time is waiting.
const atOnce = 3

// A verdict is how a script ended.
type verdict struct {
	Outcome string // passed, failed or skipped
	Log     string // the script with what its last commands printed, or the reason for skipping it
	Shown   string // what the client has shown, see cmdSame
}

// A judge runs scripts for testscript and writes their verdicts down, for the test in the other process.
type judge struct {
	testscript.T // for the methods that only a script's own judge has
	world        *world
	slots        chan struct{}
	running      sync.WaitGroup
}

func newJudge(w *world) *judge {
	return &judge{world: w, slots: make(chan struct{}, atOnce)}
}

func (j *judge) wait() { j.running.Wait() }

func (j *judge) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

// Run runs a script as soon as there is a slot for it, and returns then: they start in the order of their names.
func (j *judge) Run(name string, script func(testscript.T)) {
	trial := &trial{verdict: verdict{Outcome: "passed"}}
	j.slots <- struct{}{}
	j.running.Go(func() {
		defer func() { <-j.slots }()
		start := time.Now()
		defer func() {
			fmt.Printf("%s under %s: %s %s (%.1fs)\n", filepath.Base(j.world.Runtime), j.world.Client, name, trial.Outcome,
				time.Since(start).Seconds())
			j.world.write("script-"+name, report{Scripts: map[string]verdict{name: trial.verdict}})
		}()
		script(trial)
	})
}

// A trial is the judge of one script.
type trial struct {
	verdict
}

func (t *trial) Parallel()                                  {}
func (t *trial) Verbose() bool                              { return false }
func (t *trial) Run(name string, script func(testscript.T)) { panic("scripts have no parts") }
func (t *trial) Log(args ...any)                            { t.verdict.Log += fmt.Sprintln(args...) }

func (t *trial) Skip(args ...any) {
	t.Outcome, t.verdict.Log = "skipped", strings.TrimSpace(fmt.Sprint(args...))
	runtime.Goexit()
}

func (t *trial) Fatal(args ...any) {
	t.Log(args...)
	t.FailNow()
}

func (t *trial) FailNow() {
	t.Outcome = "failed"
	runtime.Goexit()
}
