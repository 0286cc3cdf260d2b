package spawn

import (
	"errors"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// own is where this thread may run.
func own(t *testing.T) (set unix.CPUSet) {
	t.Helper()
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		t.Fatal(err)
	}
	return set
}

// What is started begins on the processors it is meant for, and crabcan goes on where it was.
func TestAffinity(t *testing.T) {
	runtime.LockOSThread() // and never unlocked: the thread ends with the test
	all := own(t)
	if all.Count() < 2 {
		t.Skip("one processor is not enough")
	}
	first, second := new(unix.CPUSet), new(unix.CPUSet)
	for cpu := range 64 {
		switch {
		case !all.IsSet(cpu):
		case first.Count() == 0:
			first.Set(cpu)
		case second.Count() == 0:
			second.Set(cpu)
		}
	}
	if err := unix.SchedSetaffinity(0, first); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name          string
		set           []uint64
		during, after unix.CPUSet
	}{
		{"some", []uint64{uint64(second[0])}, *second, *first},
		{"none that exists", []uint64{0, 0, 0, 1}, *first, *first},
		{"all", nil, all, all},
	} {
		var during unix.CPUSet
		stop := errors.New("stop")
		if err := withAffinity(c.set, func() error { during = own(t); return stop }); err != stop {
			t.Errorf("%s: %v", c.name, err)
		}
		if during != c.during {
			t.Errorf("%s: started on %v, want %v", c.name, during[0], c.during[0])
		}
		if after := own(t); after != c.after {
			t.Errorf("%s: left on %v, want %v", c.name, after[0], c.after[0])
		}
	}
}

func TestSetAffinityOfNobody(t *testing.T) {
	p := &Process{Pid: os.Getpid()}
	if err := p.SetAffinity([]uint64{0}); !errors.Is(err, unix.EINVAL) {
		t.Errorf("no processor: %v", err)
	}
}
