//go:build clients

package clients

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdDockerd starts and ends a daemon of the script's own, in a network namespace of its own: two would take each other's
// bridge and rules away. Where it would call runc, it calls the world's runtime.
//
//	dockerd start [OPTION...]   start it, with the script's containers and images of before; docker goes to it now
//	dockerd stop                ask it to end
//	dockerd kill                let it die at once
func cmdDockerd(ts *testscript.TestScript, neg bool, args []string) {
	own := ts.Value(ownDaemonKey{}).(*ownDaemon)
	own.command(ts, neg, args, func(options []string) error { return own.startDockerd(ts, options) })
}

func (o *ownDaemon) startDockerd(ts *testscript.TestScript, options []string) error {
	// Short, for its sockets, and with a way in for everybody, for users of a user namespace.
	dir := filepath.Join("/run", ts.Getenv("NAME"))
	if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o755); err != nil {
		return err
	}
	// BuildKit inside the daemon knows no other name.
	if err := os.Symlink(o.world.Runtime, filepath.Join(dir, "bin/runc")); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	host := "unix://" + filepath.Join(dir, "d.sock")
	ts.Setenv("DOCKER_HOST", host)
	network := filepath.Join("/run/netns", ts.Getenv("NAME"))
	if !exists(network) {
		if err := o.world.client("ip", "netns", "add", ts.Getenv("NAME")); err != nil {
			return err
		}
		ts.Defer(func() { _ = o.world.client("ip", "netns", "delete", ts.Getenv("NAME")) })
	}
	argv := append([]string{"nsenter", "--net=" + network,
		"env", "PATH=" + filepath.Join(dir, "bin") + ":" + ts.Getenv("PATH"), "dockerd", "--config-file", filepath.Join(o.world.Dir, "daemon.json"), "--host", host,
		"--data-root", filepath.Join(dir, "data"), "--exec-root", filepath.Join(dir, "x"), "--pidfile", filepath.Join(dir, "pid"),
		"--bridge", "none", "--iptables=false"}, options...)
	return o.run("dockerd", filepath.Join(dir, "dockerd.log"), []string{"docker", "--host", host, "version"}, argv...)
}
