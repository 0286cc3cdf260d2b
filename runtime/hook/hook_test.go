package hook

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/plan"
	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/runtime/spawn"
	"github.com/crabcan/crabcan/spec"
)

// shell is a hook that runs a script.
func shell(t *testing.T, script string) Hook {
	t.Helper()
	p, err := plan.CompileHook(spec.Hook{Path: "/bin/sh", Argv: []string{"sh", "-c", script}}, 0, 0o22, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return compiled(t, p)
}

// compiled is a hook with a plan.
func compiled(t *testing.T, p *plan.Plan) Hook {
	t.Helper()
	image, err := p.Program.Link()
	if err != nil {
		t.Fatal(err)
	}
	return Hook{
		Plan: p,
		Start: func(stdin, stdout, stderr *os.File) (*spawn.Process, error) {
			return spawn.Start(spawn.Config{
				Image: image, Folder: t.TempDir(), Argv: []string{"hook"}, Files: []*os.File{stdin, stdout, stderr, nil},
				SocketAt: p.FirstFile, Cgroup: -1,
			})
		},
		Answers: func(*spawn.Process) spawn.Answers { return nil },
	}
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error is %v, want one with %q", err, want)
	}
}

func TestHookReadsStateAndIsHeard(t *testing.T) {
	h := shell(t, `cat; echo " said"; echo complained >&2; exit 3`)
	h.State = []byte(`{"id":"c1"}`)
	got, err := h.Run()
	wantError(t, err, "exit status 3")
	if want := `{"id":"c1"} said complained`; got != want {
		t.Errorf("output is %q, want %q", got, want)
	}
}

func TestOnlyTheEndOfMuchOutputIsKept(t *testing.T) {
	got, err := shell(t, `head -c 3000000 /dev/zero | tr '\0' x; echo end`).Run()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(got, "(its last 4096 bytes) x") || !strings.HasSuffix(got, "xend") || len(got) > maxOutput+100 {
		t.Errorf("output has %d bytes, from %.40q to %q", len(got), got, got[max(0, len(got)-10):])
	}
}

func TestTimeoutEndsTheWholeGroup(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	// Both the hook and its child would write for ever; the child holds the fifo open.
	h := shell(t, `exec 3<>`+fifo+`; yes & yes`)
	h.Timeout = 300 * time.Millisecond
	_, err := h.Run()
	wantError(t, err, "timed out after 300ms")
	// Opening a fifo to write to succeeds only as long as somebody could read.
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		fd, err := unix.Open(fifo, unix.O_WRONLY|unix.O_NONBLOCK, 0)
		if err == unix.ENXIO {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		unix.Close(fd)
		if time.Now().After(deadline) {
			t.Fatal("the hook's child is still there")
		}
	}
}

// A hook that never gets as far as being executed, because its seccomp agent does not answer for one, has no more time.
func TestTimeoutCountsBeforeExecution(t *testing.T) {
	waits := program.New()
	waits.Add(program.Step{Nr: unix.SYS_PPOLL})
	h := compiled(t, &plan.Plan{Program: waits, FirstFile: 3})
	h.Timeout = 100 * time.Millisecond
	_, err := h.Run()
	wantError(t, err, "timed out after 100ms")
}

func TestBackgroundDoesNotKeepTheHook(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := shell(t, `cat `+fifo+` & echo started`).Run()
	if err != nil || got != "started" {
		t.Errorf("%q, %v", got, err)
	}
	if err := os.WriteFile(fifo, nil, 0); err != nil { // lets it go; without it this waits
		t.Error(err)
	}
}

func TestFailedStep(t *testing.T) {
	p, err := plan.CompileHook(spec.Hook{Path: "/nonexistent", Argv: []string{"x"}}, 0, 0o22, "/")
	if err != nil {
		t.Fatal(err)
	}
	_, err = compiled(t, p).Run()
	wantError(t, err, `exec "/nonexistent": no such file or directory`)
}
