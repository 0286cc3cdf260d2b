package runtime

import (
	"bufio"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// What crabcan tells its caller: one sentence when it can't do something, else how the container's process ended.

// refuse checks that a command failed with one sentence that has all these words in it.
func (p *place) refuse(r result, words ...string) {
	p.t.Helper()
	why, problem := r.complaint()
	for _, w := range words {
		if !strings.Contains(why, w) {
			problem += fmt.Sprintf("does not say %q ", w)
		}
	}
	if problem != "" {
		p.t.Errorf("%s: %s", problem, r)
	}
}

// change is a change to a config and to its root folder.
type change func(p *place, s *specs.Spec)

// runs lets the container run a program of the root folder; with content that is made first.
func runs(path string, mode os.FileMode, content string) change {
	return func(p *place, s *specs.Spec) {
		if content != "" {
			p.write(p.rootfs(path), []byte(content), mode)
		}
		s.Process.Args = []string{path}
	}
}

// refusals are the configs that create must refuse with the words create, or else start with the words start. The
// words are those that Podman and others look for, and choose their own exit status by.
var refusals = map[string]struct {
	change        change
	create, start []string
}{
	"root folder is missing": {
		func(_ *place, s *specs.Spec) { s.Root.Path = "missing" },
		[]string{"root.path", "no such file or directory"}, nil,
	},
	"root folder is a file": {
		func(_ *place, s *specs.Spec) { s.Root.Path = "config.json" },
		[]string{"root.path", "not a directory"}, nil,
	},
	"working directory is a file": {
		func(_ *place, s *specs.Spec) { s.Process.Cwd = "/bin/payload" },
		[]string{"process.cwd", "not a directory"}, nil,
	},
	"in no folder of PATH": {
		runs("nowhere", 0, ""),
		[]string{`exec: "nowhere": executable file not found in $PATH`}, nil,
	},
	"not executable, in PATH": {
		func(p *place, s *specs.Spec) {
			p.write(p.rootfs("bin/data"), []byte("data"), 0o644)
			s.Process.Args = []string{"data"}
		},
		[]string{`exec: "data"`, "permission denied"}, nil,
	},
	"absolute and missing": {
		runs("/bin/nowhere", 0, ""),
		[]string{`exec: "/bin/nowhere"`, "no such file or directory"}, nil,
	},
	"not executable": {
		runs("/bin/data", 0o644, "data"),
		[]string{`exec: "/bin/data"`, "permission denied"}, nil,
	},
	"executable only for others": {
		func(p *place, s *specs.Spec) {
			p.write(p.rootfs("bin/roots"), []byte("#!/bin/payload\n"), 0o700)
			s.Process.Args, s.Process.User.UID = []string{"/bin/roots"}, 1000
		},
		[]string{`exec: "/bin/roots"`, "permission denied"}, nil,
	},
	"a folder": {
		runs("/bin", 0, ""),
		[]string{`exec: "/bin"`, "permission denied"}, nil, // so says execve(2)
	},
	"below a file": {
		runs("/bin/payload/x", 0, ""),
		[]string{`exec: "/bin/payload/x"`, "no such file or directory"}, nil,
	},
	"no program": {
		runs("/bin/garbage", 0o755, "\x01\x02\x03\x04 neither a program nor a script"),
		nil, []string{`exec /bin/garbage`, "exec format error"},
	},
	"a script without its interpreter": {
		runs("/bin/script", 0o755, "#!/bin/nowhere\n"),
		nil, []string{`exec /bin/script`, "no such file or directory"},
	},
	"a program without its interpreter": {
		runs("/bin/dynamic", 0o755, dynamic("/lib/nowhere.so")),
		nil, []string{`exec /bin/dynamic`, "no such file or directory"},
	},
}

// dynamic is a program that needs an interpreter, and nothing else.
func dynamic(interpreter string) string {
	machines := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}
	const headers = 64 + 56 // sizes of the two
	header := elf.Header64{
		Type: uint16(elf.ET_DYN), Machine: uint16(machines[goruntime.GOARCH]), Version: uint32(elf.EV_CURRENT),
		Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1,
	}
	copy(header.Ident[:], elf.ELFMAG)
	header.Ident[elf.EI_CLASS], header.Ident[elf.EI_DATA] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB)
	header.Ident[elf.EI_VERSION] = byte(elf.EV_CURRENT)
	size := uint64(len(interpreter) + 1)
	program := elf.Prog64{Type: uint32(elf.PT_INTERP), Flags: uint32(elf.PF_R), Off: headers, Filesz: size, Memsz: size}
	var file bytes.Buffer
	for _, part := range []any{header, program, []byte(interpreter + "\x00")} {
		if err := binary.Write(&file, binary.LittleEndian, part); err != nil {
			panic(err) // these are of fixed size
		}
	}
	return file.String()
}

