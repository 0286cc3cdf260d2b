//go:build clients

package clients

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// giveOwnContainerd lets a script start a daemon of its own, and sees to it that the script leaves nothing there and in the
// world's: remove is a shell script that removes what $1 has made.
func (w *world) giveOwnContainerd(env *testscript.Env, remove string) {
	own := &ownDaemon{world: w}
	env.Values[ownDaemonKey{}] = own
	name := env.Getenv("NAME")
	command := []string{"sh", "-c", remove, "sh", name}
	env.Defer(func() { _ = w.client(command...) })
	env.Defer(func() {
		if own.daemon != nil {
			_ = w.client(append(containerdAt(ownContainerd(name, "c.sock")), command...)...)
			_ = own.end(syscall.SIGTERM)
		}
	})
}

// ownContainerd is a path of the script's own daemon.
func ownContainerd(script, file string) string { return filepath.Join("/run", script, file) }

// containerdAt has ctr and crictl go to a socket, as world.client takes it.
func containerdAt(socket string) []string {
	return []string{"CONTAINERD_ADDRESS=" + socket, "CONTAINER_RUNTIME_ENDPOINT=unix://" + socket,
		"IMAGE_SERVICE_ENDPOINT=unix://" + socket}
}

// ownContainerdCommand is the command that starts and ends a daemon of the script's own, with the configuration of the world's.
// It is there when the client's command succeeds.
//
//	containerd start   start it, with the script's containers and images of before; the client goes to it now
//	containerd stop    ask it to end
//	containerd kill    let it die at once
func ownContainerdCommand(client ...string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		own := ts.Value(ownDaemonKey{}).(*ownDaemon)
		own.command(ts, neg, args, func([]string) error { return own.startContainerd(ts, client) })
	}
}

func (o *ownDaemon) startContainerd(ts *testscript.TestScript, client []string) error {
	path := func(file string) string { return ownContainerd(ts.Getenv("NAME"), file) }
	if err := os.MkdirAll(path(""), 0o711); err != nil {
		return err
	}
	address := containerdAt(path("c.sock"))
	for _, variable := range address {
		name, value, _ := strings.Cut(variable, "=")
		ts.Setenv(name, value)
	}
	return o.run("containerd", path("containerd.log"), append(address, client...),
		"containerd", "--config", filepath.Join(o.world.Dir, "containerd.toml"), "--address", path("c.sock"),
		"--root", path("root"), "--state", path("state"))
}
