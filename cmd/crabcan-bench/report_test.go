package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sample is what two worlds might find.
func sample() report {
	r := report{Environment: environment{
		Kernel: "6.18", Arch: "amd64", CPUs: 2, Governor: "none", Load: "0.10", Rounds: 3, Warmup: 1,
		Runtimes: []runtimeVersion{{executable{"crabcan", "bin/crabcan"}, "1.0"}, {executable{"runc", "/bin/runc"}, "1.5"}},
	}}
	r.add(report{
		Worlds: map[string]string{"host": "cgroup hybrid"},
		Results: []result{
			{"host/run", "crabcan", unitTime, []int64{9e6, 11e6, 10e6}},
			{"host/run", "runc", unitTime, []int64{40e6, 40e6, 40e6}},
			{"host/run", floorName, unitTime, []int64{4e6, 4e6, 4e6}},
		},
		Dropped: []drop{{"host/run", "crun", "no"}, {"host/create", "crun", "no"}},
	})
	r.add(report{
		Worlds:  map[string]string{"v2": "cgroup v2"},
		Results: []result{{"v2/memory of run", "runc", unitMemory, []int64{1 << 20}}},
	})
	return r
}

const wantText = `Linux 6.18 amd64, 2 CPUs, governor none, load 0.10; 3 rounds after 1
crabcan   1.0, bin/crabcan
runc      1.5, /bin/runc
floor     the kernel's cost: crabcan's program, started by a process that is running already
host      cgroup hybrid
v2        cgroup v2

host/run, ms                                  median      p10      p90   crabcan/it
  crabcan                                      10.00     9.20    10.80
  runc                                         40.00    40.00    40.00         0.25
  floor                                         4.00     4.00     4.00         2.50

v2/memory of run, MiB                         median      p10      p90   crabcan/it
  runc                                          1.00     1.00     1.00

Left out:
  crun: no
    in host/run, host/create
`

func TestWriteText(t *testing.T) {
	var text strings.Builder
	r := sample()
	if err := r.writeText(&text); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wantText, text.String()); diff != "" {
		t.Error(diff)
	}
}

// TestJSON checks that a report survives the way from a copy inside a world, and that readers get medians.
func TestJSON(t *testing.T) {
	r := sample()
	var text strings.Builder
	if err := r.writeJSON(&text); err != nil {
		t.Fatal(err)
	}
	var back report
	if err := json.Unmarshal([]byte(text.String()), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, back, cmp.AllowUnexported(runtimeVersion{})); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(text.String(), `"median": 10000000`) {
		t.Error("no median in", text.String())
	}
}

func TestWriteProfile(t *testing.T) {
	p := profile{
		Case:   "v2/run",
		Phases: []phase{{"begin", []int64{1e6}, []int64{7}}, {"end", []int64{2e6}, []int64{0}}},
		Steps: []step{
			{3, "/mounts/0", "fsopen", []int64{1500}}, {4, "/mounts/0", "close", []int64{500}}, {5, "", "setsid", []int64{9000}},
		},
	}
	const want = `
v2/run, us                                     median      p10      p90  calls
  begin                                          1000     1000     1000      7
  end                                            2000     2000     2000      0
  sum of the medians                             3000

v2/run, init by cause, us                      median    steps
  crabcan itself                                  9.0        1
  /mounts/0                                       2.0        2

v2/run, init's slowest steps, us
      9.0     5  setsid
      1.5     3  fsopen
      0.5     4  close
`
	var text strings.Builder
	p.write(&text)
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Error(diff)
	}
}
