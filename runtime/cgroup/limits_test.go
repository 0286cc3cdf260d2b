package cgroup

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

var update = flag.Bool("update", false, "write the golden files anew")

func readResources(t *testing.T, text string) *specs.LinuxResources {
	t.Helper()
	r := new(specs.LinuxResources)
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestConversion converts testdata/NAME.json for its mode and compares what the library gets, and which controllers
// that needs, with testdata/NAME.golden.
func TestConversion(t *testing.T) {
	for name, mode := range map[string]Mode{"v1": V1, "unified": Unified, "docker": Unified} {
		text, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		l, err := newLimits(readResources(t, string(text)), mode)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := json.MarshalIndent(l.resources, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range l.needs {
			got = fmt.Appendf(got, "\nneeds %s for %s", n.controller, n.pointer)
		}
		for _, n := range l.notes {
			got = fmt.Appendf(got, "\nnote: %s", n)
		}
		golden := "testdata/" + name + ".golden"
		if *update {
			if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestRefusals(t *testing.T) {
	const no2 = ": invalid configuration: cgroup v2 has no such setting"
	for _, c := range []struct {
		mode       Mode
		text, want string
	}{
		{Unified, `{"memory": {"swappiness": 60, "disableOOMKiller": true}}`,
			"linux.resources.memory.swappiness" + no2 + "\nlinux.resources.memory.disableOOMKiller" + no2},
		{Unified, `{"memory": {"swappiness": 18446744073709551615, "disableOOMKiller": false}}`, ""},
		{Unified, `{"cpu": {"realtimeRuntime": 1, "realtimePeriod": 2}}`,
			"linux.resources.cpu.realtimeRuntime" + no2 + "\nlinux.resources.cpu.realtimePeriod" + no2},
		{Unified, `{"blockIO": {"leafWeight": 10}}`, "linux.resources.blockIO.leafWeight" + no2},
		{Unified, `{"blockIO": {"weightDevice": [{"major": 8, "minor": 0, "leafWeight": 10}]}}`,
			"linux.resources.blockIO.weightDevice" + no2},
		{Unified, `{"network": {"classID": 1, "priorities": [{"name": "eth0", "priority": 1}]}}`,
			"linux.resources.network.classID" + no2 + "\nlinux.resources.network.priorities" + no2},
		{V1, `{"unified": {"memory.high": "1"}}`,
			"linux.resources.unified: invalid configuration: cgroup v1 has no such setting"},
		{Unified, `{"unified": {"memory": "1", "a/b.c": "1", ".x": "1", "cgroup.max.depth": "3"}}`,
			`linux.resources.unified[".x"]: must be a file name in the form CONTROLLER.PARAMETER` + "\n" +
				`linux.resources.unified["a/b.c"]: must be a file name in the form CONTROLLER.PARAMETER` + "\n" +
				`linux.resources.unified.memory: must be a file name in the form CONTROLLER.PARAMETER`},
		{Unified, `{"memory": {"swap": 100}}`,
			"linux.resources.memory.swap: unable to set swap limit without memory limit"},
		{Unified, `{"memory": {"swap": 100, "limit": 200}}`,
			"linux.resources.memory.swap: memory+swap limit should be >= memory limit"},
		{V1, `{"memory": {"swappiness": 101}}`, "linux.resources.memory.swappiness: must be 0 to 100, not 101"},
		{V1, `{"blockIO": {"weight": 9, "weightDevice": [{"major": 8, "minor": 0, "weight": 1001}]}}`,
			"linux.resources.blockIO.weight: must be 10 to 1000, not 9\n" +
				"linux.resources.blockIO.weightDevice[0].weight: must be 10 to 1000, not 1001"},
		{V1, `{"hugepageLimits": [{"pageSize": "../x", "limit": 1}]}`,
			`linux.resources.hugepageLimits[0].pageSize: must be a size such as 64KB, 2MB or 1GB, not "../x"`},
	} {
		if _, err := newLimits(readResources(t, c.text), c.mode); message(err) != c.want {
			t.Errorf("%v %s:\ngot  %v\nwant %s", c.mode, c.text, err, c.want)
		}
	}
}

// TestEveryMemberIsASetting finds members of the specification's types that no setting knows.
func TestEveryMemberIsASetting(t *testing.T) {
	var pointers []string
	for _, s := range settings {
		pointers = append(pointers, s.pointer)
	}
	for _, member := range reflect.VisibleFields(reflect.TypeFor[specs.LinuxResources]()) {
		pointer := "/linux/resources/" + jsonName(member)
		if pointer == devicesPointer || slices.Contains(pointers, pointer) {
			continue
		}
		for _, inner := range reflect.VisibleFields(member.Type.Elem()) {
			if p := pointer + "/" + jsonName(inner); !slices.Contains(pointers, p) {
				t.Errorf("%s is no setting", p)
			}
		}
	}
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

func TestExplainLimit(t *testing.T) {
	l, err := newLimits(readResources(t, `{"unified": {"memory.high": "1"}}`), Unified)
	if err != nil {
		t.Fatal(err)
	}
	for file, pointer := range map[string]string{
		"memory.max":                  "/linux/resources/memory/limit",
		"memory.high":                 "/linux/resources/unified/memory.high",
		"memory.memsw.limit_in_bytes": "/linux/resources/memory/swap",
		"cpu.max":                     "/linux/resources/cpu",
		"hugetlb.2MB.max":             "/linux/resources/hugepageLimits",
		"io.bfq.weight":               "/linux/resources/blockIO/weight",
		"devices.allow":               "/linux/resources/devices",
		"cgroup.procs":                "",
	} {
		cause := fmt.Errorf("failed to write: %w", &fs.PathError{Op: "write", Path: "/x/" + file, Err: unix.EINVAL})
		err, told := l.explainLimit(cause), new(Error)
		if errors.As(err, &told); told.Pointer != pointer || !errors.Is(err, unix.EINVAL) {
			t.Errorf("%s: %q, %v", file, told.Pointer, err)
		}
	}
}

func TestExplainCreate(t *testing.T) {
	for errno, want := range map[unix.Errno]string{
		unix.EACCES: "unable to apply cgroup configuration: mkdir /x: permission denied",
		unix.EROFS: "unable to apply cgroup configuration: the cgroup file system is mounted read-only: " +
			"mkdir /x: read-only file system",
		unix.EAGAIN: "unable to apply cgroup configuration: cgroup.max.depth or cgroup.max.descendants of a parent " +
			"cgroup is reached: mkdir /x: resource temporarily unavailable",
	} {
		if err := explainCreate(&fs.PathError{Op: "mkdir", Path: "/x", Err: errno}); err.Error() != want {
			t.Errorf("got %v", err)
		}
	}
}

func TestMissingControllers(t *testing.T) {
	l, err := newLimits(readResources(t, `{"pids": {"limit": 5}, "cpu": {"shares": 2, "quota": 3}}`), Unified)
	if err != nil {
		t.Fatal(err)
	}
	want := "linux.resources.cpu.shares: needs the cgroup controller cpu, which /x does not have\n" +
		"linux.resources.pids.limit: needs the cgroup controller pids, which /x does not have"
	if err := l.missing([]string{"memory"}, "/x"); message(err) != want {
		t.Errorf("got %v", err)
	}
	if err := l.missing([]string{"memory", "cpu", "pids"}, "/x"); err != nil {
		t.Errorf("got %v", err)
	}
}
