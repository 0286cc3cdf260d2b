package cgroup

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestDestroyRemovesWhatTheContainerMade(t *testing.T) {
	onBoth(t, func(t *testing.T) {
		m := create(t, Config{})
		p := enter(t, m)
		for _, dir := range m.folders() {
			if strings.Contains(dir, "/cpuset/") {
				continue // a new cpuset takes no process before it has CPUs
			}
			if err := os.MkdirAll(dir+"/x/y", 0o755); err != nil {
				t.Fatal(err)
			}
			if answer := p.ask("mkdir %s/x/z", dir); answer != "<nil>" {
				t.Fatal(answer)
			}
		}
		if err := m.Kill(unix.SIGKILL); err != nil {
			t.Error(err)
		}
		if status := p.wait(); status.Signal() != unix.SIGKILL {
			t.Errorf("ended by %v", status)
		}
		if err := m.Destroy(); err != nil {
			t.Error(err)
		}
		if m.Exists() {
			t.Error("still there")
		}
		if err := m.Destroy(); err != nil {
			t.Errorf("the second time: %v", err)
		}
	})
}

// TestDestroyIsQuick allows a hundred times what it takes.
func TestDestroyIsQuick(t *testing.T) {
	onBoth(t, func(t *testing.T) {
		m := create(t, Config{})
		start := time.Now()
		if err := m.Destroy(); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > 50*time.Millisecond {
			t.Errorf("an empty cgroup took %v", took)
		}
	})
}

func TestDestroyWaitsForDyingProcesses(t *testing.T) {
	onBoth(t, func(t *testing.T) {
		m := create(t, Config{})
		p := enter(t, m)
		pid, start := p.pid, time.Now()
		go func() {
			time.Sleep(20 * time.Millisecond)
			_ = unix.Kill(pid, unix.SIGKILL)
		}()
		if err := m.Destroy(); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took < 20*time.Millisecond || took > time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestDestroyNamesWhoIsLeft(t *testing.T) {
	onBoth(t, func(t *testing.T) {
		m := create(t, Config{})
		p := enter(t, m)
		err := m.Destroy()
		if err == nil || !strings.Contains(err.Error(), fmt.Sprint(p.pid)) {
			t.Errorf("process %d is inside: %v", p.pid, err)
		}
	})
}
