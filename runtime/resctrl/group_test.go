package resctrl

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/crabcan/crabcan/spec"
)

// fakeRoot is a folder that looks like a resctrl file system with one group in it. What the kernel would do on mkdir
// the test does.
func fakeRoot(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, folder := range []string{"info/L3", "info/MB", "mon_groups", "shared/mon_groups"} {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(root, "shared", "schemata"), "    L3:0=007ff;1=01f\n    MB:0= 20;1=70\n")
	for _, file := range []string{"tasks", "schemata", "shared/tasks"} {
		write(t, filepath.Join(root, file), "")
	}
	return root
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Which group a container gets, and what is refused (config-linux.md, "IntelRdt").
func TestFind(t *testing.T) {
	root := fakeRoot(t)
	for _, c := range []struct {
		o    spec.IntelRdt
		want Group  // without root
		err  string // part of it
	}{
		{spec.IntelRdt{}, Group{Folder: "/web", Made: true}, ""},
		{spec.IntelRdt{Monitor: true}, Group{Folder: "/web", Monitor: "/web/mon_groups/web", Made: true}, ""},
		{spec.IntelRdt{ClosID: "/", Monitor: true}, Group{Folder: "", Monitor: "/mon_groups/web"}, ""},
		{spec.IntelRdt{ClosID: "shared"}, Group{Folder: "/shared"}, ""},
		{spec.IntelRdt{ClosID: "shared", L3: "L3:1=1F;0=7ff", MemBw: "MB:1=70"}, Group{Folder: "/shared"}, ""},
		{spec.IntelRdt{ClosID: "shared", L3: "L3:0=7fe"}, Group{}, "is there already with L3:0=7ff, not 7fe"},
		{spec.IntelRdt{ClosID: "shared", MemBw: "MB:2=10"}, Group{}, "is there already with MB:2=, not 10"},
		{spec.IntelRdt{ClosID: "new", Schemata: []string{"L2:0=f"}}, Group{Folder: "/new"}, ""},
		{spec.IntelRdt{ClosID: "new"}, Group{}, "there is no group"},
	} {
		g, err := Find(root, "web", &c.o)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%+v: error %v, want %q", c.o, err, c.err)
			}
			continue
		}
		want := c.want
		want.Folder = filepath.Join(root, want.Folder)
		if want.Monitor != "" {
			want.Monitor = filepath.Join(root, want.Monitor)
		}
		if err != nil || g != want {
			t.Errorf("%+v: %+v, %v, want %+v", c.o, g, err, want)
		}
	}
}

func TestFindWithoutFeature(t *testing.T) {
	root := fakeRoot(t)
	if err := os.Remove(filepath.Join(root, "info", "MB")); err != nil {
		t.Fatal(err)
	}
	if _, err := Find(root, "web", &spec.IntelRdt{MemBw: "MB:0=10"}); err == nil || !strings.Contains(err.Error(), "(MBA) is not enabled") {
		t.Error(err)
	}
}

// All schemas go into one write in the specification's order, and the group ends with the container that made it.
func TestLife(t *testing.T) {
	root := fakeRoot(t)
	o := &spec.IntelRdt{L3: "L3:0=1", MemBw: "MB:0=2", Schemata: []string{"L2:0=3", "L3:0=4"}, Monitor: true}
	g, err := Find(root, "web", o)
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{g.Folder, filepath.Dir(g.Monitor), g.Monitor} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(folder, "tasks"), "")
	}
	write(t, filepath.Join(g.Folder, "schemata"), "")
	if err := g.Create(o); err != nil {
		t.Fatal(err)
	}
	if got := read(t, filepath.Join(g.Folder, "schemata")); got != "L3:0=1\nMB:0=2\nL2:0=3\nL3:0=4\n" {
		t.Errorf("schemata: %q", got)
	}
	if err := g.Attach(42); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{g.Folder, g.Monitor} {
		if got := read(t, filepath.Join(folder, "tasks")); got != "42" {
			t.Errorf("%s: tasks: %q", folder, got)
		}
	}
	if err := os.RemoveAll(g.Folder); err != nil { // what the kernel's rmdir(2) does, for which the files are none
		t.Fatal(err)
	}
	if err := g.Remove(); err != nil {
		t.Error("nothing is left:", err)
	}
}

