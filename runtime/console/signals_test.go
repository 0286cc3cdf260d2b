package console

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMain lets the test binary be the process that signals are forwarded to: it prints the number of each.
func TestMain(m *testing.M) {
	if os.Getenv("CONSOLE_TEST_PRINT_SIGNALS") == "" {
		os.Exit(m.Run())
	}
	signals := make(chan os.Signal, 64)
	signal.Notify(signals, caught()...)
	fmt.Println("ready")
	for s := range signals {
		fmt.Println(int(s.(syscall.Signal)))
	}
}

// printer starts the process of TestMain.
func printer(t *testing.T) (pidfd int, lines *bufio.Scanner) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "CONSOLE_TEST_PRINT_SIGNALS=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{PidFD: &pidfd}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		unix.Close(pidfd)
	})
	lines = bufio.NewScanner(out)
	expectLine(t, lines, "ready")
	return pidfd, lines
}

func expectLine(t *testing.T, lines *bufio.Scanner, want string) {
	t.Helper()
	if !lines.Scan() {
		t.Fatalf("output ended before %q: %v", want, lines.Err())
	}
	if got := lines.Text(); got != want {
		t.Errorf("got %q, not %q", got, want)
	}
}

func raise(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), s); err != nil {
		t.Fatal(err)
	}
}

// catchAll catches signals and waits until it does: the test raises some at once.
func catchAll() *Signals {
	s := Catch()
	<-s.complete
	return s
}

// What comes before it is known who shall have it waits.
func TestForwardWaits(t *testing.T) {
	signals := catchAll()
	raise(t, syscall.SIGTERM)
	pidfd, lines := printer(t)
	defer signals.Forward(pidfd, nil)()
	expectLine(t, lines, fmt.Sprint(int(syscall.SIGTERM)))
}

func TestForward(t *testing.T) {
	pidfd, lines := printer(t)
	stop := Catch().Forward(pidfd, nil)
	defer stop()
	for _, s := range []syscall.Signal{
		syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGTSTP,
		syscall.SIGCONT, syscall.SIGWINCH, 40, 64,
	} {
		raise(t, s)
		expectLine(t, lines, fmt.Sprint(int(s)))
	}
}

func TestForwardKeeps(t *testing.T) {
	pidfd, lines := printer(t)
	stop := Catch().Forward(pidfd, nil)
	defer stop()
	for _, s := range []syscall.Signal{syscall.SIGCHLD, syscall.SIGURG, syscall.SIGPIPE} {
		raise(t, s)
	}
	// Each is delivered before kill returns, or at the latest before this one.
	raise(t, syscall.SIGUSR2)
	expectLine(t, lines, fmt.Sprint(int(syscall.SIGUSR2)))
}

func TestForwardResizes(t *testing.T) {
	pidfd, lines := printer(t)
	resized := make(chan bool)
	stop := Catch().Forward(pidfd, func() { resized <- true })
	raise(t, syscall.SIGWINCH)
	<-resized
	raise(t, syscall.SIGUSR1)
	expectLine(t, lines, fmt.Sprint(int(syscall.SIGUSR1)))
	stop()
	raise(t, syscall.SIGWINCH) // would block for ever in resize
}

func TestForwardToEnded(t *testing.T) {
	pidfd, _ := printer(t)
	if err := unix.PidfdSendSignal(pidfd, unix.SIGKILL, nil, 0); err != nil {
		t.Fatal(err)
	}
	stop := Catch().Forward(pidfd, nil)
	raise(t, syscall.SIGUSR1)
	stop()
}
