package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// record makes the record of a run: a word a test, NAME:ACTION.
func record(tests string) string {
	var text strings.Builder
	for _, word := range strings.Fields(tests) {
		name, action, _ := strings.Cut(word, ":")
		if condition, ok := strings.CutPrefix(name, "?"); ok {
			text.WriteString(`{"Action":"output","Package":"p","Output":"condition ` + condition + ` ` + action + `\n"}` + "\n")
			continue
		}
		event := func(action, output string) {
			text.WriteString(`{"Action":"` + action + `","Package":"p","Test":"` + name + `","Output":"` + output + `"}` + "\n")
		}
		event("run", "")
		event("output", "    x_test.go:1: no such thing\\n")
		if action != "" {
			event(action, "")
		}
	}
	return text.String()
}

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name, host, vm, table string
		onlyVM                bool
		want                  string
	}{
		{name: "skipped on one", host: "A:skip", vm: "A:pass"},
		{name: "skipped everywhere", host: "A:skip", vm: "A:skip", want: "p A was skipped everywhere"},
		{name: "excused", host: "A:skip", table: "p A  nowhere  no such machine"},
		{name: "covered elsewhere", host: "A:skip", table: "p A  test-vm  needs AppArmor"},
		{name: "not covered there either", host: "A:skip", vm: "A:skip", table: "p A  test-vm  needs AppArmor",
			want: "was skipped there as well"},
		{name: "excuse not needed", host: "A:pass", table: "p A  nowhere  no such machine", want: "but it passes on host"},
		{name: "excuse for nothing", host: "A:pass", table: "p B  nowhere  no such machine", want: "fits nothing"},
		{name: "failed on one", host: "A:pass", vm: "A:fail", want: "p A failed on vm"},
		{name: "never ended", host: "A:pass", vm: "A:", want: "p A failed on vm"},
		{name: "condition true nowhere", host: "A:pass ?c:false", vm: "?c:false", want: "condition c was skipped everywhere"},
		{name: "condition true somewhere", host: "A:pass ?c:false", vm: "?c:true"},
		{name: "the machine alone", vm: "A:skip", onlyVM: true},
		{name: "the machine alone, which must have it", vm: "B:pass", table: "p A  test-vm  x", onlyVM: true, want: "p A fits nothing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			seen := results{}
			for run, tests := range map[string]string{"host": c.host, vmRun: c.vm} {
				if err := seen.add(run, strings.NewReader(record(tests))); err != nil {
					t.Fatal(err)
				}
			}
			rows, err := parseTable(c.table)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(judge(seen, rows, c.onlyVM).problems, "\n")
			if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("problems are %q, want %q", got, c.want)
			}
		})
	}
}

func TestSkipsAreListedWithTheirReason(t *testing.T) {
	seen := results{}
	if err := seen.add("host", strings.NewReader(record("A:skip"))); err != nil {
		t.Fatal(err)
	}
	if got := judge(seen, nil, false).skips; len(got) != 1 || got[0] != "p A on host: no such thing" {
		t.Errorf("skips are %q", got)
	}
}

func TestTableRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, text := range []string{"p A", "p A  somewhere  reason", "p (  nowhere  reason"} {
		if _, err := parseTable(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

func TestShowPrintsOnlyWhatFailed(t *testing.T) {
	var out strings.Builder
	file := filepath.Join(t.TempDir(), "record")
	ok, err := show(strings.NewReader(record("A:pass")+"no JSON\n"), file, &out)
	if !ok || err != nil || out.String() != "no JSON\n" {
		t.Errorf("passed: %v, %v, %q", ok, err, out.String())
	}
	ok, err = show(strings.NewReader(record("B:fail")), file, &out)
	if ok || err != nil || !strings.Contains(out.String(), "no such thing") {
		t.Errorf("failed: %v, %v, %q", ok, err, out.String())
	}
}
