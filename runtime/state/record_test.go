package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func fullState() State {
	return State{
		Version: version, ID: "c1", OCIVersion: "1.3.0", Bundle: "/b", Rootfs: "/b/rootfs",
		Created: time.Date(2026, 2, 3, 4, 5, 6, 789, time.UTC),
		Owner:   1000, InitPid: 42, InitStartTime: 1 << 63, Creating: true, Descriptors: map[string]string{"0": "pipe:[7]"},
		Annotations: map[string]string{"a.b/c": "d"},
		Cgroup: Cgroup{
			Systemd: true, Rootless: true, Path: "user.slice:crabcan:c1",
			Paths: map[string]string{"": "/sys/fs/cgroup/x", "pids": "/sys/fs/cgroup/pids/x"}, Memory: -1, Swap: 1 << 40,
		},
		Hooks: true, SharedPids: true, NoNewKeyring: true,
		IntelRdt:  IntelRdt{Folder: "/sys/fs/resctrl/c1", Monitor: "/sys/fs/resctrl/c1/mon_groups/c1", Made: true},
		RootMount: RootMount{Base: 77, Top: 78, BaseNumber: 79},
	}
}

func TestSaveLoad(t *testing.T) {
	_, d := newDir(t, "c1")
	if err := d.Save(fullState()); err != nil {
		t.Fatal(err)
	}
	got, err := d.Load()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fullState(), got); diff != "" {
		t.Error(diff)
	}
	info, err := os.Stat(filepath.Join(d.Path(), stateFile))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Errorf("state.json has mode %v, want 0600", info.Mode())
	}
}

// The file outlives the crabcan that wrote it, so its members are a promise.
func TestStateFileFormat(t *testing.T) {
	_, d := newDir(t, "c1")
	if err := d.Save(fullState()); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(d.Path(), stateFile))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"version":1,"id":"c1","ociVersion":"1.3.0","bundle":"/b","rootfs":"/b/rootfs",` +
		`"created":"2026-02-03T04:05:06.000000789Z","owner":1000,"initPid":42,"initStartTime":9223372036854775808,"creating":true,` +
		`"annotations":{"a.b/c":"d"},"cgroup":{"systemd":true,"rootless":true,"path":"user.slice:crabcan:c1",` +
		`"paths":{"":"/sys/fs/cgroup/x","pids":"/sys/fs/cgroup/pids/x"},"memory":-1,"swap":1099511627776},"hooks":true,"sharedPids":true,` +
		`"noNewKeyring":true,` +
		`"intelRdt":{"folder":"/sys/fs/resctrl/c1","monitor":"/sys/fs/resctrl/c1/mon_groups/c1","made":true},` +
		`"descriptors":{"0":"pipe:[7]"},"rootMount":{"base":77,"top":78,"baseNumber":79}}` + "\n"
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestSaveOverRemainsOfKilledSave(t *testing.T) {
	_, d := newDir(t, "c1")
	remains := filepath.Join(d.Path(), newStateFile)
	if err := os.WriteFile(remains, []byte(strings.Repeat("x", 9999)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Save(fullState()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Load(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(remains); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there", remains)
	}
}

func TestLoadErrors(t *testing.T) {
	for content, want := range map[string]string{
		"":                 "state.json: ",
		`{"version":1`:     "state.json: ",
		`{"version":99}`:   "has version 99",
		`{"version":"no"}`: "state.json: ",
	} {
		_, d := newDir(t, "c1")
		if err := os.WriteFile(filepath.Join(d.Path(), stateFile), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := d.Load()
		wantError(t, err, want)
	}
}

func TestLoadOfHalfMadeContainer(t *testing.T) {
	_, d := newDir(t, "c1")
	if _, err := d.Load(); !errors.Is(err, ErrIncomplete) {
		t.Errorf("error is %v, want ErrIncomplete", err)
	}
}

func TestLoadOfDeletedContainer(t *testing.T) {
	root, d := newDir(t, "c1")
	other, err := Open(root, "c1")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := d.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Load(); !errors.Is(err, ErrNotExist) {
		t.Errorf("error is %v, want ErrNotExist", err)
	}
}

// Containers come and go under the lock while others list and load without it: a reader sees a whole state or one of
// the two errors that mean "not now".
func TestConcurrentSaveLoadListDelete(t *testing.T) {
	root := Root(t.TempDir())
	done := make(chan struct{})
	var writers, readers sync.WaitGroup
	for i := range 4 {
		id := fmt.Sprintf("c%d", i%2)
		writers.Go(func() { comeAndGo(t, root, id) })
	}
	for range 2 {
		readers.Go(func() { readUntil(t, root, done) })
	}
	writers.Wait()
	close(done)
	readers.Wait()
	if left, err := root.List(); len(left) > 0 || err != nil {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

// comeAndGo creates, saves and deletes the container id many times, beside others that do the same.
func comeAndGo(t *testing.T, root Root, id string) {
	s := fullState()
	s.ID = id
	for range 200 {
		d, err := Create(root, id)
		if errors.Is(err, ErrExist) {
			continue
		}
		if err != nil {
			t.Errorf("create: %v", err)
			return
		}
		for pid := range 5 {
			s.InitPid = pid
			s.Annotations = map[string]string{"size": strings.Repeat("x", pid*3000)}
			if err := d.Save(s); err != nil {
				t.Errorf("save: %v", err)
			}
		}
		if err := d.Remove(); err != nil {
			t.Errorf("remove: %v", err)
		}
		d.Close()
	}
}

func readUntil(t *testing.T, root Root, done chan struct{}) {
	for {
		select {
		case <-done:
			return
		default:
		}
		ids, err := root.List()
		if err != nil {
			t.Errorf("list: %v", err)
		}
		for _, id := range ids {
			readOne(t, root, id)
		}
	}
}

func readOne(t *testing.T, root Root, id string) {
	d, err := Open(root, id)
	if errors.Is(err, ErrNotExist) {
		return
	}
	if err != nil {
		t.Errorf("open: %v", err)
		return
	}
	defer d.Close()
	s, err := d.Load()
	if errors.Is(err, ErrNotExist) || errors.Is(err, ErrIncomplete) {
		return
	}
	if err != nil || len(s.Annotations["size"]) != s.InitPid*3000 {
		t.Errorf("load: %v; pid %d with %d bytes", err, s.InitPid, len(s.Annotations["size"]))
	}
}
