//go:build clients

package clients

import (
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
)

// held runs a command of ctr's whose process reads a line before it ends, two if it prints to standard error too: it gets
// a line as soon as the output has come. What a process prints that ends before ctr has opened its outputs, ctr loses.
const held = `#!/bin/sh
trap '' PIPE
work=$(mktemp -d) && mkfifo "$work/in" || exit
"$@" <"$work/in" >"$work/out" 2>"$work/err" &
exec 3>"$work/in"
for output in out err; do
	until [ -s "$work/$output" ] || ! kill -0 $!; do sleep 0.02; done
	echo >&3
done 2>/dev/null
exec 3>&-
wait $!
status=$?
cat "$work/out"
cat "$work/err" >&2
rm -r "$work"
exit $status
`

// giveHeld lets a script call it.
func giveHeld(env *testscript.Env) error {
	folder := filepath.Join(env.WorkDir, ".programs")
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	env.Setenv("PATH", folder+":"+env.Getenv("PATH"))
	return os.WriteFile(filepath.Join(folder, "held"), []byte(held), 0o755)
}
