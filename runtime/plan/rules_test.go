package plan

import (
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/spec"
)

// subject is a plan and what it was made of.
type subject struct {
	*printer
	o    *spec.ContainerOpts
	f    Facts
	kind kind
}

// kind is a bit for each function that makes plans.
type kind uint8

const (
	forInit kind = 1 << iota // Compile
	forExec                  // CompileExec
	forHook                  // CompileHook
)

func newSubject(p *Plan, o *spec.ContainerOpts, f Facts, kind kind) subject {
	return subject{newPrinter(p), o, f, kind}
}

func (p subject) has(namespace uint64) bool {
	return slices.ContainsFunc(p.o.Namespaces, func(n spec.Namespace) bool { return n.Flag == namespace })
}

func (p subject) makes(namespace uint64) bool {
	return slices.ContainsFunc(p.o.Namespaces, func(n spec.Namespace) bool { return n.Flag == namespace && n.Path == "" })
}

// checkRules checks everything there is to check of a plan.
func checkRules(t *testing.T, p subject) {
	t.Helper()
	if len(p.Notes) != len(p.Program.Steps) {
		t.Fatalf("%d notes for %d steps", len(p.Notes), len(p.Program.Steps))
	}
	if _, err := p.Program.Link(); err != nil {
		t.Fatal(err)
	}
	var complaints []string
	for i := range p.Program.Steps {
		for _, rule := range stepRules {
			if wrong := rule.check(p, i, &p.Program.Steps[i]); wrong != "" {
				complaints = append(complaints, "rule: "+rule.name+": step "+p.line(i)+": "+wrong)
			}
		}
	}
	starts := false
	for m := range explore(p.printer) {
		starts = starts || m.started()
		complaints = append(append(complaints, m.errors...), brokenRules(p, m)...)
	}
	if mayStart := len((&compiler{o: p.o}).candidates()) > 0; starts != mayStart {
		t.Errorf("a way to execve: %v, should be %v", starts, mayStart)
	}
	// One mistake breaks rules in many walks, and makes many a later step go wrong.
	slices.Sort(complaints)
	complaints = slices.Compact(complaints)
	for _, wrong := range complaints[:min(8, len(complaints))] {
		t.Error(wrong)
	}
}

func brokenRules(p subject, m *machine) (broken []string) {
	if !m.started() {
		if wrong := checkFailure(p, m); wrong != "" {
			broken = append(broken, "rule: a failure is reported once: "+wrong)
		}
		return broken
	}
	for _, rule := range walkRules {
		if rule.of&p.kind == 0 {
			continue
		}
		if wrong := rule.check(p, m); wrong != "" {
			broken = append(broken, "rule: "+rule.name+": "+wrong)
		}
	}
	return broken
}

// Every plan of testdata, and those of real configs, keeps the rules.
func TestRules(t *testing.T) {
	for _, name := range aspectFiles(t) {
		t.Run(filepath.Base(name), func(t *testing.T) { checkRules(t, readAspect(t, name).subject) })
	}
	for name, config := range map[string][]byte{
		"default": spec.Encode(spec.Default()),
		"docker":  readFile(t, "../../spec/testdata/docker.json"),
		"podman":  readFile(t, "../../spec/testdata/podman.json"),
	} {
		t.Run(name, func(t *testing.T) {
			o := decode(t, config)
			checkRules(t, newSubject(mustCompile(t, o, baseFacts()), o, baseFacts(), forInit))
		})
	}
}

// What joins a container keeps the rules that are not about mounts.
func TestRulesOfExec(t *testing.T) {
	for _, name := range aspectFiles(t) {
		t.Run(filepath.Base(name), func(t *testing.T) { checkRules(t, execSubject(t, readAspect(t, name).subject)) })
	}
}

// execSubject is a process that joins the container of p.
func execSubject(t testing.TB, p subject) subject {
	t.Helper()
	f := p.f
	f.Run, f.Home, f.HomeUnknown = true, "/root", false
	for _, n := range p.o.Namespaces {
		f.Join |= n.Flag
	}
	plan, err := CompileExec(p.o, f)
	if err != nil {
		t.Fatal(err)
	}
	return newSubject(plan, p.o, f, forExec)
}

// A hook is a program of the host's: it keeps the rules about descriptors and failures.
func TestRulesOfHooks(t *testing.T) {
	for name, join := range map[string]uint64{
		"on the host": 0, "in namespaces": unix.CLONE_NEWNS | unix.CLONE_NEWNET, "in a pid namespace": unix.CLONE_NEWPID,
	} {
		t.Run(name, func(t *testing.T) {
			h := spec.Hook{Path: "/bin/hook", Argv: []string{"hook", "x"}, Env: []string{"A=b"}}
			p, err := CompileHook(h, join, 0o022, "/bundle")
			if err != nil {
				t.Fatal(err)
			}
			checkRules(t, newSubject(p, &spec.ContainerOpts{Path: h.Path}, Facts{Run: true, Join: join}, forHook))
		})
	}
}

// Only what the plans use is in the table of calls.
func TestEveryCallRowIsUsed(t *testing.T) {
	used := make(map[*callRow]bool)
	for _, name := range aspectFiles(t) {
		a := readAspect(t, name)
		for _, steps := range [][]program.Step{a.Program.Steps, execSubject(t, a.subject).Program.Steps} {
			for i := range steps {
				if steps[i].Op == program.OpCall {
					used[findCall(&steps[i])] = true
				}
			}
		}
	}
	for i := range callRows {
		if row := &callRows[i]; !used[row] {
			t.Errorf("no plan has the call of row %d, %s", i, row.name)
		}
	}
}
