package main

import (
	"strings"
	"testing"
)

func TestFlagsFirst(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"", ""},
		{"--help", "--help"},
		{"--root /r", "--root /r"},
		{"--root", "--root"},
		{"bogus x --y", "bogus x --y"},
		{"state c1", "state -- c1"},
		{"--root delete --debug delete c1 --force", "--root delete --debug delete --force -- c1"},
		{"--root=/r delete c1 -f", "--root=/r delete -f -- c1"},
		{"create c1 --bundle b --no-pivot", "create --bundle b --no-pivot -- c1"},
		{"create c1 --bundle=b -b -x", "create --bundle=b -b -x -- c1"},
		{"create --bundle", "create --bundle"},
		{"create c1 --bundle", "create --bundle"},
		{"create -- c1 --bundle", "create -- c1 --bundle"},
		{"create - --", "create -- -"},
		{"kill c1 -9", "kill c1 -9"},
		{"exec c1 ls -d", "exec c1 ls -d"},
		{"list --root /r --format json", "--root /r list --format json --"},
		{"--debug state c1 --root=/r --log", "--debug --root=/r --log"},
		{"delete c1 --log /l --force", "--log /l delete --force -- c1"},
		{"exec --root /r --tty c1 ls --root /x", "--root /r exec --tty c1 ls --root /x"},
		{"exec --debug --cwd", "--debug exec --cwd"},
		{"exec --tty --log", "--log"},
		{"ps -- --root", "ps -- --root"},
		{"spec sh -c --bundle", "spec sh -c --bundle"},
	} {
		args := append([]string{"crabcan"}, strings.Fields(c.args)...)
		if got := strings.Join(flagsFirst(newApp(args), args)[1:], " "); got != c.want {
			t.Errorf("%s: got %s, not %s", c.args, got, c.want)
		}
	}
}