func TestRefusals(t *testing.T) {
	for name, c := range refusals {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			p.configure(func(s *specs.Spec) { c.change(p, s) })
			id := newID()
			created := p.crabcan("create", "--bundle", p.bundle, id)
			if c.create != nil {
				p.refuse(created, c.create...)
			} else {
				p.check(created)
				p.refuse(p.crabcan("start", id), c.start...)
				if i := p.info(id); i.Status != StatusStopped {
					t.Errorf("status after start failed: %q", i.Status)
				}
				p.must("delete", id)
			}
			p.gone(id)
			p.refuse(p.crabcan("run", "--bundle", p.bundle, id), slices.Concat(c.create, c.start)...)
			p.gone(id)
		})
	}
}

func TestCheckRelease(t *testing.T) {
	for release, want := range map[string]string{
		"5.14.0": "", "5.14-rc1": "", "5.15.0-1-amd64": "", "6.1.0": "", "10.0": "",
		"5.13.19-2-pve": "this kernel is Linux 5.13.19-2-pve, but crabcan needs 5.14 or newer",
		"4.18.0":        "this kernel is Linux 4.18.0, but crabcan needs 5.14 or newer",
		"":              `kernel release "" has no version number`,
		"next":          `kernel release "next" has no version number`,
	} {
		got := ""
		if err := checkRelease(release); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", release, got, want)
		}
	}
}

// uname26 is UNAME26 of personality(2): the kernel says that it is Linux 2.6.
const uname26 = 0x20000

func TestOldKernel(t *testing.T) {
	p := newPlace(t)
	id := newID()
	old := func() error {
		if _, _, errno := unix.RawSyscall(unix.SYS_PERSONALITY, uname26, 0, 0); errno != 0 {
			return errno
		}
		return nil
	}
	r := p.start(p.cmd("create", "--bundle", p.bundle, id), old).wait()
	p.refuse(r, "this kernel is Linux 2.6.", "crabcan needs 5.14 or newer")
	p.gone(id)
}

// Root that may not do what root may: this is how containers see their root.
func TestNoCapSysAdmin(t *testing.T) {
	p := newPlace(t)
	id := newID()
	powerless := func() error { return unix.Prctl(unix.PR_CAPBSET_DROP, unix.CAP_SYS_ADMIN, 0, 0, 0) }
	r := p.start(p.cmd("create", "--bundle", p.bundle, id), powerless).wait()
	p.refuse(r, "operation not permitted", "CAP_SYS_ADMIN")
	p.gone(id)
}

func TestUnprivilegedUser(t *testing.T) {
	p := newPlace(t)
	const nobody = 65534
	for _, dir := range []string{filepath.Dir(p.dir), p.dir} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(p.root, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	id := newID()
	cmd := p.cmd("create", "--bundle", p.bundle, id)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	p.refuse(p.exec(cmd), "rootless container requires user namespaces")
	p.gone(id)
}

// script runs a shell script in namespaces of its own: it may change there what belongs to the whole host here.
// $crabcan stands for crabcan with its --root.
func (p *place) script(namespaces, text string) result {
	p.t.Helper()
	if _, err := exec.LookPath("unshare"); err != nil {
		p.t.Skip("needs unshare(1) of util-linux")
	}
	args := append(strings.Fields(namespaces), "--", "sh", "-euc", text)
	cmd := exec.Command("unshare", args...)
	cmd.Env = append(os.Environ(), "crabcan="+crabcanPath+" --root "+p.root, "root="+p.root, "bundle="+p.bundle)
	return p.exec(cmd)
}

const memfdSysctl = "/proc/sys/vm/memfd_noexec"

// forbidMemfds skips where memfds can't be forbidden, and checks at the end that they were not for the whole host.
func forbidMemfds(t *testing.T) {
	t.Helper()
	before, err := os.ReadFile(memfdSysctl)
	if err != nil {
		t.Skip("needs ", memfdSysctl, ", which Linux has since 6.3")
	}
	t.Cleanup(func() {
		if after, err := os.ReadFile(memfdSysctl); err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s was %s, is %s: %v", memfdSysctl, before, after, err)
		}
	})
}

