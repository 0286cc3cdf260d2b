package state

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestParseStat(t *testing.T) {
	rest := strings.Repeat(" 0", 18)
	for line, want := range map[string]ProcessStat{
		"1 (sh) S" + rest + " 77 0 0\n":                    {State: 'S', StartTime: 77, Name: "sh"},
		"1 (a) R 1) Z) Z" + rest + " 5 0\n":                {State: 'Z', StartTime: 5, Name: "a) R 1) Z"},
		"1 (\n(( )) X" + rest + " 18446744073709551615\n":  {State: 'X', StartTime: 1<<64 - 1, Name: "\n(( )"},
		"1 () I -1" + strings.Repeat(" -1", 17) + " 9 0\n": {State: 'I', StartTime: 9},
	} {
		got, err := parseStat([]byte(line))
		if err != nil || got != want {
			t.Errorf("%q: %+v (%v), want %+v", line, got, err, want)
		}
	}
	for _, line := range []string{"", "1", "1 (sh", "1 (sh)", "1 (sh) S 1 2", "1 (sh) S" + rest + " x 0", ") S" + rest + " 1"} {
		if got, err := parseStat([]byte(line)); err == nil {
			t.Errorf("%q: %+v, want an error", line, got)
		}
	}
}

func TestProcess(t *testing.T) {
	own, err := Process(os.Getpid())
	if err != nil || own.Ended() || own.StartTime == 0 {
		t.Errorf("own process: %+v (%v)", own, err)
	}
	ticks, err := StartTime(os.Getpid())
	if err != nil || ticks != own.StartTime {
		t.Errorf("StartTime is %d (%v), want %d", ticks, err, own.StartTime)
	}
}

func TestEndedProcess(t *testing.T) {
	cmd := exec.Command("/proc/self/exe", "-test.run=^$")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	// Wait for the end without reaping.
	if err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	if stat, err := Process(pid); err != nil || !stat.Ended() {
		t.Errorf("zombie: %+v (%v)", stat, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := Process(pid); !errors.Is(err, unix.ESRCH) {
		t.Errorf("reaped process: %v, want ESRCH", err)
	}
}
