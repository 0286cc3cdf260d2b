//go:build clients

package clients

import (
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/crabcan/crabcan/cmd/crabcan/internal/seat"
)

// A difference is text that is not the same each time, and what stands for it.
type difference struct {
	pattern     *regexp.Regexp
	replacement string
}

// differs lists what differs between two worlds, whatever the client. The first that fits wins.
var differs = []difference{
	// What a runtime says of its failure is its own; that the client takes it for a failure, and for which, is not.
	{regexp.MustCompile(`(OCI runtime [a-z ]+ failed: )[^\n]*`), "${1}..."},
	{regexp.MustCompile(`time="[^"]*" level=error msg="error waiting for container: context canceled"\n`), ""},
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "<id>"},
	{regexp.MustCompile(`\b[0-9a-f]{12}\b`), "<id>"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( [+-]\d{4} UTC|Z|[+-]\d\d:?\d\d)?`), "<time>"},
	{regexp.MustCompile(`\b(About an?|Less than a|\d+) (second|minute|hour)s?\b( ago)?`), "<span>"},
	{regexp.MustCompile(`\b(runc|crabcan)\b`), "<runtime>"},
}

// recordKey finds the *record of a script among its values.
type recordKey struct{}

// A record is what a client has shown in a script.
type record struct {
	trial   *trial
	differs []difference
	status  int  // of the last command
	alone   bool // what follows is not compared
}

func recordOf(env *testscript.Env, c client, w *world) *record {
	own := func(path, name string) difference {
		return difference{regexp.MustCompile(regexp.QuoteMeta(path)), name}
	}
	all := append([]difference{own(env.WorkDir, "$WORK"), own(w.Dir, "$WORLD")}, c.differs...)
	return &record{trial: env.T().(*trial), differs: append(all, differs...)}
}

func scriptNameOf(env *testscript.Env) string {
	return strings.ReplaceAll(strings.TrimPrefix(filepath.Base(env.WorkDir), "script-"), "_", "-")
}

// allCommands are the commands of a client's scripts beside testscript's own:
//
//	same PROGRAM ARG...   run it; ! wants it to fail. What it prints and its exit status must be the same with runc
//	status N              check the exit status of the last same
//	await PROGRAM ARG...  run it again and again until it succeeds
//	alone                 compare nothing of what follows: the other runtime can't do it
//
// those of package seat, and those that the client has. The conditions are listed at world.condition.
func allCommands(c client) map[string]func(*testscript.TestScript, bool, []string) {
	all := map[string]func(*testscript.TestScript, bool, []string){
		"alone":  cmdAlone,
		"await":  cmdAwait,
		"same":   cmdSame,
		"status": cmdStatus,
	}
	maps.Copy(all, seat.Commands("PATH", "HOME", "WORK"))
	maps.Copy(all, c.commands)
	return all
}

func cmdSame(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: same PROGRAM [ARG...]")
	}
	r := ts.Value(recordKey{}).(*record)
	err := ts.Exec(args[0], args[1:]...)
	var exit *exec.ExitError
	switch {
	case err == nil:
		r.status = 0
	case errors.As(err, &exit):
		r.status = exit.ExitCode()
	default:
		ts.Fatalf("%v", err)
	}
	r.show(fmt.Sprintf("$ %s\n%s%s[status %d]\n", strings.Join(args, " "), ts.ReadFile("stdout"), ts.ReadFile("stderr"),
		r.status))
	if failed := r.status != 0; failed != neg {
		ts.Fatalf("exit status %d", r.status)
	}
}

// show adds to what the client has shown.
func (r *record) show(text string) {
	if r.alone {
		return
	}
	for _, d := range r.differs {
		text = d.pattern.ReplaceAllString(text, d.replacement)
	}
	r.trial.Shown += text
}

func cmdAlone(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 0 || neg {
		ts.Fatalf("usage: alone")
	}
	ts.Value(recordKey{}).(*record).alone = true
}

func cmdStatus(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: status N")
	}
	if got := strconv.Itoa(ts.Value(recordKey{}).(*record).status); got != args[0] {
		ts.Fatalf("the exit status was %s", got)
	}
}

func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 || neg {
		ts.Fatalf("usage: await PROGRAM [ARG...]")
	}
	// The shell tries, and not this command, so that the log has only the last try.
	last := ts.MkAbs(".await")
	tries := []string{strconv.Itoa(int(patience.Seconds())), "sh", "-c", `until "$@" >"$0" 2>&1; do sleep 0.05; done`, last}
	if err := ts.Exec("timeout", append(tries, args...)...); err != nil {
		ts.Fatalf("%s does not come to succeed: %s", args[0], ts.ReadFile(last))
	}
}
