package thread

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestRun(t *testing.T) {
	for range 100 {
		var tid int
		Run(func() bool { tid = unix.Gettid(); return true })
		if tid == 0 || tid == unix.Getpid() {
			t.Fatalf("ran on thread %d of process %d", tid, unix.Getpid())
		}
	}
}

func TestRunEndsThreads(t *testing.T) {
	seen := map[int]bool{}
	for range 20 {
		Run(func() bool {
			seen[unix.Gettid()] = true
			return unix.Unshare(unix.CLONE_FS) != nil
		})
	}
	if len(seen) < 20 {
		t.Errorf("20 calls shared %d threads", len(seen))
	}
}

func TestStay(t *testing.T) {
	stay := map[int]bool{}
	for range 8 {
		Run(func() bool { Stay(); stay[unix.Gettid()] = true; return true })
	}
	for range 100 {
		Run(func() bool {
			if stay[unix.Gettid()] {
				t.Error("a thread was used that must stay")
			}
			return true
		})
	}
}
