//go:build clients

package clients

import (
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
)

// held runs a command of ctr's whose last argument is a script for a shell in the container, which ends only when all its
// output has come: it marks the end of both outputs and reads a line, which is written when the marks are here. What has not
// come when the process ends, ctr loses: its client closes the outputs before it waits for what is still to be copied.
const held = `#!/bin/sh
trap '' PIPE
left=$#
for argument do
	left=$((left - 1))
	[ $left -gt 0 ] || argument="($argument); status=\$?; printf '\004'; printf '\004' >&2; read line; exit \$status"
	set -- "$@" "$argument"
	shift
done
work=$(mktemp -d) && mkfifo "$work/in" || exit
"$@" <"$work/in" >"$work/out" 2>"$work/err" &
exec 3>"$work/in"
cat >&3 2>/dev/null
mark=$(printf '\004') tries=0
until grep -q "$mark" "$work/out" && grep -q "$mark" "$work/err" || ! kill -0 $! || [ $tries -gt 5000 ]; do
	tries=$((tries + 1))
	sleep 0.02
done 2>/dev/null
echo 2>/dev/null >&3
exec 3>&-
wait $!
status=$?
tr -d '\004' <"$work/out"
tr -d '\004' <"$work/err" >&2
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
