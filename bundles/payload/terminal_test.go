package main

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// openTerminal makes a pseudo terminal.
func openTerminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	return master, slave
}

func TestTerminalSize(t *testing.T) {
	master, slave := openTerminal(t)
	resize := func(columns, rows uint16) {
		t.Helper()
		size := unix.Winsize{Col: columns, Row: rows}
		if err := unix.IoctlSetWinsize(int(master.Fd()), unix.TIOCSWINSZ, &size); err != nil {
			t.Fatal(err)
		}
	}
	resize(80, 24)
	cmd := exec.Command(payload, "tty", "watch")
	cmd.Stdin = slave
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
	defer watchdog.Stop()
	r := running{cmd, bufio.NewScanner(stdout)}
	r.wantLine(t, slave.Name()+" 80x24")
	resize(100, 30)
	r.wantLine(t, "100x30")
	r.signal(t, unix.SIGTERM)
	if err := r.Wait(); err != nil {
		t.Error(err)
	}

	report := exec.Command(payload, "report", "terminal")
	report.Stdin = slave
	report.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true}
	if got := strings.Join(strings.Fields(mustCall(t, report)), " "); got != "terminal stdin size=100x30 controlling foreground" {
		t.Errorf("report prints %q", got)
	}
}
