package runtime

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// A container's root must not get at a process that joins the container before it is the user's: not at its descriptors,
// its memory or its root (CVE-2016-9962). It is stopped at one call after the other, and whenever it is inside somebody
// looks who has all that root of a container may have: all but CAP_SYS_PTRACE of the user namespace that it comes from.
func TestAttackOnJoiningProcess(t *testing.T) {
	if _, err := exec.LookPath("setpriv"); err != nil {
		t.Skip("no setpriv (package util-linux)")
	}
	p := newPlace(t)
	id := newID()
	p.create(id)
	p.must("start", id)
	container := namespaceOf(t, p.info(id).Pid)
	var looked atomic.Int64
	sweepBy(t, 3, 60, func(at int) bool {
		end := p.trace(trap{child, at, func(_ *tracer, pid, _ int, _ sysCall) {
			exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
			if err != nil || !strings.HasPrefix(exe, "/memfd:crabcan-init") || namespaceOf(t, pid) != container {
				return
			}
			looked.Add(1)
			for _, file := range []string{"fd/0", "fd/3", "exe", "root", "cwd", "ns/mnt"} {
				path := fmt.Sprintf("/proc/%d/%s", pid, file)
				if exec.Command("setpriv", "--bounding-set=-sys_ptrace", "readlink", path).Run() == nil {
					t.Errorf("%s can be looked at", path)
				}
			}
		}}, "exec", id, "/bin/payload", "true")
		return end.call != ""
	})
	if looked.Load() == 0 {
		t.Error("the process was never seen inside")
	}
	p.must("delete", "--force", id)
}

// namespaceOf is the mount namespace of a process.
func namespaceOf(t *testing.T, pid int) string {
	t.Helper()
	name, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/ns/mnt")
	if err != nil {
		t.Error(err)
	}
	return name
}

// What waits in a created container holds nothing of the host's that its root could write to: its program is a sealed
// memory file, not crabcan's binary (CVE-2019-5736, CVE-2026-31431).
func TestAttackOnBinaryThroughExe(t *testing.T) {
	p := newPlace(t)
	id := newID()
	p.create(id)
	exe := fmt.Sprintf("/proc/%d/exe", p.info(id).Pid)
	var own, hosts unix.Stat_t
	if err := unix.Stat(exe, &own); err != nil {
		t.Fatal(err)
	}
	if err := unix.Stat(crabcanPath, &hosts); err != nil {
		t.Fatal(err)
	}
	if own.Dev == hosts.Dev && own.Ino == hosts.Ino {
		t.Error("init is the host's crabcan")
	}
	f, err := os.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	seals, err := unix.FcntlInt(f.Fd(), unix.F_GET_SEALS, 0)
	const all = unix.F_SEAL_WRITE | unix.F_SEAL_GROW | unix.F_SEAL_SHRINK | unix.F_SEAL_SEAL
	if err != nil || seals&all != all {
		t.Errorf("seals %#x of init's program (%v), want all of %#x", seals, err, all)
	}
	// While it is executed nobody can open it for writing (ETXTBSY), afterwards the seals are what holds.
	p.must("start", id)
	w, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", f.Fd()), os.O_WRONLY, 0)
	if err == nil {
		_, err = w.WriteString("x")
		w.Close()
	}
	if err == nil {
		t.Error("init's program can be written to")
	}
	p.must("delete", "--force", id)
}

// Members that are longer than 16 bits can count change nothing else of the container: there is no message between
// crabcan and init whose length they could overflow (CVE-2021-43784).
func TestAttackByLength(t *testing.T) {
	ids := []specs.LinuxIDMapping{{ContainerID: 0, HostID: 100_000, Size: 1000}}
	for i := uint32(1); i < 250; i++ { // the kernel takes no map that is longer than a page
		ids = append(ids, specs.LinuxIDMapping{ContainerID: 1000 + 3*i, HostID: 101_000 + 2*i, Size: 1})
	}
	long := "LONG=" + strings.Repeat("x", 100_000)
	p := newPlace(t, func(s *specs.Spec) {
		s.Process.Env = append(s.Process.Env, long)
		s.Linux.UIDMappings, s.Linux.GIDMappings = ids, ids
		s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: specs.UserNamespace})
	})
	if err := os.Chmod(p.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	id := newID()
	p.create(id)
	pid := p.info(id).Pid
	for _, file := range []string{"uid_map", "gid_map"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(strings.Fields(string(text)), strings.Fields(mappingText(ids))) {
			t.Errorf("%s is not the config's:\n%s", file, text)
		}
	}
	for _, n := range namespaceFiles {
		own, err := os.Readlink("/proc/self/ns/" + n.name)
		theirs, errTheirs := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", pid, n.name))
		if makes := n.name != "time"; (own != theirs) != makes || errors.Join(err, errTheirs) != nil {
			t.Errorf("the %s namespace is %s, crabcan's is %s (%v, %v)", n.name, theirs, own, err, errTheirs)
		}
	}
	p.must("start", id)
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil || !slices.Contains(strings.Split(string(env), "\x00"), long) {
		t.Errorf("the process does not have its long variable, but %d bytes of environment (%v)", len(env), err)
	}
	p.must("delete", "--force", id)
}