// Where executable memfds are forbidden init's image is a file without a name.
func TestMemfdForbidden(t *testing.T) {
	forbidMemfds(t)
	p := newPlace(t, command("/bin/payload", "echo", "hello"))
	id := newID()
	r := p.script("--fork --pid --mount-proc", `echo 2 > `+memfdSysctl+`
$crabcan create --bundle $bundle --pid-file $bundle/pid `+id+`
readlink /proc/$(cat $bundle/pid)/exe
ls -A $root/`+id+`
$crabcan start `+id+`
$crabcan delete --force `+id+`
$crabcan run --bundle $bundle `+id)
	out := r.stdout()
	for word, want := range map[string]bool{"memfd:": false, "crabcan-init": false, "(deleted)": true, "hello": true} {
		if strings.Contains(out, word) != want {
			t.Errorf("%q is in the output: %v", word, !want)
		}
	}
	if !r.ok() || t.Failed() {
		t.Error(r)
	}
	p.gone(id)
}

func TestMemfdForbiddenAndFolderNoexec(t *testing.T) {
	forbidMemfds(t)
	p := newPlace(t)
	id := newID()
	p.refuse(p.script("--fork --pid --mount-proc", `echo 2 > `+memfdSysctl+`
mount -t tmpfs -o noexec tmpfs $root
$crabcan create --bundle $bundle `+id), "memfd_noexec", "noexec", p.root)
	p.gone(id)
}

func TestReadonlyCgroup(t *testing.T) {
	p := newPlace(t)
	id := newID()
	p.refuse(p.script("--mount", `while read -r _ point type _; do
	case $type in cgroup*) mount -o remount,bind,ro "$point" ;; esac
done < /proc/self/mounts
$crabcan create --bundle $bundle `+id), "the cgroup file system is mounted read-only")
	p.gone(id)
}

func TestMissingController(t *testing.T) {
	const pids = "/sys/fs/cgroup/pids"
	if !exists(pids) {
		t.Skip("needs a cgroup v1 hierarchy of its own for pids")
	}
	p := newPlace(t, func(s *specs.Spec) { s.Linux.Resources.Pids = &specs.LinuxPids{Limit: new(int64(9))} })
	id := newID()
	p.refuse(p.script("--mount", `umount `+pids+`
$crabcan create --bundle $bundle `+id), "linux.resources.pids.limit", "cgroup controller pids")
	p.gone(id)
}

func TestLimitOfNamespaces(t *testing.T) {
	p := newPlace(t)
	id := newID()
	p.refuse(p.script("--user --map-root-user", `echo 0 > /proc/sys/user/max_uts_namespaces
$crabcan create --bundle $bundle `+id), "no space left on device", "/proc/sys/user")
	p.gone(id)
}

// inHostPids lets the container's process have an ordinary pid: the first one of a pid namespace can't kill itself.
func inHostPids(s *specs.Spec) {
	isPids := func(n specs.LinuxNamespace) bool { return n.Type == specs.PIDNamespace }
	s.Linux.Namespaces = slices.DeleteFunc(s.Linux.Namespaces, isPids)
}

func TestRunExitStatus(t *testing.T) {
	for args, want := range map[string]int{
		"true": 0, "exit 1": 1, "exit 7": 7, "exit 125": 125, "exit 255": 255,
		"kill-self KILL": 128 + 9, "kill-self TERM": 128 + 15, "kill-self SEGV": 128 + 11,
	} {
		t.Run(args, func(t *testing.T) {
			p := newPlace(t, inHostPids, command(append([]string{"/bin/payload"}, strings.Fields(args)...)...))
			id := newID()
			r := p.crabcan("run", "--bundle", p.bundle, id)
			if r.hung || r.status.ExitStatus() != want || r.stderr != "" {
				t.Errorf("want exit status %d and no words: %s", want, r)
			}
			p.gone(id)
		})
	}
}