// A change writes what is given and nothing else, to a group that there must be.
func TestChange(t *testing.T) {
	root := fakeRoot(t)
	for _, c := range []struct {
		folder string
		o      spec.IntelRdt
		want   string // of the schemata
		err    string // part of it
	}{
		{"shared", spec.IntelRdt{MemBw: "MB:0=50"}, "MB:0=50\n", ""},
		{"shared", spec.IntelRdt{L3: "L3:0=f", MemBw: "MB:0=50"}, "L3:0=f\nMB:0=50\n", ""},
		{"gone", spec.IntelRdt{L3: "L3:0=f"}, "", "no such file or directory"},
		{"", spec.IntelRdt{L3: "L3:0=f"}, "", "its config has no linux.intelRdt"},
	} {
		write(t, filepath.Join(root, "shared", "schemata"), "")
		var g Group
		if c.folder != "" {
			g.Folder = filepath.Join(root, c.folder)
		}
		err := g.Change(root, &c.o)
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%q, %+v: error %v, want %q", c.folder, c.o, err, c.err)
		}
		if got := read(t, filepath.Join(root, "shared", "schemata")); got != c.want {
			t.Errorf("%q, %+v: schemata %q, want %q", c.folder, c.o, got, c.want)
		}
	}
	if err := os.Remove(filepath.Join(root, "info", "L3")); err != nil {
		t.Fatal(err)
	}
	err := Group{Folder: filepath.Join(root, "shared")}.Change(root, &spec.IntelRdt{L3: "L3:0=f"})
	if err == nil || !strings.Contains(err.Error(), "(CAT) is not enabled") {
		t.Error(err)
	}
}

