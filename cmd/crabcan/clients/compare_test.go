//go:build clients

package clients

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// compare judges the two worlds of a client: all scripts pass in both, and show the same.
func compare(t *testing.T, scripts []string, runc, crabcan report) {
	for _, path := range scripts {
		name := scriptName(path)
		t.Run(name, func(t *testing.T) { compareScript(t, runc.Scripts[name], crabcan.Scripts[name]) })
	}
	for name, r := range map[string]report{"runc": runc, "crabcan": crabcan} {
		if r.Err != "" {
			t.Errorf("the world of %s: %s", name, r.Err)
		}
		if len(r.Left) > 0 {
			t.Errorf("left behind with %s:\n%s", name, strings.Join(r.Left, "\n"))
		}
	}
}

func compareScript(t *testing.T, runc, crabcan verdict) {
	for _, ran := range []struct {
		runtime string
		verdict verdict
	}{{"runc", runc}, {"crabcan", crabcan}} {
		switch ran.verdict.Outcome {
		case "failed":
			t.Errorf("failed with %s:\n%s", ran.runtime, ran.verdict.Log)
		case "":
			t.Errorf("did not run to its end with %s", ran.runtime)
		}
	}
	if t.Failed() {
		return
	}
	if runc.Outcome == "skipped" && crabcan.Outcome == "skipped" {
		t.Skip(crabcan.Log)
	}
	if runc.Outcome != crabcan.Outcome {
		t.Errorf("%s with runc, %s with crabcan", runc.Outcome, crabcan.Outcome)
	}
	if diff := cmp.Diff(strings.Split(runc.Shown, "\n"), strings.Split(crabcan.Shown, "\n")); diff != "" {
		t.Errorf("the client shows something else (- with runc, + with crabcan):\n%s", diff)
	}
}
