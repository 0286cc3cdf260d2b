package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// reportJSON runs the report and returns the object.
func reportJSON(t *testing.T, cmd *exec.Cmd) map[string]any {
	t.Helper()
	out := mustCall(t, cmd)
	var object map[string]any
	if err := json.Unmarshal([]byte(out), &object); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return object
}

func TestReportHasEveryField(t *testing.T) {
	object := reportJSON(t, exec.Command(payload, "report", "--json"))
	unavailable := object["unavailable"].(map[string]any)
	for _, name := range fieldNames() {
		_, available := object[name]
		if _, excused := unavailable[name]; available == excused {
			t.Errorf("%s: available is %v, unavailable is %v", name, available, excused)
		}
	}
	if len(object)+len(unavailable) != len(fields)+1 {
		t.Errorf("the object has %d members and %d unavailable ones, want %d fields", len(object), len(unavailable), len(fields))
	}
	wantNoNull(t, "report", object)
}

// wantNoNull makes sure that a reader of the JSON finds an empty array where there is nothing, not null.
func wantNoNull(t *testing.T, at string, value any) {
	t.Helper()
	switch value := value.(type) {
	case nil:
		t.Errorf("%s is null", at)
	case []any:
		for _, element := range value {
			wantNoNull(t, at+"[]", element)
		}
	case map[string]any:
		for name, member := range value {
			wantNoNull(t, at+"."+name, member)
		}
	}
}

func TestReportOfSomeFields(t *testing.T) {
	got := mustCall(t, exec.Command(payload, "report", "paths=/dev/null", "cwd", "paths=/nonexistent"))
	cwd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	want := "cwd              " + cwd + "\n" +
		"paths            /dev/null     masked   read=ok      write=ok\n" +
		"                 /nonexistent  missing  read=ENOENT  write=ENOENT\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, stderr, status := call(t, exec.Command(payload, "report", "nonsense"))
	if status != 1 || !strings.Contains(stderr, "no such field: nonsense") {
		t.Errorf("status %d, %s", status, stderr)
	}
}

func TestReportTellsWhatItWasGiven(t *testing.T) {
	dir := t.TempDir()
	extra, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer extra.Close()
	cmd := exec.Command(payload, "report", "--json", "argv", "cwd", "environment", "process", "descriptors")
	cmd.Dir = dir
	cmd.Env = []string{"B=2", "A=1"}
	cmd.ExtraFiles = []*os.File{extra}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	object := reportJSON(t, cmd)
	var fds []float64
	for _, d := range object["descriptors"].([]any) {
		fds = append(fds, d.(map[string]any)["fd"].(float64))
	}
	got := []any{object["argv"], object["cwd"], object["environment"].([]any)[0], fds[:4],
		object["process"].(map[string]any)["session"]}
	argv := []any{payload, "report", "--json", "argv", "cwd", "environment", "process", "descriptors"}
	want := []any{argv, dir, "B=2", []float64{0, 1, 2, 3}, float64(cmd.ProcessState.Pid())}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Go raises this limit before main; the report must tell what was before.
func TestReportTellsInheritedLimit(t *testing.T) {
	got := mustCall(t, exec.Command("sh", "-c", "ulimit -Sn 64; ulimit -Hn 100; exec "+payload+" report rlimits"))
	if !strings.Contains(got, "RLIMIT_NOFILE      soft=64         hard=100") {
		t.Errorf("report prints\n%s", got)
	}
}

// Without /proc, /sys and /dev each field is there or says why not.
func TestReportInEmptyRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	root := t.TempDir()
	program, err := os.ReadFile(payload)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "payload"), program, 0o755); err != nil {
		t.Fatal(err)
	}
	inRoot := func(args ...string) *exec.Cmd {
		return &exec.Cmd{Path: "/payload", Args: args, Dir: "/", SysProcAttr: &syscall.SysProcAttr{Chroot: root}}
	}
	object := reportJSON(t, inRoot("payload", "report", "--json"))
	var got []string
	for name := range object["unavailable"].(map[string]any) {
		got = append(got, name)
	}
	slices.Sort(got)
	want := []string{"blockedSignals", "cgroups", "devices", "exe", "links", "mounts", "namespaces", "oomScoreAdj", "seccomp",
		"sysctls", "timeOffsets"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	text := mustCall(t, inRoot("hello"))
	if !strings.HasPrefix(text, "Hello from inside a container!\n") || !strings.Contains(text, "unavailable: ") {
		t.Errorf("hello prints\n%s", text)
	}
}
