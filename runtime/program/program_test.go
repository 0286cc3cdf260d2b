package program

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// run links p, runs it as an ordinary process and returns what it printed and its exit status.
func run(t *testing.T, p *Program) (string, int) {
	t.Helper()
	image, err := p.Link()
	if err != nil {
		t.Fatalf("link: %v", err)
	}
	name := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(name, image, 0o755); err != nil {
		t.Fatal(err)
	}
	argv := []string{name}
	if emulator := os.Getenv("CRABCAN_TEST_EMULATOR"); emulator != "" {
		argv = []string{emulator, name}
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if cmd.ProcessState == nil || !cmd.ProcessState.Exited() {
		t.Fatalf("the program did not exit: %v %s", err, errs.String())
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func call(nr uintptr, args ...Arg) Step { return Step{Nr: nr, Args: args} }

func write(fd Arg, s string) Step {
	return call(unix.SYS_WRITE, fd, Bytes([]byte(s)), Int(len(s)))
}

func exit(status Arg) Step { return call(unix.SYS_EXIT_GROUP, status) }

func TestStepsRunInOrder(t *testing.T) {
	p := New()
	p.Add(write(Int(1), "one "))
	p.Add(write(Int(1), "two"))
	p.Add(exit(Int(7)))
	if out, status := run(t, p); out != "one two" || status != 7 {
		t.Errorf("printed %q with status %d, want %q with 7", out, status, "one two")
	}
}

// A result goes through memory into a later step's argument.
func TestResultsBecomeArguments(t *testing.T) {
	p := New()
	copied := p.Slot()
	p.Add(Step{Nr: unix.SYS_FCNTL, Args: []Arg{Int(1), Int(unix.F_DUPFD), Int(100)}, Result: copied.Addr()})
	p.Add(write(copied.Val(), "through"))
	p.Add(exit(copied.Val()))
	if out, status := run(t, p); out != "through" || status != 100 {
		t.Errorf("printed %q with status %d, want %q with 100", out, status, "through")
	}
}

// mmap takes six arguments; every one of them is read from memory here.
func TestSixArgumentsFromMemory(t *testing.T) {
	p := New()
	args := p.Data(Int(0), Int(4096), Int(unix.PROT_READ|unix.PROT_WRITE), Int(unix.MAP_PRIVATE|unix.MAP_ANONYMOUS), Int(-1), Int(0))
	at := p.Slot()
	var list []Arg
	for i := range 6 {
		list = append(list, args.Load(8*i))
	}
	p.Add(Step{Nr: unix.SYS_MMAP, Args: list, Result: at.Addr()})
	p.Add(call(unix.SYS_GETCWD, at.Val(), Int(4096)))
	p.Add(call(unix.SYS_WRITE, Int(1), at.Val(), Int(1)))
	p.Add(exit(Int(0)))
	if out, status := run(t, p); out != "/" || status != 0 {
		t.Errorf("printed %q with status %d, want the first byte of the working directory, %q", out, status, "/")
	}
}

func TestErrorsChooseTheWay(t *testing.T) {
	for _, c := range []struct {
		name string
		fd   int
		on   func(bad, any Label) []Case
		want string
	}{
		{"no error", 1, func(bad, any Label) []Case { return []Case{{uint32(unix.EBADF), bad}} }, "next"},
		{"the named errno", -1, func(bad, any Label) []Case { return []Case{{uint32(unix.EBADF), bad}, {AnyErrno, any}} }, "named"},
		{"the third errno", -1, func(bad, any Label) []Case {
			return []Case{{uint32(unix.EPERM), any}, {uint32(unix.EIO), any}, {uint32(unix.EBADF), bad}}
		}, "named"},
		{"any errno", -1, func(bad, any Label) []Case { return []Case{{uint32(unix.EIO), bad}, {AnyErrno, any}} }, "any"},
		{"an errno nobody names", -1, func(bad, any Label) []Case { return []Case{{uint32(unix.EIO), bad}} }, "failure"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := New()
			bad, any, failure, end := p.NewLabel(), p.NewLabel(), p.NewLabel(), p.NewLabel()
			p.Failure(failure)
			p.Add(Step{Nr: unix.SYS_DUP, Args: []Arg{Int(c.fd)}, On: c.on(bad, any)})
			for _, way := range []struct {
				at   Label
				says string
			}{{0, "next"}, {bad, "named"}, {any, "any"}, {failure, "failure"}} {
				if way.at != 0 {
					p.Mark(way.at)
				}
				s := write(Int(1), way.says)
				s.Next = end
				p.Add(s)
			}
			p.Mark(end)
			p.Add(exit(Int(0)))
			if out, _ := run(t, p); out != c.want {
				t.Errorf("went to %q, want %q", out, c.want)
			}
		})
	}
}

// The failure record names the errno and, through StepIndex, the step.
func TestFailureRecord(t *testing.T) {
	p := New()
	failure := p.NewLabel()
	p.Failure(failure)
	p.Add(write(Int(1), ""))
	p.Add(call(unix.SYS_FCHDIR, Int(-1)))
	failing := len(p.Steps) - 1
	p.Mark(failure)
	p.Add(call(unix.SYS_WRITE, Int(1), ErrnoAt, Int(16)))
	p.Add(exit(Int(1)))
	out, status := run(t, p)
	if len(out) != 16 || status != 1 {
		t.Fatalf("a record of %d bytes with status %d, want 16 with 1", len(out), status)
	}
	word := func(at int) (v uint64) {
		for i := range 8 {
			v |= uint64(out[at+i]) << (8 * i)
		}
		return v
	}
	if errno := unix.Errno(word(0)); errno != unix.EBADF {
		t.Errorf("errno %v, want %v", errno, unix.EBADF)
	}
	if i, ok := p.StepIndex(word(8)); !ok || i != failing {
		t.Errorf("step %d (%v), want %d", i, ok, failing)
	}
}

func TestTestAndMove(t *testing.T) {
	for _, c := range []struct{ value, mask, want uint64 }{
		{0x103, 0xffff, 0x103}, {0x103, 0xff, 3}, {0x103, 0xff, 4}, {1 << 63, 1 << 63, 1 << 63}, {0, ^uint64(0), 1},
	} {
		p := New()
		slot, other := p.Slot(), p.NewLabel()
		p.Add(Step{Op: OpMove, Args: []Arg{Int(c.value)}, Result: slot.Addr()})
		p.Add(Step{Op: OpTest, Args: []Arg{slot.Val(), Int(c.mask), Int(c.want)}, On: []Case{{AnyErrno, other}}})
		p.Add(exit(Int(1)))
		p.Mark(other)
		p.Add(exit(Int(2)))
		want := 2
		if c.value&c.mask == c.want {
			want = 1
		}
		if _, status := run(t, p); status != want {
			t.Errorf("test of %#x & %#x == %#x took branch %d, want %d", c.value, c.mask, c.want, status, want)
		}
	}
}

// Arrays of pointers are resolved: the program becomes another one with execve.
func TestExecve(t *testing.T) {
	if os.Getenv("CRABCAN_TEST_EMULATOR") != "" {
		t.Skip("needs a kernel that runs this architecture's binaries by execve: qemu-user has none without binfmt_misc")
	}
	p := New()
	p.Add(call(unix.SYS_EXECVE, Str("/bin/sh"), Strs([]string{"sh", "-c", "echo $X; exit 3"}), Strs([]string{"X=word"})))
	if out, status := run(t, p); out != "word\n" || status != 3 {
		t.Errorf("printed %q with status %d, want %q with 3", out, status, "word\n")
	}
}

func TestLinkRefusesMistakes(t *testing.T) {
	nowhere := New()
	nowhere.Add(Step{Next: nowhere.NewLabel()})
	if _, err := nowhere.Link(); err == nil {
		t.Error("a label that was never marked was linked")
	}
	many := New()
	many.Add(call(unix.SYS_GETPID, make([]Arg, 7)...))
	if _, err := many.Link(); err == nil {
		t.Error("a step with seven arguments was linked")
	}
}

// A program can fail of its own accord, with an errno of its choice.
func TestFail(t *testing.T) {
	p := New()
	failure := p.NewLabel()
	p.Failure(failure)
	p.Add(Step{Op: OpFail, Args: []Arg{Int(99)}})
	p.Mark(failure)
	p.Add(call(unix.SYS_WRITE, Int(1), ErrnoAt, Int(1)))
	p.Add(exit(Int(1)))
	if out, status := run(t, p); out != "c" || status != 1 {
		t.Errorf("errno %q with status %d, want %q (99) with 1", out, status, "c")
	}
}

// A crash needs no system call.
func TestCrash(t *testing.T) {
	p := New()
	p.Add(Step{Op: OpCrash})
	image, err := p.Link()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(name, image, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name)
	if emulator := os.Getenv("CRABCAN_TEST_EMULATOR"); emulator != "" {
		cmd = exec.Command(emulator, name)
	}
	err = cmd.Run()
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGILL {
		t.Errorf("the program ended with %v, want it killed by SIGILL", err)
	}
}

// The image must be the same for the same steps: plans are compared byte by byte.
func TestLinkIsDeterministic(t *testing.T) {
	build := func() string {
		p := New()
		for range 50 {
			p.Add(call(unix.SYS_EXECVE, Str("/bin/sh"), Strs([]string{"sh", "-c"}), Words(Str("a"), Words(Int(1)))))
		}
		image, err := p.Link()
		if err != nil {
			t.Fatal(err)
		}
		return string(image)
	}
	if first, second := build(), build(); first != second {
		t.Error("two links of the same steps differ")
	}
}
