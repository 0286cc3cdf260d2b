package plan

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/crabcan/crabcan/spec"
)

var update = flag.Bool("update", false, "write what the tests print into testdata")

// baseFacts are the facts of testdata/base.json.
func baseFacts() Facts { return Facts{ID: "web", LastCap: 40, Unified: true} }

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// decode reads a config.json as one of a bundle in /bundle.
func decode(t testing.TB, config []byte) *spec.ContainerOpts {
	t.Helper()
	o, _, err := spec.Decode("config.json", config, spec.Env{Bundle: "/bundle"})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func mustCompile(t testing.TB, o *spec.ContainerOpts, f Facts) *Plan {
	t.Helper()
	p, err := Compile(o, f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// golden compares got with a file of testdata, or writes it there.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := diff.Diff(name, readFile(t, name), "now", got); d != nil {
		t.Errorf("the plan has changed (go test -update accepts it):\n%s", d)
	}
}

// Whole plans, as an operator sees them.
func TestWholePlans(t *testing.T) {
	base, standard := readFile(t, "testdata/base.json"), spec.Encode(spec.Default())
	init := newSubject(mustCompile(t, decode(t, base), baseFacts()), decode(t, base), baseFacts(), forInit)
	for _, c := range []struct {
		name   string
		plan   *Plan
		config []byte
	}{
		{"base", init.Plan, base},
		{"default", mustCompile(t, decode(t, standard), baseFacts()), standard},
		{"exec", execSubject(t, init).Plan, base},
	} {
		t.Run(c.name, func(t *testing.T) {
			var text bytes.Buffer
			if err := c.plan.WriteText(&text, spec.Positions(c.config)); err != nil {
				t.Fatal(err)
			}
			golden(t, c.name+".plan", text.Bytes())
		})
	}
	var json bytes.Buffer
	if err := init.WriteJSON(&json, spec.Positions(base)); err != nil {
		t.Fatal(err)
	}
	golden(t, "base.plan.json", json.Bytes())
}

// aspect is one file of testdata: words, then sections under lines like "-- config.json --". config.json is a change of
// base.json (a JSON merge patch, RFC 7396), facts.json one of baseFacts, plan is how the plan differs for them.
type aspect struct {
	subject
	given string // everything before the plan
}

const planSection = "-- plan --\n"

func aspectFiles(t testing.TB) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/*.golden")
	if err != nil || len(names) == 0 {
		t.Fatal("no testdata", err)
	}
	return names
}

func readAspect(t testing.TB, name string) aspect {
	t.Helper()
	given, _, _ := strings.Cut(string(readFile(t, name)), planSection)
	var config any
	unmarshal(t, readFile(t, "testdata/base.json"), &config)
	if patch := section(given, "config.json"); patch != nil {
		var change any
		unmarshal(t, patch, &change)
		config = mergePatch(config, change)
	}
	facts := baseFacts()
	if patch := section(given, "facts.json"); patch != nil {
		unmarshal(t, patch, &facts)
	}
	data, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	o := decode(t, data)
	return aspect{newSubject(mustCompile(t, o, facts), o, facts, forInit), given}
}

// section is what stands in text under the line with a name, nil if there is no such line.
func section(text, name string) []byte {
	_, body, ok := strings.Cut(text, "-- "+name+" --\n")
	if !ok {
		return nil
	}
	body, _, _ = strings.Cut(body, "\n-- ")
	return []byte(body)
}

// unmarshal keeps numbers as they are: RLIM_INFINITY is no float64.
func unmarshal(t testing.TB, data []byte, v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		t.Fatal(err)
	}
}

// mergePatch is RFC 7396.
func mergePatch(target, patch any) any {
	changes, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	object, ok := target.(map[string]any)
	if !ok {
		object = make(map[string]any)
	}
	for name, value := range changes {
		if value == nil {
			delete(object, name)
		} else {
			object[name] = mergePatch(object[name], value)
		}
	}
	return object
}

// Each aspect of a config changes the plan as its file says, and in nothing else.
func TestAspects(t *testing.T) {
	base := plain(t, mustCompile(t, decode(t, readFile(t, "testdata/base.json")), baseFacts()))
	for _, name := range aspectFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".golden"), func(t *testing.T) {
			a := readAspect(t, name)
			change := difference(base, plain(t, a.Plan))
			if len(change) == 0 {
				t.Error("the plan is that of base.json")
			}
			golden(t, filepath.Base(name), append([]byte(a.given+planSection), change...))
		})
	}
}

var (
	stepNumber   = regexp.MustCompile(`(?m)^ +(\d+)  `)
	wayTo        = regexp.MustCompile(`go to (\d+)`)
	failureTo    = regexp.MustCompile(`a failure goes to (\d+)`)
	memoryNumber = regexp.MustCompile(`\$\d+|\b(size|message|buffer|statx|control)\d+`)
	fileNumber   = regexp.MustCompile(`\b\d+<`)
	instructions = regexp.MustCompile(`<\d+ instructions>`)
	hunk         = regexp.MustCompile(`^@@.*@@`)
)

// plain prints a plan without what changes whenever something else does: numbers of steps (ways become relative), of
// memory, of descriptors, and the length of the filter, which is another one on each architecture.
func plain(t testing.TB, p *Plan) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := p.WriteText(&b, nil); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	for i, line := range lines {
		if m := stepNumber.FindStringSubmatch(line); m != nil {
			lines[i] = plainStep(p, atoi(m[1]), "  "+line[len(m[0]):])
		}
	}
	return []byte(strings.Join(lines, "\n"))
}

func plainStep(p *Plan, i int, line string) string {
	line = failureTo.ReplaceAllStringFunc(line, func(s string) string {
		to := atoi(failureTo.FindStringSubmatch(s)[1])
		for isFailure(&p.Program.Steps[to]) {
			to++
		}
		return "a failure goes to: " + p.Step(to)
	})
	line = wayTo.ReplaceAllStringFunc(line, func(s string) string {
		return "go to +" + strconv.Itoa(atoi(wayTo.FindStringSubmatch(s)[1])-i)
	})
	line = memoryNumber.ReplaceAllStringFunc(line, func(s string) string { return strings.TrimRight(s, "0123456789") })
	line = fileNumber.ReplaceAllString(line, "<")
	return instructions.ReplaceAllString(line, "<N instructions>")
}

func atoi(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		panic(err)
	}
	return n
}

// difference is a unified diff without names and line numbers.
func difference(old, new []byte) []byte {
	_, hunks, _ := bytes.Cut(diff.Diff("base", old, "plan", new), []byte("\n+++ plan\n"))
	var out []byte
	for line := range bytes.Lines(hunks) {
		out = append(out, hunk.ReplaceAll(line, []byte("@@"))...)
	}
	return out
}
