package main

import (
	"bufio"
	"fmt"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// running is a payload that said ready and waits.
type running struct {
	*exec.Cmd
	lines *bufio.Scanner
}

func start(t *testing.T, args ...string) running {
	t.Helper()
	cmd := exec.Command(payload, args...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
	t.Cleanup(func() {
		watchdog.Stop()
		cmd.Process.Kill()
		cmd.Wait()
	})
	r := running{cmd, bufio.NewScanner(stdout)}
	r.wantLine(t, "ready")
	return r
}

func (r running) wantLine(t *testing.T, want string) {
	t.Helper()
	if !r.lines.Scan() || r.lines.Text() != want {
		t.Fatalf("%v prints %q, want %q", r.Args, r.lines.Text(), want)
	}
}

func (r running) signal(t *testing.T, sig unix.Signal) {
	t.Helper()
	if err := r.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

func TestSleepEndsWell(t *testing.T) {
	for _, sig := range []unix.Signal{unix.SIGTERM, unix.SIGINT} {
		r := start(t, "sleep")
		r.signal(t, sig)
		if err := r.Wait(); err != nil {
			t.Errorf("%v: %v", sig, err)
		}
	}
}

func TestSignalsPrintsNames(t *testing.T) {
	r := start(t, "signals")
	for sig, name := range map[unix.Signal]string{unix.SIGHUP: "SIGHUP", unix.SIGUSR1: "SIGUSR1", 40: "SIG40"} {
		r.signal(t, sig)
		r.wantLine(t, name)
	}
	r.signal(t, unix.SIGTERM)
	r.wantLine(t, "SIGTERM")
	if err := r.Wait(); err != nil {
		t.Error(err)
	}
}

func TestHangIgnoresAllButKill(t *testing.T) {
	r := start(t, "hang")
	for _, sig := range []unix.Signal{unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT, unix.SIGUSR1} {
		r.signal(t, sig)
	}
	time.Sleep(50 * time.Millisecond)
	r.signal(t, unix.SIGKILL)
	err := r.Wait()
	if r.ProcessState.Sys().(interface{ Signal() unix.Signal }).Signal() != unix.SIGKILL {
		t.Errorf("ended by %v, want SIGKILL", err)
	}
}

func TestKillSelf(t *testing.T) {
	for name, want := range map[string]unix.Signal{"KILL": unix.SIGKILL, "SIGTERM": unix.SIGTERM, "11": unix.SIGSEGV, "usr1": unix.SIGUSR1} {
		cmd := exec.Command(payload, "kill-self", name)
		call(t, cmd)
		if got := cmd.ProcessState.Sys().(interface{ Signal() unix.Signal }).Signal(); got != want {
			t.Errorf("kill-self %s: ended by %v, want %v", name, got, want)
		}
	}
}

func TestDaemonLeavesChildBehind(t *testing.T) {
	out := mustCall(t, exec.Command(payload, "daemon"))
	var pid int
	if _, err := fmt.Sscanf(out, "left behind %d\n", &pid); err != nil {
		t.Fatalf("daemon prints %q", out)
	}
	defer unix.Kill(pid, unix.SIGKILL)
	session, err := unix.Getsid(pid)
	if err != nil || session != pid {
		t.Errorf("the child's session is %d (%v), want its own", session, err)
	}
	// Output ended although the child lives, so it has let go of the standard files.
	if err := unix.Kill(pid, 0); err != nil {
		t.Error(err)
	}
}
