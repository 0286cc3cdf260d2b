package cgroup

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestFreezeAndKill(t *testing.T) {
	onBoth(t, func(t *testing.T) {
		m := create(t, Config{})
		p := enter(t, m)
		p.ask("child")
		if err := m.Freeze(true); err != nil {
			t.Fatal(err)
		}
		if frozen, err := m.Frozen(); err != nil || !frozen {
			t.Errorf("frozen %v, %v", frozen, err)
		}
		fmt.Fprintln(p.in, "child")
		p.out.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		if line, err := p.lines.ReadString('\n'); err == nil {
			t.Errorf("a frozen process answered %q", line)
		}
		p.out.SetReadDeadline(time.Time{})
		if err := m.Freeze(false); err != nil {
			t.Fatal(err)
		}
		if _, err := p.lines.ReadString('\n'); err != nil {
			t.Error(err)
		}
		if pids, err := m.AllPids(); err != nil || len(pids) != 3 || !slices.Contains(pids, p.pid) {
			t.Errorf("pids %v, %v", pids, err)
		}
		if err := m.Freeze(true); err != nil {
			t.Fatal(err)
		}
		if err := m.Kill(unix.SIGKILL); err != nil {
			t.Error(err)
		}
		if status := p.wait(); status.Signal() != unix.SIGKILL {
			t.Errorf("ended by %v", status)
		}
	})
}

func TestKillReachesAll(t *testing.T) {
	onBoth(t, func(t *testing.T) {
		m := create(t, Config{})
		p := enter(t, m)
		p.ask("forks 20")
		if err := m.Kill(unix.SIGTERM); err != nil {
			t.Error(err)
		}
		if status := p.wait(); status.Signal() != unix.SIGTERM {
			t.Errorf("ended by %v", status)
		}
		if err := m.Destroy(); err != nil {
			t.Error(err)
		}
	})
}
