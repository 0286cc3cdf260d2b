package runtime

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/spec"
)

// These tests use crabcan as a user does: the binary, the payload as the only file of a root folder, and containers
// under a root of their own.

// crabcanPath and payloadPath are the two programs, built for this run.
var crabcanPath, payloadPath string

// patience is how long anything may take that takes milliseconds as a rule. What takes longer hangs.
const patience = 30 * time.Second

// The main thread stays with the main goroutine, which does nothing: a thread that is to end with its goroutine (see
// onThread) can't be the main one, because that never ends.
func init() { goruntime.LockOSThread() }

func TestMain(m *testing.M) {
	status, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

func buildAndRun(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "crabcan-test-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	// Tests run crabcan as an unprivileged user, too.
	if err := os.Chmod(dir, 0o755); err != nil {
		return 0, err
	}
	crabcanPath, payloadPath = filepath.Join(dir, "crabcan"), filepath.Join(dir, "payload")
	if programs := os.Getenv("CRABCAN_TEST_PROGRAMS"); programs != "" { // the test machines have no Go
		crabcanPath, payloadPath = filepath.Join(programs, "crabcan"), filepath.Join(programs, "payload")
		return m.Run(), nil
	}
	for path, folder := range map[string]string{crabcanPath: "../cmd/crabcan", payloadPath: "../bundles/payload"} {
		build := exec.Command("go", "build", "-tags", "urfave_cli_no_docs", "-o", path, folder)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("go build %s: %w\n%s", folder, err, out)
		}
	}
	return m.Run(), nil
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

// place is where the containers of a test live. Nobody else uses its paths and ids, so what is left of its containers
// can be told from what is other people's.
type place struct {
	t *testing.T
	// dir holds root, the containers' states, and bundle.
	dir, root, bundle string
	// alone is held by the one container there may be at a time, if more would get in each other's way.
	alone *sync.Mutex
}

// newPlace makes a place and its bundle: crabcan's default config with changes. At the end nothing may be left there.
func newPlace(t *testing.T, changes ...func(*specs.Spec)) *place {
	t.Helper()
	needRoot(t)
	dir := t.TempDir()
	p := &place{t: t, dir: dir, root: filepath.Join(dir, "root"), bundle: filepath.Join(dir, "bundle")}
	for _, folder := range []string{"bin", "dev", "etc", "proc", "sys", "tmp"} {
		if err := os.MkdirAll(p.rootfs(folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// list refuses a root that is not there.
	if err := os.Mkdir(p.root, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(payloadPath, p.rootfs("bin/payload")); err != nil {
		t.Fatal(err)
	}
	p.configure(changes...)
	t.Cleanup(p.clear)
	return p
}

// rootfs is a path in the bundle's root folder.
func (p *place) rootfs(name string) string { return filepath.Join(p.bundle, "rootfs", name) }

// configure writes the bundle's config anew.
func (p *place) configure(changes ...func(*specs.Spec)) {
	s := spec.DefaultWith(spec.Changes{Args: []string{"/bin/payload", "sleep"}})
	for _, change := range changes {
		change(s)
	}
	p.write(filepath.Join(p.bundle, "config.json"), spec.Encode(s), 0o644)
}

func (p *place) write(path string, data []byte, mode os.FileMode) {
	p.t.Helper()
	if err := os.WriteFile(path, data, mode); err != nil {
		p.t.Fatal(err)
	}
}

// command changes what the container runs.
func command(args ...string) func(*specs.Spec) {
	return func(s *specs.Spec) { s.Process.Args = args }
}

// clear removes what a failed test left.
func (p *place) clear() {
	entries, err := os.ReadDir(p.root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		p.t.Error(err)
	}
	for _, e := range entries {
		p.t.Errorf("container %s is left", e.Name())
		if err := Delete(Host{Root: p.root}, e.Name(), true); err != nil {
			p.t.Error(err)
		}
	}
}

var ids atomic.Int64

// newID is an id that no other container of this machine has.
func newID() string { return fmt.Sprintf("crabcan-test-%d-%d", os.Getpid(), ids.Add(1)) }

// result is how a command ended.
type result struct {
	args   []string
	status unix.WaitStatus
	hung   bool
	out    outputs
	stderr string // as it was at the end; a container may add to it
}

func (r result) ok() bool { return !r.hung && r.status.Exited() && r.status.ExitStatus() == 0 }

// stdout is what the command, and the container that it has left, have printed until now.
func (r result) stdout() string { return read(r.out.stdout) }

func (r result) String() string {
	how := fmt.Sprintf("exit status %d", r.status.ExitStatus())
	switch {
	case r.hung:
		how = "hung"
	case r.status.Signaled():
		how = r.status.Signal().String()
	}
	return fmt.Sprintf("crabcan %s: %s\n%s%s", strings.Join(r.args, " "), how, r.stdout(), r.stderr)
}

// complaint is what a command that failed said why, in one line, as it has to be. problem says what is wrong if it
// did anything else.
func (r result) complaint() (why, problem string) {
	line, more, _ := strings.Cut(r.stderr, "\n")
	switch {
	case r.hung || !r.status.Exited():
		return "", "did not exit"
	case r.status.ExitStatus() != 1:
		return "", "failed with a status other than 1"
	case line == "" || more != "":
		return "", "did not complain in one line"
	}
	_, quoted, logged := strings.Cut(line, " level=error msg=")
	if !logged {
		return line, "" // about the container's program: said as a shell says it
	}
	why, err := strconv.Unquote(quoted)
	if err != nil {
		why = quoted // one word is not quoted
	}
	return why, ""
}

// crabcan runs crabcan on the place's root and waits for its end.
func (p *place) crabcan(args ...string) result {
	return p.exec(p.cmd(args...))
}

func (p *place) cmd(args ...string) *exec.Cmd {
	return exec.Command(crabcanPath, append([]string{"--root", p.root}, args...)...)
}

// exec runs a command and waits for its end.
func (p *place) exec(cmd *exec.Cmd) result { return p.start(cmd).wait() }

// running is a command that was started.
type running struct {
	cmd *exec.Cmd
	out outputs
	err error
}

// start starts a command. A thread that may become a tracer's must not be its parent: a tracer waits for all children
// of its thread. The children of a thread that ends go to the main one. What the functions first change of the thread
// the command inherits.
func (p *place) start(cmd *exec.Cmd, first ...func() error) *running {
	r := &running{cmd: cmd, out: p.capture(cmd)}
	onThread(func() {
		for _, f := range first {
			r.err = errors.Join(r.err, f())
		}
		if r.err == nil {
			r.err = cmd.Start()
		}
	})
	if r.err != nil {
		p.t.Error(r.err)
	}
	return r
}

// wait waits for the end of a command, but not forever.
func (r *running) wait() result {
	end := result{args: r.cmd.Args[1:], out: r.out}
	defer r.out.close()
	if r.err != nil {
		return end
	}
	var hung atomic.Bool
	watchdog := time.AfterFunc(patience, func() {
		hung.Store(true)
		_ = r.cmd.Process.Kill()
	})
	defer watchdog.Stop()
	_ = r.cmd.Wait() // its error only repeats the status
	end.status, end.hung = unix.WaitStatus(r.cmd.ProcessState.Sys().(syscall.WaitStatus)), hung.Load()
	end.stderr = read(r.out.stderr)
	return end
}

// settle waits until a command has ended or can't go on because another process holds the container's lock.
func (r *running) settle() {
	waits := fmt.Sprintf("-> FLOCK  ADVISORY  WRITE %d ", r.cmd.Process.Pid)
	for range 1000 {
		locks, err := os.ReadFile("/proc/locks")
		if err != nil || strings.Contains(string(locks), waits) || ended(r.cmd.Process.Pid, time.Millisecond) {
			return
		}
	}
}

// must is crabcan for a command that has to succeed.
func (p *place) must(args ...string) result {
	p.t.Helper()
	r := p.crabcan(args...)
	if !r.ok() {
		p.t.Error(r)
	}
	return r
}

// create is must for create, from the place's bundle.
func (p *place) create(id string) result {
	p.t.Helper()
	return p.must("create", "--bundle", p.bundle, id)
}

// outputs are the files that take what a command prints. Pipes would stay open for as long as a container lives.
type outputs struct{ stdout, stderr *os.File }

// capture lets a command print to files.
func (p *place) capture(cmd *exec.Cmd) (out outputs) {
	for _, f := range []**os.File{&out.stdout, &out.stderr} {
		var err error
		if *f, err = os.CreateTemp(p.dir, "output-"); err != nil {
			p.t.Error(err)
		}
	}
	cmd.Stdout, cmd.Stderr = out.stdout, out.stderr
	return out
}

func (o outputs) close() {
	o.stdout.Close()
	o.stderr.Close()
}

// read reads a file anew, open or closed.
func read(f *os.File) string {
	data, err := os.ReadFile(f.Name())
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// info is what `crabcan state` says of a container. A container that does not exist has the status "".
func (p *place) info(id string) (i Info) {
	p.t.Helper()
	r := p.crabcan("state", id)
	if !r.ok() {
		if why, problem := r.complaint(); problem != "" || !strings.Contains(why, "does not exist") {
			p.t.Error(problem, r)
		}
		return Info{}
	}
	if err := json.Unmarshal([]byte(r.stdout()), &i); err != nil {
		p.t.Errorf("%v: %s", err, r)
	}
	return i
}

// left lists what there still is of a container, as the host sees it.
func (p *place) left(id string) (found []string) {
	for _, pid := range processes(id) {
		found = append(found, fmt.Sprintf("process %d", pid))
	}
	found = append(found, cgroups(id)...)
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		p.t.Error(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, p.dir) {
			found = append(found, "mount "+line)
		}
	}
	if _, err := os.Lstat(filepath.Join(p.root, id)); err == nil {
		found = append(found, "folder")
	}
	return found
}

// gone checks that nothing is left of a container, and removes what is.
func (p *place) gone(id string) {
	p.t.Helper()
	if len(p.left(id)) == 0 {
		return
	}
	// A killed process needs a moment until it is no process any more.
	for _, pid := range processes(id) {
		ended(pid, patience)
	}
	if found := p.left(id); len(found) > 0 {
		p.t.Errorf("left of %s: %s", id, strings.Join(found, ", "))
		p.remove(id)
	}
}

// remove removes what crabcan should have removed.
func (p *place) remove(id string) {
	for _, pid := range processes(id) {
		_ = unix.Kill(pid, unix.SIGKILL)
		ended(pid, patience)
	}
	for _, dir := range slices.Backward(cgroups(id)) {
		_ = os.Remove(dir)
	}
	_ = os.RemoveAll(filepath.Join(p.root, id))
}

// processes are the pids of a container's processes: of its init, wherever it is, and of all in its cgroups.
func processes(id string) (pids []int) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err == nil && belongs(pid, id) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// belongs reports whether a process is one of a container's. A zombie has no command line and counts as gone.
func belongs(pid int, id string) bool {
	dir := fmt.Sprintf("/proc/%d/", pid)
	line, err := os.ReadFile(dir + "cmdline")
	if err != nil || len(line) == 0 {
		return false
	}
	if bytes.HasPrefix(line, []byte("crabcan-init\x00"+id+"\x00")) {
		return true
	}
	own, err := os.ReadFile(dir + "cgroup")
	return err == nil && bytes.Contains(own, []byte("/"+id+"\n"))
}

// cgroups are the folders of a container's cgroups, outer ones first.
func cgroups(id string) (dirs []string) {
	// Others' cgroups come and go meanwhile: what can't be read is not this container's.
	_ = filepath.WalkDir("/sys/fs/cgroup", func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && (e.Name() == id || strings.Contains(path, "/"+id+"/")) {
			dirs = append(dirs, path)
		}
		return nil
	})
	return dirs
}

// ended waits until a process has ended, and reports whether it has.
func ended(pid int, timeout time.Duration) bool {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return errors.Is(err, unix.ESRCH)
	}
	defer unix.Close(fd)
	return readable(fd, timeout)
}

// readable waits until a descriptor can be read, and reports whether it can.
func readable(fd int, timeout time.Duration) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for deadline := time.Now().Add(timeout); ; {
		n, err := unix.Poll(fds, max(0, int(time.Until(deadline).Milliseconds())))
		if err != unix.EINTR {
			return n > 0
		}
	}
}

// onThread calls f on a thread that is its own and ends afterwards, so that f may change the thread for good: what it
// starts inherits that, and what it traces is let go.
func onThread(f func()) {
	tid := make(chan int)
	go func() {
		goruntime.LockOSThread() // and no unlock
		f()
		tid <- unix.Gettid()
	}()
	task := fmt.Sprintf("/proc/self/task/%d", <-tid)
	// Nothing tells of the end of a thread; it is a matter of microseconds.
	for exists(task) {
		time.Sleep(50 * time.Microsecond)
	}
}
