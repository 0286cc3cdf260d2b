package runtime

import (
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The sentences that an operation may fail with because another one was there before it. Whatever else it says is
// wrong.
var (
	absent     = []string{"does not exist"}
	present    = []string{"container with given ID already exists"}
	notRunning = []string{"does not exist", "container not running"}
	notStarted = []string{"does not exist", "still being created", "already running", "cannot start a container that has stopped",
		"cannot start a container that is", "init was killed before it could execute the program"}
	notStopped = []string{"does not exist", "that is not stopped", "still being created"}
	died       = []string{"init was killed"}
)

// check checks that a command went well or failed with one of these sentences.
func (p *place) check(r result, allowed ...string) {
	p.t.Helper()
	if r.ok() {
		return
	}
	why, problem := r.complaint()
	isAllowed := func(words string) bool { return strings.Contains(why, words) }
	if problem != "" || !slices.ContainsFunc(allowed, isAllowed) {
		p.t.Errorf("%s: %s", problem, r)
	}
}

func TestCreatesAtOnce(t *testing.T) {
	p := newPlace(t)
	id := newID()
	// They have to agree on who makes the root, too.
	if err := os.Remove(p.root); err != nil {
		t.Fatal(err)
	}
	const all = 20
	var creates [all]*running
	for i := range creates {
		creates[i] = p.start(p.cmd("create", "--bundle", p.bundle, id))
	}
	made := 0
	for _, c := range creates {
		r := c.wait()
		p.check(r, present...)
		if r.ok() {
			made++
		}
	}
	if made != 1 {
		t.Errorf("%d of %d creates of one id succeeded", made, all)
	}
	p.must("delete", "--force", id)
	p.gone(id)
}

// meeting is what happens while a command stands still.
type meeting struct {
	// first is the verb that stands still at one call after the other; second starts meanwhile and may be done before
	// first goes on, unless the lock makes it wait.
	first, second string
	// exists says that the container is there before.
	exists bool
	// allowed are the words that they may fail with.
	firstFails, secondFails []string
	stride, atLeast         int
}

var meetings = []meeting{
	{"create", "create", false, present, present, 13, 100},
	{"create", "start", false, nil, notStarted, 13, 100},
	{"create", "kill", false, died, notRunning, 5, 100},
	{"create", "delete", false, nil, notStopped, 13, 100},
	{"create", "delete --force", false, died, nil, 4, 100},
	{"start", "start", true, notStarted, notStarted, 3, 20},
	{"start", "kill", true, notStarted, notRunning, 3, 20},
	{"start", "delete --force", true, notStarted, nil, 2, 20},
	{"delete", "create", true, nil, present, 4, 40},
	{"delete", "start", true, notStopped, notStarted, 4, 40},
	{"delete", "delete", true, absent, absent, 4, 40},
	{"delete --force", "delete --force", true, nil, nil, 4, 40},
	{"kill", "delete --force", true, notRunning, nil, 2, 20},
}

// arguments are the command line of a verb.
func (p *place) arguments(verb, id string) []string {
	switch verb {
	case "create":
		return []string{verb, "--bundle", p.bundle, id}
	case "kill":
		return []string{verb, id, "KILL"}
	}
	return append(strings.Fields(verb), id)
}

// Two commands on one container meet in every way there is: the second comes at each system call of the first.
func TestMeetings(t *testing.T) {
	p := newPlace(t)
	for _, m := range meetings {
		t.Run(m.first+" meets "+m.second, func(t *testing.T) {
			q := *p
			q.t = t
			sweepBy(t, m.stride, m.atLeast, func(at int) bool { return q.meet(m, at) })
		})
	}
}

// meet lets the two meet at one call. state and list must work meanwhile; afterwards the container is there as it
// should be or not at all.
func (p *place) meet(m meeting, at int) (reached bool) {
	id := newID()
	if m.exists {
		p.create(id)
	}
	var second *running
	first := p.trace(trap{parent, at, func(*tracer, int, int, sysCall) {
		second = p.start(p.cmd(p.arguments(m.second, id)...))
		second.settle()
		p.must("list")
		p.info(id)
	}}, p.arguments(m.first, id)...)
	failed := p.t.Failed()
	p.check(first.result, m.firstFails...)
	if second != nil {
		p.check(second.wait(), m.secondFails...)
	}
	p.noStray(id)
	p.must("delete", "--force", id)
	p.gone(id)
	if p.t.Failed() && !failed {
		p.t.Logf("they met at %s", first.call)
	}
	return first.call != ""
}

// Of two starts one wins, whoever comes first.
func TestStartsAtOnce(t *testing.T) {
	p := newPlace(t)
	for range 5 {
		id := newID()
		p.create(id)
		a, b := p.start(p.cmd("start", id)), p.start(p.cmd("start", id))
		first, second := a.wait(), b.wait()
		p.check(first, "already running")
		p.check(second, "already running")
		if first.ok() == second.ok() {
			t.Errorf("%s%s", first, second)
		}
		p.must("delete", "--force", id)
		p.gone(id)
	}
}

// storm are the operations of TestStorm, with the words that they may fail with.
var storm = []struct {
	verb    string
	allowed []string
}{
	{"create", slices.Concat(present, died)},
	{"create", slices.Concat(present, died)},
	{"start", notStarted},
	{"state", absent},
	{"list", nil},
	{"kill", notRunning},
	{"delete", notStopped},
	{"delete --force", nil},
}

func TestStorm(t *testing.T) {
	p := newPlace(t)
	ids := []string{newID(), newID()}
	rounds := 80
	if testing.Short() {
		rounds = 10
	}
	var workers sync.WaitGroup
	for seed := range uint64(5) {
		workers.Go(func() {
			random := rand.New(rand.NewPCG(seed, 0))
			for range rounds {
				op := storm[random.IntN(len(storm))]
				args := p.arguments(op.verb, ids[random.IntN(len(ids))])
				if op.verb == "list" {
					args = args[:1]
				}
				p.check(p.crabcan(args...), op.allowed...)
			}
		})
	}
	workers.Wait()
	for _, id := range ids {
		p.must("delete", "--force", id)
		p.gone(id)
	}
}

// Containers of different ids do not get into each other's way at all.
func TestManyContainersAtOnce(t *testing.T) {
	p := newPlace(t, command("/bin/payload", "exit", "7"))
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			id := newID()
			if r := p.crabcan("run", "--bundle", p.bundle, id); r.status.ExitStatus() != 7 {
				t.Error(r)
			}
			p.gone(id)
		})
	}
	workers.Wait()
}
