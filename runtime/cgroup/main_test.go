package cgroup

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// The test program runs itself again in two roles, told by this variable: as the process inside a cgroup, and as the
// tests on a private cgroup v2 mount.
const (
	roleVariable = "CRABCAN_CGROUP_TEST"
	roleInside   = "inside"
	roleUnified  = "unified"
)

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case roleInside:
		obey()
		return
	case roleUnified:
		if err := mountUnified(); err != nil {
			fmt.Fprintln(os.Stderr, "private cgroup v2 mount:", err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// mountUnified makes /sys/fs/cgroup a v2 mount for this process, which has a mount namespace of its own.
func mountUnified() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Unmount(mountPoint, unix.MNT_DETACH); err != nil {
		return err
	}
	return unix.Mount("none", mountPoint, "cgroup2", 0, "")
}

func needRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

// onV1 skips where the host has no v1 hierarchies.
func onV1(t testing.TB) {
	t.Helper()
	needRoot(t)
	if isUnified(mountPoint) {
		t.Skip("needs a host with cgroup v1")
	}
}

// onUnified reports whether this process sees cgroup v2; where not it runs the test again in a process that does.
func onUnified(t testing.TB) bool {
	t.Helper()
	needRoot(t)
	if isUnified(mountPoint) {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), roleVariable+"="+roleUnified)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), "--- SKIP") {
		t.Skipf("on a private v2 mount: %s", out)
	}
	if err != nil {
		t.Errorf("on a private v2 mount: %v\n%s", err, out)
	}
	return false
}

// newTest makes a manager for a cgroup of the test's own, which is gone at the end, with whatever is in it.
func newTest(t testing.TB, c Config) *Manager {
	t.Helper()
	c.ID = fmt.Sprintf("crabcan-test-%d-%s", os.Getpid(), filepath.Base(t.Name()))
	m, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Kill(unix.SIGKILL); err != nil {
			t.Error(err)
		}
		if err := m.Undo(); err != nil {
			t.Error(err)
		}
		if m.Exists() {
			t.Errorf("left behind: %v", m.Paths())
		}
	})
	return m
}

func create(t testing.TB, c Config) *Manager {
	t.Helper()
	m := newTest(t, c)
	if err := m.Create(); err != nil {
		t.Fatal(err)
	}
	return m
}

// process is a process inside a cgroup that obeys commands.
type process struct {
	t       testing.TB
	pid     int
	in, out *os.File
	lines   *bufio.Reader
}

// enter starts a process through Enter, with flags for clone3.
func enter(t testing.TB, m *Manager, flags ...uintptr) *process {
	t.Helper()
	p := &process{t: t}
	sys := &syscall.SysProcAttr{}
	for _, f := range flags {
		sys.Cloneflags |= f
	}
	inRead, inWrite := pipe(t)
	outRead, outWrite := pipe(t)
	err := m.Enter(func(fd int) (err error) {
		sys.UseCgroupFD, sys.CgroupFD = fd >= 0, fd
		p.pid, err = syscall.ForkExec("/proc/self/exe", []string{"inside"}, &syscall.ProcAttr{
			Env:   []string{roleVariable + "=" + roleInside},
			Files: []uintptr{inRead.Fd(), outWrite.Fd(), 2},
			Sys:   sys,
		})
		return err
	})
	inRead.Close()
	outWrite.Close()
	if err != nil {
		t.Fatal(err)
	}
	p.in, p.out, p.lines = inWrite, outRead, bufio.NewReader(outRead)
	t.Cleanup(p.end)
	return p
}

func pipe(t testing.TB) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return r, w
}

// end kills the process if it still is there.
func (p *process) end() {
	if p.pid == 0 {
		return
	}
	_ = unix.Kill(p.pid, unix.SIGKILL)
	p.wait()
}

func (p *process) wait() unix.WaitStatus {
	var status unix.WaitStatus
	if _, err := again(func() (int, error) { return unix.Wait4(p.pid, &status, 0, nil) }); err != nil {
		p.t.Errorf("waiting for the process inside: %v", err)
	}
	p.pid = 0
	p.in.Close()
	p.out.Close()
	return status
}

// ask sends a command and returns the answer.
func (p *process) ask(format string, args ...any) string {
	p.t.Helper()
	if _, err := fmt.Fprintf(p.in, format+"\n", args...); err != nil {
		p.t.Fatal(err)
	}
	line, err := p.lines.ReadString('\n')
	if err != nil {
		p.t.Fatalf("%s: %v", fmt.Sprintf(format, args...), err)
	}
	return strings.TrimSuffix(line, "\n")
}

// obey is what the process inside does: a command a line, an answer a line.
func obey() {
	commands := map[string]func(arg string) string{
		"forks": forks, "read": openFor(unix.O_RDONLY), "write": openFor(unix.O_WRONLY), "both": openFor(unix.O_RDWR),
		"touch": touch, "cgroup": ownCgroups, "child": forkedChild, "mkdir": enterBelow,
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		name, arg, _ := strings.Cut(in.Text(), " ")
		fmt.Println(commands[name](arg))
	}
}

// fork starts a process that only waits, without anything of Go's in it: every thread would count against a limit.
func fork() (int, error) {
	pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	for pid == 0 {
		unix.RawSyscall6(unix.SYS_PPOLL, 0, 0, 0, 0, 0, 0)
	}
	return int(pid), nil
}

// forks makes children until it can't, at most as many as asked, and answers how many and why it stopped.
func forks(arg string) string {
	var most, n int
	fmt.Sscan(arg, &most)
	for ; n < most; n++ {
		if _, err := fork(); err != nil {
			return fmt.Sprintf("%d %v", n, err)
		}
	}
	return fmt.Sprintf("%d", n)
}

func forkedChild(string) string {
	_, err := fork()
	return fmt.Sprint(err)
}

func openFor(flags int) func(path string) string {
	return func(path string) string {
		fd, err := unix.Open(path, flags, 0)
		if err != nil {
			return err.Error()
		}
		unix.Close(fd)
		return "ok"
	}
}

// touch uses memory, in MiB.
func touch(arg string) string {
	var size int
	fmt.Sscan(arg, &size)
	b := make([]byte, size<<20)
	for i := 0; i < len(b); i += os.Getpagesize() {
		b[i] = 1
	}
	return fmt.Sprint(b[0])
}

func ownCgroups(string) string {
	text, err := os.ReadFile(ownCgroupFile)
	return strings.ReplaceAll(fmt.Sprint(string(text), err), "\n", " ")
}

// enterBelow makes a cgroup below a folder and moves a child there, as a container's init system would.
func enterBelow(dir string) string {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err.Error()
	}
	pid, err := fork()
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(writeFile(dir+"/cgroup.procs", fmt.Sprint(pid)))
}
