package runtime

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/sys/capability"
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// sweep calls try for the first call that a command makes, the second and so on until try reports that there are not
// as many. It fails if there are fewer than atLeast: then nothing was tested.
func sweep(t *testing.T, atLeast int, try func(at int) (reached bool)) {
	t.Helper()
	sweepBy(t, 1, atLeast, try)
}

// sweepBy is sweep with only each stride-th call; with -short even fewer.
func sweepBy(t *testing.T, stride, atLeast int, try func(at int) (reached bool)) {
	t.Helper()
	if testing.Short() {
		stride *= 13
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
	killedCreate(t, parent, 1, newPlace(t, rich))
}

// The parent mostly waits while init works: it can die at any call of init's as well.
func TestKilledCreateWhileInitWorks(t *testing.T) {
	killedCreate(t, child, 2, newPlace(t, rich))
}

// An init that joins a pid namespace forks, and is two for a while. Hooks are processes, too.
func TestKilledCreateOfForkedInit(t *testing.T) {
	killedCreate(t, parent, 5, newPlace(t, forked))
	killedCreate(t, child, 5, newPlace(t, forked))
}

// Without a mount namespace the mounts are among the host's, where they don't go with init.
func TestKilledCreateOnHost(t *testing.T) {
	p := newPlace(t, onHost)
	p.alone = &sync.Mutex{}
	killedCreate(t, parent, 3, p)
	killedCreate(t, child, 3, p)
}

// killedCreate kills the parent at each stride-th call.
func killedCreate(t *testing.T, of victim, stride int, p *place) {
	t.Helper()
	sweepBy(t, stride, 100, func(at int) bool {
		if p.alone != nil {
			p.alone.Lock()
			defer p.alone.Unlock()
		}
		id := newID()
		end := p.trace(killAt(at, of, parent), "create", "--bundle", p.bundle, id)
		p.recovers(id, end)
		return end.call != ""
	})
}

// An init that is killed is a failed create: it cleans up by itself. Only after init has said that all is well can it
// die too late for create to see.
func TestKilledInit(t *testing.T) {
	p := newPlace(t, rich)
	sweepBy(t, 2, 150, func(at int) bool {
		id := newID()
		end := p.trace(killAt(at, child, child), "create", "--bundle", p.bundle, id)
		if end.ok() {
			p.stopsUnstarted(id, end)
		} else {
			p.refuses(id, end)
		}
		return end.call != ""
	})
}

// refuses checks that a create failed as it should: with one clear sentence, and nothing left.
func (p *place) refuses(id string, end traced) {
	why, problem := end.complaint()
	if problem == "" && unclear.MatchString(why) {
		problem = "unclear words"
	}
	if problem != "" {
		p.t.Errorf("%s at %s: %s", problem, end.call, end)
	}
	if found := p.left(id); len(found) > 0 {
		p.t.Errorf("left after %s: %s; %s", end.call, strings.Join(found, ", "), end)
		p.remove(id)
	}
	if testing.Verbose() {
		p.t.Logf("%s: %s", end.call, why)
	}
}

// unclear finds in an error what tells a user nothing.
var unclear = regexp.MustCompile(`goroutine|panic|nil pointer|%!|<nil>|broken pipe|/proc/\d+/fd/`)

// waits reports whether init, which nobody has started, has come to wait for start; if not, it has ended by itself.
func (p *place) waits(id string) bool {
	i := p.info(id)
	if i.Pid == 0 {
		return false
	}
	for deadline := time.Now().Add(patience); !ended(i.Pid, time.Millisecond); {
		if readsFifo(i.Pid) {
			return true
		}
		if time.Now().After(deadline) {
			p.t.Errorf("init of %s neither waits for start nor ends", id)
			return true
		}
	}
	return false
}

// readsFifo reports whether a process waits in a read of a fifo: that of start.
func readsFifo(pid int) bool {
	call, _ := os.ReadFile(fmt.Sprintf("/proc/%d/syscall", pid)) // "running", or numbers
	var nr, fd int
	if n, _ := fmt.Sscanf(string(call), "%d %v", &nr, &fd); n != 2 || nr != unix.SYS_READ {
		return false
	}
	info, err := os.Stat(fmt.Sprintf("/proc/%d/fd/%d", pid, fd))
	return err == nil && info.Mode()&os.ModeNamedPipe != 0
}

// stopsUnstarted checks that a container whose init died before start can be seen to be stopped, and deleted.
func (p *place) stopsUnstarted(id string, end traced) {
	if end.call != "" {
		p.waits(id)
		if i := p.info(id); i.Status != StatusStopped {
			p.t.Errorf("status is %q, init has ended at %s", i.Status, end.call)
		}
		p.must("delete", id)
	} else {
		p.must("delete", "--force", id)
	}
	p.gone(id)
}

// A failing call makes create fail with one clear sentence and leaves nothing, or it was not needed: then the container
// is the same as ever.
func TestFailingCallOfParent(t *testing.T) { failingCalls(t, parent) }
func TestFailingCallOfInit(t *testing.T)   { failingCalls(t, child) }

func failingCalls(t *testing.T, of victim) {
	p := newPlace(t, rich, command(append([]string{"/bin/payload", "report"}, reported...)...))
	id := newID()
	want := p.portrait(id, p.trace(trap{}, "create", "--bundle", p.bundle, id))
	if !strings.Contains(want, "RLIMIT_NOFILE") || hasPids() && !strings.Contains(want, "pids.max: 50") {
		t.Fatalf("a container without faults:\n%s", want)
	}
	sweep(t, 150, func(at int) bool {
		id := newID()
		end := p.trace(failAt(at, of, unix.EIO), "create", "--bundle", p.bundle, id)
		if !end.ok() {
			p.refuses(id, end)
		} else if of == child && end.call != "" && !p.waits(id) {
			// It was too late for create to see: init waited for start already.
			p.stopsUnstarted(id, end)
		} else if diff := cmp.Diff(want, p.portrait(id, end)); diff != "" && end.call != "" {
			p.t.Errorf("silently different after %s: %s", end.call, diff)
		}
		return end.call != ""
	})
}

func TestKilledStart(t *testing.T) {
	p := newPlace(t)
	sweep(t, 40, func(at int) bool {
		id := newID()
		p.create(id)
		end := p.trace(killAt(at, parent, parent), "start", id)
		p.recovers(id, end)
		return end.call != ""
	})
}

func TestKilledDelete(t *testing.T) {
	p := newPlace(t)
	sweep(t, 40, func(at int) bool {
		id := newID()
		p.create(id)
		end := p.trace(killAt(at, parent, parent), "delete", "--force", id)
		p.recovers(id, end)
		return end.call != ""
	})
}

// A run in the foreground does everything, from creating to deleting.
func TestKilledRun(t *testing.T) {
	p := newPlace(t, command("/bin/payload", "true"))
	sweepBy(t, 3, 150, func(at int) bool {
		id := newID()
		end := p.trace(killAt(at, parent, parent), "run", "--bundle", p.bundle, id)
		p.recovers(id, end)
		return end.call != ""
	})
}

// recovers checks that whatever a killed command has left of a container does no harm and can be removed.
func (p *place) recovers(id string, end traced) {
	failed := p.t.Failed()
	// At a call of init's it may have been too late: the parent had done its work.
	if wasKilled := end.call != "" && end.status.Signaled(); end.hung || !wasKilled && !end.ok() {
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

// rich is a config whose create takes every way there is, through every message between init and its parent, too. Of
// what only repeats itself it has little: every call costs these tests three containers.
func rich(s *specs.Spec) {
	s.Mounts = append(slices.DeleteFunc(s.Mounts, isCgroup),
		// A tmpfs on /etc hides passwd, so that HOME is known only inside.
		specs.Mount{Destination: "/etc", Type: "tmpfs", Source: "tmpfs", Options: []string{"tmpcopyup"}},
		specs.Mount{Destination: "/etc/new/file", Type: "bind", Source: "/proc/version", Options: []string{"bind", "ro"}},
	)
	s.Process.Cwd = "/tmp/new"
	s.Process.Capabilities.Bounding = allCapsBut("CAP_SYS_BOOT")
	s.Process.OOMScoreAdj = new(500)
	s.Root.Readonly = false
	l := s.Linux
	if hasPids() {
		l.Resources.Pids = &specs.LinuxPids{Limit: new(int64(50))}
	}
	l.Sysctl = map[string]string{"kernel.shm_rmid_forced": "1"}
	l.Namespaces = append(l.Namespaces, specs.LinuxNamespace{Type: specs.TimeNamespace})
	l.TimeOffsets = map[string]specs.LinuxTimeOffset{"boottime": {Secs: 100}}
	l.MaskedPaths = []string{"/proc/acpi", "/proc/keys", "/proc/timer_list", "/sys/firmware"}
	l.ReadonlyPaths = []string{"/proc/bus", "/proc/sys"}
}

// hasPids reports whether the number of a container's processes can be limited here.
func hasPids() bool {
	controllers, err := os.ReadFile("/sys/fs/cgroup/cgroup.controllers")
	if err != nil {
		return exists("/sys/fs/cgroup/pids")
	}
	return slices.Contains(strings.Fields(string(controllers)), "pids")
}

// forked is a config whose init has to fork, and that has hooks on both sides.
func forked(s *specs.Spec) {
	inHostPids(s)
	joined := specs.LinuxNamespace{Type: specs.PIDNamespace, Path: "/proc/self/ns/pid"}
	s.Linux.Namespaces = append(s.Linux.Namespaces, joined)
	s.Mounts = slices.DeleteFunc(s.Mounts, isCgroup)
	nothing := []specs.Hook{{Path: payloadPath, Args: []string{"payload", "true"}}}
	s.Hooks = &specs.Hooks{CreateRuntime: nothing, CreateContainer: nothing, Poststop: nothing}
}

// onHost is a config without a mount namespace.
func onHost(s *specs.Spec) {
	s.Linux.Namespaces = slices.DeleteFunc(s.Linux.Namespaces, func(n specs.LinuxNamespace) bool {
		return n.Type == specs.MountNamespace
	})
	s.Linux.MaskedPaths, s.Linux.ReadonlyPaths = nil, nil
}

func isCgroup(m specs.Mount) bool { return m.Type == "cgroup" }

// allCapsBut lists the capabilities that the kernel knows, without one.
func allCapsBut(name string) (names []string) {
	last, err := lastCap()
	if err != nil {
		panic(err) // /proc is needed for everything else, too
	}
	for _, c := range capability.ListKnown() {
		if known := "CAP_" + strings.ToUpper(c.String()); int(c) <= last && known != name {
			names = append(names, known)
		}
	}
	return names
}

// reported are the fields of the payload's report that are the same for every container of a config.
var reported = []string{
	"argv", "exe", "cwd", "environment", "process", "user", "capabilities", "noNewPrivileges", "seccomp",
	"blockedSignals", "personality", "rlimits", "oomScoreAdj", "timeOffsets", "hostname", "domainname", "interfaces",
	"mounts", "devices", "links", "paths", "paths=/etc", "sysctls", "terminal",
}

// portrait describes a created container, from outside and from inside, runs it to its end and deletes it.
func (p *place) portrait(id string, end traced) string {
	i := p.info(id)
	text := fmt.Sprintf("%s\n%s\n", i.Status, fromOutside(id, i.Pid))
	p.must("start", id)
	if !ended(i.Pid, patience) {
		p.t.Errorf("%s does not end", id)
	}
	p.must("delete", id)
	p.gone(id)
	return text + tidy(end.stdout())
}

// tidy takes from a report what may differ: the columns' widths, and whose /dev/null masks a file.
func tidy(report string) string {
	var text strings.Builder
	for line := range strings.Lines(report) {
		words := strings.Fields(line)
		if slices.Contains(words, "root=/null") {
			words = []string{words[0], "root=/null"}
		}
		fmt.Fprintln(&text, strings.Join(words, " "))
	}
	return text.String()
}

// fromOutside says what namespaces a process has of its own, in which cgroups it is and how these are limited.
func fromOutside(id string, pid int) string {
	var text strings.Builder
	spaces, _ := filepath.Glob(fmt.Sprintf("/proc/%d/ns/*", pid))
	for _, path := range spaces {
		theirs, err := os.Readlink(path)
		ours, _ := os.Readlink("/proc/self/ns/" + filepath.Base(path))
		fmt.Fprintln(&text, filepath.Base(path), theirs != ours, err)
	}
	own, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	for line := range strings.Lines(string(own)) {
		// A hierarchy without controllers limits nothing, so a container does without one that can't be made.
		if !strings.Contains(line, ":name=") && !strings.HasPrefix(line, "0::") {
			text.WriteString(strings.ReplaceAll(line, id, "ID"))
		}
	}
	fmt.Fprintln(&text, err)
	for _, dir := range cgroups(id) {
		for _, file := range []string{"pids.max", "cpuset.cpus", "cpuset.mems", "devices.list"} {
			if limit, err := os.ReadFile(filepath.Join(dir, file)); err == nil {
				fmt.Fprintf(&text, "%s: %s", file, limit)
			}
		}
	}
	return text.String()
}
