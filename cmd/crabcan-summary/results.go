package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

// event is a line of `go test -json`, see cmd/test2json.
type event struct {
	Action, Package, Test, Output string
}

// outcome is how a test ended in one run.
type outcome struct {
	// action is pass, skip or fail, or "" if the run ended before the test did.
	action string
	// words are what a skipped test said.
	words string
}

// results are outcomes by the name of the test or condition, and by run.
type results map[string]map[string]outcome

// conditionLine is what test programs say at their end of the conditions that their scripts asked for. True counts as
// passed: there is a machine that tests what depends on it.
var conditionLine = regexp.MustCompile(`^condition (\S+) (true|false)$`)

// module stands before the names of packages when go test runs them.
const module = "github.com/crabcan/crabcan/"

func (r results) set(name, run string, o outcome) {
	if r[name] == nil {
		r[name] = map[string]outcome{}
	}
	r[name][run] = o
}

// add reads the record of one run.
func (r results) add(run string, record io.Reader) error {
	words := map[string]string{}
	return eachEvent(record, func(_ []byte, e event) error {
		name := strings.TrimPrefix(e.Package, module) + " " + e.Test
		found := conditionLine.FindStringSubmatch(strings.TrimSpace(e.Output))
		switch {
		case found != nil:
			action := map[string]string{"true": "pass", "false": "skip"}[found[2]]
			if condition := "condition " + found[1]; r[condition][run].action != "pass" {
				r.set(condition, run, outcome{action: action})
			}
		case e.Action == "output":
			words[name] += e.Output
		case e.Test == "" && e.Action != "fail": // a package
		case e.Action == "run":
			r.set(name, run, outcome{})
		case e.Action == "pass", e.Action == "skip", e.Action == "fail":
			r.set(name, run, outcome{e.Action, reason(words[name])})
			delete(words, name)
		}
		return nil
	})
}

// reason is the last thing that a test said, without the place in the source.
func reason(words string) string {
	last := ""
	for line := range strings.Lines(words) {
		line = strings.TrimSpace(line)
		if line != "" && line != "PASS" && !strings.HasPrefix(line, "--- ") && !strings.HasPrefix(line, "=== ") {
			last = line
		}
	}
	_, after, found := strings.Cut(last, ".go:")
	if _, text, ok := strings.Cut(after, ": "); found && ok {
		return text
	}
	return last
}

func eachEvent(record io.Reader, do func(line []byte, e event) error) error {
	lines := bufio.NewReader(record)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			return nil
		}
		if err != nil && err != io.EOF {
			return err
		}
		var e event
		// What go says beside the events, for example of a package that does not compile, is no JSON.
		if json.Unmarshal(line, &e) != nil {
			e = event{Action: "output", Output: string(line)}
		}
		if err := do(line, e); err != nil {
			return err
		}
	}
}

// show copies a record to a file and prints the lines of packages, and all that failed tests said. It reports whether
// something passed and nothing failed.
func show(record io.Reader, file string, to io.Writer) (ok bool, err error) {
	out, err := os.Create(file)
	if err != nil {
		return false, err
	}
	defer func() {
		if closing := out.Close(); err == nil {
			err = closing
		}
	}()
	passed, failed := false, false
	said := map[string][]string{}
	err = eachEvent(record, func(line []byte, e event) error {
		name := e.Package + " " + e.Test
		switch {
		case e.Action == "build-output":
			fmt.Fprint(to, e.Output)
		case e.Action == "output" && e.Test == "":
			if text := strings.TrimSpace(e.Output); text != "PASS" && !conditionLine.MatchString(text) {
				fmt.Fprint(to, e.Output)
			}
		case e.Action == "output":
			said[name] = append(said[name], e.Output)
		case e.Action == "fail" || e.Action == "build-fail":
			failed = true
			fmt.Fprint(to, strings.Join(said[name], ""))
		case e.Action == "pass" || e.Action == "skip":
			passed = passed || e.Action == "pass"
			delete(said, name)
		}
		_, err := out.Write(line)
		return err
	})
	return passed && !failed, err
}