// The figures are those of the container's group, and of its monitoring group if it has one, in the shape that runc's
// `events` has; what the processor does not have is left out.
func TestStats(t *testing.T) {
	allocation := map[string]string{
		"info/L3/cbm_mask": "7ff\n", "info/L3/min_cbm_bits": "1\n", "info/L3/num_closids": "16\n",
		"info/MB/bandwidth_gran": "10\n", "info/MB/delay_linear": "1\n", "info/MB/min_bandwidth": "20\n", "info/MB/num_closids": "8\n",
		"schemata": "    MB:0=100\n    L3:0=7ff\n", "w*b/schemata": "    L3:0=007ff;1=01f\n    MB:0= 20;1=70\n",
	}
	only := map[string]string{"schemata": "L2:0=f\n", "w*b/schemata": "L2:0=7\n"}
	monitoring := map[string]string{
		"info/L3_MON/mon_features": "llc_occupancy\nmbm_total_bytes\nmbm_local_bytes\n", "schemata": "", "w*b/schemata": "",
		"w*b/mon_data/mon_L3_00/llc_occupancy": "10\n", "w*b/mon_data/mon_L3_00/mbm_total_bytes": "20\n", "w*b/mon_data/mon_L3_00/mbm_local_bytes": "30\n",
		"w*b/mon_data/mon_L3_01/llc_occupancy": "0\n", "w*b/mon_data/mon_L3_01/mbm_total_bytes": "Unavailable\n", "w*b/mon_data/mon_L3_01/mbm_local_bytes": "40\n",
		"w*b/mon_data/mon_PERF_PKG_00/core_energy": "1.5\n", "w*b/mon_groups/own/mon_data/mon_L3_00/mbm_total_bytes": "50\n",
		"web/mon_data/mon_L3_00/mbm_total_bytes": "60\n", // another's, which the name of this group looks like a pattern of
	}
	occupancy := map[string]string{
		"info/L3_MON/mon_features": "llc_occupancy\n", "schemata": "", "w*b/schemata": "", "w*b/mon_data/mon_L3_00/llc_occupancy": "10\n",
	}
	for _, c := range []struct {
		name    string
		files   map[string]string
		monitor string
		want    string
	}{
		{"allocation", allocation, "", `{"l3_cache_info":{"cbm_mask":"7ff","min_cbm_bits":1,"num_closids":16},` +
			`"l3_cache_schema_root":"L3:0=7ff","l3_cache_schema":"L3:0=007ff;1=01f",` +
			`"mem_bw_info":{"bandwidth_gran":10,"delay_linear":1,"min_bandwidth":20,"num_closids":8},` +
			`"mem_bw_schema_root":"MB:0=100","mem_bw_schema":"MB:0= 20;1=70","schemata":["L3:0=007ff;1=01f","MB:0= 20;1=70"]}`},
		{"another resource", only, "", `{"schemata":["L2:0=7"]}`},
		{"monitoring", monitoring, "",
			`{"mbm_stats":[{"mbm_total_bytes":20,"mbm_local_bytes":30},{"mbm_local_bytes":40}],"cmt_stats":[{"llc_occupancy":10},{"llc_occupancy":0}]}`},
		{"monitoring group", monitoring, "w*b/mon_groups/own", `{"mbm_stats":[{"mbm_total_bytes":50,"mbm_local_bytes":0}],"cmt_stats":[{"llc_occupancy":0}]}`},
		{"one counter", occupancy, "", `{"cmt_stats":[{"llc_occupancy":10}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			for file, text := range c.files {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(root, file)), 0o755); err != nil {
					t.Fatal(err)
				}
				write(t, filepath.Join(root, file), text)
			}
			g := Group{Folder: filepath.Join(root, "w*b")}
			if c.monitor != "" {
				g.Monitor = filepath.Join(root, c.monitor)
			}
			stats, err := g.Stats(root)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := json.Marshal(stats); err != nil || string(got) != c.want {
				t.Errorf("%s (%v), want %s", got, err, c.want)
			}
		})
	}
}

// That the group or the monitoring group is gone can be told from what can't be read.
func TestStatsOfNone(t *testing.T) {
	root := fakeRoot(t)
	write(t, filepath.Join(root, "schemata"), "")
	for _, g := range []Group{
		{Folder: filepath.Join(root, "gone")},
		{Folder: filepath.Join(root, "shared"), Monitor: filepath.Join(root, "mon_groups", "gone")},
	} {
		if _, err := g.Stats(root); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%+v: error %v", g, err)
		}
	}
	if stats, err := (Group{}).Stats(root); err != nil || !reflect.DeepEqual(stats, Stats{}) {
		t.Errorf("no group: %+v, %v", stats, err)
	}
	write(t, filepath.Join(root, "info", "L3", "cbm_mask"), "7ff")
	write(t, filepath.Join(root, "info", "L3", "min_cbm_bits"), "one")
	if _, err := (Group{Folder: filepath.Join(root, "shared")}).Stats(root); err == nil || !strings.Contains(err.Error(), "info/L3/min_cbm_bits: ") {
		t.Error(err)
	}
}

// A group that others may use too stays.
func TestRemoveLeavesShared(t *testing.T) {
	root := fakeRoot(t)
	g, err := Find(root, "web", &spec.IntelRdt{ClosID: "shared", Monitor: true})
	if err == nil {
		err = g.Create(&spec.IntelRdt{})
	}
	if err == nil {
		err = g.Remove()
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(g.Monitor); !errors.Is(err, os.ErrNotExist) {
		t.Error("the monitoring group is still there:", err)
	}
	if _, err := os.Stat(g.Folder); err != nil {
		t.Error(err)
	}
}

// The kernel's own explanation is in another file.
func TestExplain(t *testing.T) {
	root := fakeRoot(t)
	write(t, filepath.Join(root, "info", "last_cmd_status"), "Mask f0f has non-consecutive 1-bits\n")
	for _, folder := range []string{root, filepath.Join(root, "shared")} {
		if err := (Group{Folder: folder}).explain(os.ErrInvalid); err.Error() != "invalid argument (Mask f0f has non-consecutive 1-bits)" {
			t.Error(err)
		}
	}
}

func TestNone(t *testing.T) {
	for name, err := range map[string]error{
		"Create": Group{}.Create(nil), "Attach": Group{}.Attach(1), "Remove": Group{}.Remove(),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
