package main

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// row says that tests or conditions are not seen to hold by .ci/run, and why.
type row struct {
	text    string
	pattern *regexp.Regexp
	// where is testVM, or nowhere.
	where  string
	reason string
}

const (
	testVM  = "test-vm"
	nowhere = "nowhere"
	vmRun   = "vm"
)

// parseTable reads rows of three columns, which two or more spaces, or tabs, separate; # begins a comment.
func parseTable(text string) ([]row, error) {
	var rows []row
	columns := regexp.MustCompile(`\t+|  +`)
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		f := columns.Split(line, 3)
		if len(f) != 3 || f[1] != testVM && f[1] != nowhere {
			return nil, fmt.Errorf("%q is not a pattern, %s or %s, and a reason", line, testVM, nowhere)
		}
		pattern, err := regexp.Compile("^(" + f[0] + ")$")
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{f[0], pattern, f[1], f[2]})
	}
	return rows, nil
}

// verdict is what a summary prints.
type verdict struct {
	runs                    []string
	passed, failed, skipped int
	skips, excused          []string
	problems                []string
}

// judge puts the runs together. A test or condition counts as passed if it passed in one run and failed in none. One
// that was skipped in all of them must have a row, and a row must be needed. With vm, only what the rows promise of
// test-vm is judged.
func judge(seen results, rows []row, vm bool) *verdict {
	v := &verdict{}
	runs := map[string]bool{}
	needed := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		by := byAction(seen[name])
		for run := range seen[name] {
			runs[run] = true
		}
		v.note(name, seen[name], by)
		excuse := rowOf(rows, name)
		switch {
		case len(by["fail"])+len(by[""]) > 0:
			v.failed++
			v.problems = append(v.problems, fmt.Sprintf("%s failed on %s", name, strings.Join(append(by["fail"], by[""]...), ", ")))
		case len(by["pass"]) > 0:
			v.passed++
			if excuse != nil && excuse.where == nowhere {
				v.problems = append(v.problems, fmt.Sprintf("%s: the table says nowhere, but it passes on %s", name,
					strings.Join(by["pass"], ", ")))
			}
			if excuse != nil && slices.Contains(by["pass"], vmRun) {
				needed[excuse.text] = true
			}
		default:
			v.skipped++
			v.judgeSkip(name, by, excuse, vm, needed)
		}
	}
	v.runs = slices.Sorted(maps.Keys(runs))
	for _, r := range rows {
		if !needed[r.text] && (!vm || r.where == testVM) {
			v.problems = append(v.problems, fmt.Sprintf("the table's row %s fits nothing that is skipped, or passes there", r.text))
		}
	}
	return v
}

// judgeSkip judges what was skipped in every run.
func (v *verdict) judgeSkip(name string, by map[string][]string, excuse *row, vm bool, needed map[string]bool) {
	switch {
	case excuse == nil && !vm:
		v.problems = append(v.problems, name+" was skipped everywhere")
	case excuse != nil && excuse.where == testVM && slices.Contains(by["skip"], vmRun):
		v.problems = append(v.problems, name+" was to be seen by make test-vm, and was skipped there as well")
	case excuse != nil:
		needed[excuse.text] = true
		where := "covered by make test-vm"
		if excuse.where == nowhere {
			where = "tested nowhere"
		}
		v.excused = append(v.excused, fmt.Sprintf("%s: %s: %s", name, where, excuse.reason))
	}
}

// note lists where a test was skipped, if anywhere.
func (v *verdict) note(name string, outcomes map[string]outcome, by map[string][]string) {
	if len(by["skip"]) == 0 || strings.HasPrefix(name, "condition ") {
		return
	}
	reasons := map[string][]string{}
	for _, run := range by["skip"] {
		words := outcomes[run].words
		reasons[words] = append(reasons[words], run)
	}
	for _, words := range slices.Sorted(maps.Keys(reasons)) {
		v.skips = append(v.skips, fmt.Sprintf("%s on %s: %s", name, strings.Join(reasons[words], ", "), words))
	}
}

func byAction(outcomes map[string]outcome) map[string][]string {
	by := map[string][]string{}
	for _, run := range slices.Sorted(maps.Keys(outcomes)) {
		action := outcomes[run].action
		by[action] = append(by[action], run)
	}
	return by
}

func rowOf(rows []row, name string) *row {
	for i := range rows {
		if rows[i].pattern.MatchString(name) {
			return &rows[i]
		}
	}
	return nil
}

func (v *verdict) print(to io.Writer) {
	fmt.Fprintf(to, "\nSummary of the runs: %s\n", strings.Join(v.runs, ", "))
	for _, part := range []struct {
		title string
		lines []string
	}{
		{"Skipped somewhere:", v.skips},
		{"Skipped everywhere, as the table has it:", v.excused},
		{"Wrong:", v.problems},
	} {
		if len(part.lines) > 0 {
			fmt.Fprintf(to, "%s\n  %s\n", part.title, strings.Join(part.lines, "\n  "))
		}
	}
	fmt.Fprintf(to, "%d passed, %d failed, %d skipped\n", v.passed, v.failed, v.skipped)
}