// talk starts a command whose standard output is a pipe, and returns the lines that come out.
func (p *place) talk(cmd *exec.Cmd) (*running, *lines) {
	p.t.Helper()
	out, in, err := os.Pipe()
	if err != nil {
		p.t.Fatal(err)
	}
	r := p.start(cmd, func() error { cmd.Stdout = in; return nil })
	in.Close()
	p.t.Cleanup(func() { out.Close() })
	return r, &lines{p.t, out, bufio.NewReader(out)}
}

type lines struct {
	t    *testing.T
	pipe *os.File
	*bufio.Reader
}

// want waits for a line.
func (l *lines) want(line string) {
	l.t.Helper()
	if err := l.pipe.SetReadDeadline(time.Now().Add(patience)); err != nil {
		l.t.Fatal(err)
	}
	if got, err := l.ReadString('\n'); err != nil || got != line+"\n" {
		l.t.Errorf("read %q (%v), want %q", got, err, line)
	}
}

func TestRunForwardsSignals(t *testing.T) {
	p := newPlace(t, command("/bin/payload", "signals"))
	id := newID()
	run, out := p.talk(p.cmd("run", "--bundle", p.bundle, id))
	out.want("ready")
	for _, sig := range []unix.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGUSR1, unix.SIGUSR2, unix.SIGALRM,
		unix.SIGCONT, unix.SIGWINCH, unix.SIGTERM} {
		if err := run.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		out.want(unix.SignalName(sig))
	}
	if r := run.wait(); !r.ok() {
		t.Error(r)
	}
	p.gone(id)
}

func TestRunOfKilledContainer(t *testing.T) {
	p := newPlace(t)
	id := newID()
	run, out := p.talk(p.cmd("run", "--bundle", p.bundle, id))
	out.want("ready")
	p.must("kill", id, "KILL")
	if r := run.wait(); r.status.ExitStatus() != 128+9 {
		t.Error(r)
	}
	p.gone(id)
}

// A container that was deleted while run waits for it is no failure of run's.
func TestRunOfDeletedContainer(t *testing.T) {
	p := newPlace(t)
	id := newID()
	run, out := p.talk(p.cmd("run", "--bundle", p.bundle, id))
	out.want("ready")
	p.must("delete", "--force", id)
	if r := run.wait(); r.status.ExitStatus() != 128+9 || r.stderr != "" {
		t.Error(r)
	}
	p.gone(id)
}

func TestRunDetached(t *testing.T) {
	p := newPlace(t)
	id := newID()
	p.must("run", "--detach", "--bundle", p.bundle, id)
	if i := p.info(id); i.Status != StatusRunning || i.Pid == 0 {
		t.Errorf("state is %+v", i)
	}
	p.must("delete", "--force", id)
	p.gone(id)
}

func TestRunKeeps(t *testing.T) {
	p := newPlace(t, command("/bin/payload", "exit", "3"))
	id := newID()
	if r := p.crabcan("run", "--keep", "--bundle", p.bundle, id); r.status.ExitStatus() != 3 {
		t.Error(r)
	}
	if i := p.info(id); i.Status != StatusStopped || i.Pid != 0 {
		t.Errorf("state is %+v", i)
	}
	p.must("delete", id)
	p.gone(id)
}

// A pid file holds digits only, and nothing lies beside it.
func TestPidFile(t *testing.T) {
	for _, verb := range []string{"create", "run --detach"} {
		t.Run(verb, func(t *testing.T) {
			p := newPlace(t)
			id, dir := newID(), t.TempDir()
			file := filepath.Join(dir, "pid")
			p.must(append(strings.Fields(verb), "--pid-file", file, "--bundle", p.bundle, id)...)
			got, err := os.ReadFile(file)
			if want := strconv.Itoa(p.info(id).Pid); err != nil || string(got) != want {
				t.Errorf("pid file holds %q (%v), want %q", got, err, want)
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
				t.Errorf("beside the pid file: %v (%v)", entries, err)
			}
			p.must("delete", "--force", id)
			p.gone(id)
		})
	}
}

// A create that fails takes its pid file back.
func TestPidFileOfFailedCreate(t *testing.T) {
	p := newPlace(t)
	id, dir := newID(), t.TempDir()
	r := p.crabcan("create", "--pid-file", filepath.Join(dir, "pid"), "--pidfd-socket", "/nowhere/socket",
		"--bundle", p.bundle, id)
	p.refuse(r, "/nowhere/socket", "no such file or directory")
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("left: %v (%v)", entries, err)
	}
	p.gone(id)
}
