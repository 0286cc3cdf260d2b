package runtime

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// sweep calls try for the first call that a command makes, the second and so on until try reports that there are not
// as many. It fails if there are fewer than atLeast: then nothing was tested.
func sweep(t *testing.T, atLeast int, try func(at int) (reached bool)) {
	t.Helper()
	stride := 1
	if testing.Short() {
		stride = 13
	}
	var next, reached atomic.Int64
	var over atomic.Bool
	work := func() {
		for !over.Load() {
			if try(1 + stride*int(next.Add(1)-1)) {
				reached.Add(1)
			} else {
				over.Store(true)
			}
		}
	}
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(work)
	}
	workers.Wait()
	if n := int(reached.Load()) * stride; n < atLeast {
		t.Errorf("only %d calls were tried, there should be %d at least", n, atLeast)
	}
	t.Logf("%d calls", reached.Load())
}

func TestKilledCreate(t *testing.T) {
	p := newPlace(t, rich)
	sweep(t, 200, func(at int) bool {
		id := newID()
		end := p.trace(killAt(at, parent, parent), "create", "--bundle", p.bundle, id)
		p.recovers(id, end)
		return end.call != ""
	})
}

// recovers checks that whatever a killed command has left of a container does no harm and can be removed.
func (p *place) recovers(id string, end traced) {
	failed := p.t.Failed()
	if end.hung || (end.call == "") == end.status.Signaled() {
		p.t.Error(end)
	}
	p.must("list")
	p.noStray(id)
	p.must("delete", "--force", id)
	p.gone(id)
	if p.t.Failed() && !failed {
		p.t.Logf("killed at %s", end.call)
	}
}

// noStray checks that no init lives on that crabcan doesn't know of: either it ends by itself, or it is in the state.
func (p *place) noStray(id string) {
	for deadline := time.Now().Add(patience); ; {
		pids := processes(id)
		if i := p.info(id); len(pids) == 0 || slices.Contains(pids, i.Pid) {
			return
		}
		if time.Now().After(deadline) {
			p.t.Errorf("processes %v of %s live on, unknown", pids, id)
			return
		}
		ended(pids[0], 10*time.Millisecond)
	}
}

var _ = strings.Contains

// rich is a config whose create takes every way there is: through every message between init and its parent, too.
func rich(s *specs.Spec) {
	s.Mounts = append(s.Mounts,
		// A tmpfs on /etc hides passwd, so that HOME is known only inside.
		specs.Mount{Destination: "/etc", Type: "tmpfs", Source: "tmpfs", Options: []string{"tmpcopyup"}},
		specs.Mount{Destination: "/etc/new/file", Type: "bind", Source: "/proc/version", Options: []string{"bind", "ro"}},
	)
	s.Process.Cwd = "/tmp/new"
	s.Root.Readonly = false
	adj, limit := 500, int64(50)
	s.Process.OOMScoreAdj = &adj
	s.Linux.Resources.Pids = &specs.LinuxPids{Limit: &limit}
	s.Linux.Sysctl = map[string]string{"kernel.shm_rmid_forced": "1"}
	s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: specs.TimeNamespace})
	s.Linux.TimeOffsets = map[string]specs.LinuxTimeOffset{"boottime": {Secs: 100}}
}
