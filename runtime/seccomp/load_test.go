package seccomp

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// loadEnv names the scenario that a child of the test runs instead of tests.
const loadEnv = "CRABCAN_SECCOMP_SCENARIO"

// scenarios load a filter into the kernel and say what calls then do.
var scenarios = map[string]func(native Arch){
	"default": func(native Arch) {
		p := defaultProfile()
		p.Arches = nil
		load(p, native)
		try("unshare", unix.SYS_UNSHARE, unix.CLONE_NEWNS)
		try("personality(0)", unix.SYS_PERSONALITY, 0)
		try("personality(1<<32)", unix.SYS_PERSONALITY, 1<<32)
		try("clone3", unix.SYS_CLONE3, 0)
		try("getpid", unix.SYS_GETPID, 0)
		try("call 4000", 4000, 0)
		try("socket(AF_VSOCK)", unix.SYS_SOCKET, unix.AF_VSOCK)
	},
	"errno": func(native Arch) {
		load(Profile{Default: Allow, Flags: FlagLog | FlagSpecAllow, Rules: []Rule{
			refusing(95, "sethostname"),
			refusing(99, "lseek", ArgCond{Index: 1, Op: GreaterEqual, Value: 1 << 33}),
		}}, native)
		try("sethostname", unix.SYS_SETHOSTNAME, 0)
		try("lseek(-1)", unix.SYS_LSEEK, ^uintptr(0), 1<<32)
		try("lseek(-1, 8<<30)", unix.SYS_LSEEK, ^uintptr(0), 1<<33)
	},
	"kill": func(native Arch) {
		load(Profile{Default: Allow, Rules: []Rule{{Names: []string{"sethostname"}, Action: KillProcess}}}, native)
		try("sethostname", unix.SYS_SETHOSTNAME, 0)
	},
}

func TestMain(m *testing.M) {
	if scenario, ok := scenarios[os.Getenv(loadEnv)]; ok {
		runtime.LockOSThread() // a filter is the thread's
		scenario(must(HostArch(runtime.GOARCH)))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// load gives the thread the filter for p, as an unprivileged process may.
func load(p Profile, native Arch) {
	f := must(Compile(p, native))
	code := f.Bytes()
	program := unix.SockFprog{Len: uint16(len(f.Program)), Filter: (*unix.SockFilter)(unsafe.Pointer(&code[0]))}
	must(0, unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
	_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, uintptr(f.Flags), uintptr(unsafe.Pointer(&program)))
	runtime.KeepAlive(code)
	if errno != 0 {
		panic(fmt.Sprintf("the kernel refuses the filter: %v", errno))
	}
}

// try makes a call and writes what came of it.
func try(about string, number uintptr, args ...uintptr) {
	var a [3]uintptr
	copy(a[:], args)
	_, _, errno := unix.RawSyscall(number, a[0], a[1], a[2])
	fmt.Printf("%s: %v\n", about, errno)
}

// child runs a scenario in a process of its own.
func child(t *testing.T, scenario string) (output string, state *os.ProcessState) {
	t.Helper()
	if _, err := HostArch(runtime.GOARCH); err != nil {
		t.Skip(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), loadEnv+"="+scenario)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if errs.Len() > 0 {
		t.Fatalf("the child says:\n%s", &errs)
	}
	return out.String(), cmd.ProcessState
}

func TestKernelEnforcesDefaultProfile(t *testing.T) {
	got, _ := child(t, "default")
	want := `unshare: operation not permitted
personality(0): errno 0
personality(1<<32): operation not permitted
clone3: function not implemented
getpid: errno 0
call 4000: function not implemented
socket(AF_VSOCK): operation not permitted
`
	if got != want {
		t.Errorf("under the default profile calls did:\n%swant:\n%s", got, want)
	}
}

func TestKernelEnforcesErrno(t *testing.T) {
	got, _ := child(t, "errno")
	want := "sethostname: operation not supported\nlseek(-1): bad file descriptor\nlseek(-1, 8<<30): cannot assign requested address\n"
	if got != want {
		t.Errorf("refused calls did:\n%swant:\n%s", got, want)
	}
}

func TestKernelEnforcesKill(t *testing.T) {
	out, state := child(t, "kill")
	if status := state.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != unix.SIGSYS {
		t.Errorf("the child ended with %v and wrote %q, want death by SIGSYS", state, out)
	}
}
