package cgroup

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestProcessIsBornInside(t *testing.T) {
	onBoth(t, func(t *testing.T) {
		before := ownCgroups("")
		m := create(t, Config{})
		p := enter(t, m)
		inside := p.ask("cgroup")
		for _, name := range sortedKeys(parseOwn(strings.ReplaceAll(inside, " ", "\n"))) {
			if _, ok := m.Paths()[name]; ok && !strings.Contains(inside, ":"+name+":") {
				t.Errorf("not in %q", name)
			}
		}
		if n := strings.Count(inside, "crabcan-test"); n != len(m.Paths()) {
			t.Errorf("in %d of %d: %s", n, len(m.Paths()), inside)
		}
		if after := ownCgroups(""); after != before {
			t.Errorf("own cgroups were %s, are %s", before, after)
		}
		if threads := threadsInside(t, m); len(threads) != 0 {
			t.Errorf("threads left inside: %v", threads)
		}
	})
}

// threadsInside lists this process's own threads in the container's cgroups.
func threadsInside(t *testing.T, m *Manager) (inside []string) {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range m.folders() {
		tasks, _ := os.ReadFile(dir + "/tasks")
		for _, thread := range threads {
			if slices.Contains(strings.Fields(string(tasks)), thread.Name()) {
				inside = append(inside, dir+":"+thread.Name())
			}
		}
	}
	return inside
}

func TestAttach(t *testing.T) {
	onBoth(t, func(t *testing.T) {
		m := create(t, Config{})
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = []string{roleVariable + "=" + roleInside}
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if err := m.Attach(cmd.Process.Pid); err != nil {
			t.Error(err)
		}
		if pids, err := m.AllPids(); err != nil || !slices.Equal(pids, []int{cmd.Process.Pid}) {
			t.Errorf("pids %v, %v", pids, err)
		}
		in.Close()
		cmd.Wait()
	})
}

// TestCgroupNamespace makes the namespace in the same clone3 as the process: its root is the container's cgroup, on v2
// because the kernel sets it anew when the process has its cgroup (cgroup_post_fork), on v1 because the thread is there.
func TestCgroupNamespace(t *testing.T) {
	onBoth(t, func(t *testing.T) {
		m := create(t, Config{})
		p := enter(t, m, unix.CLONE_NEWCGROUP)
		inside := parseOwn(strings.ReplaceAll(p.ask("cgroup"), " ", "\n"))
		for _, name := range sortedKeys(m.Paths()) {
			if inside[name] != "/" {
				t.Errorf("in hierarchy %q it sees itself at %s", name, inside[name])
			}
		}
	})
}
