//go:build clients

package clients

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

var docker = client{
	name:     "docker",
	programs: []string{"dockerd", "docker", "containerd", "iptables"},
	setUp:    setUpDocker,
	script:   setUpDockerScript,
	commands: map[string]func(*testscript.TestScript, bool, []string){"dockerd": cmdDockerd},
	leaves: []string{
		"cgroup /docker", "cgroup /docker/buildkit", "cgroup /parent-cgroup_parent", // the parent of containers' cgroups
		"interface docker0",    // the default bridge
		"mount /run/docker/.*", // the namespace of --network host
		"mount /run/netns",     // made by ip netns, for daemons of scripts
	},
}

// setUpDocker starts a daemon whose default runtime is the world's, and loads the images.
func setUpDocker(w *world) error {
	config := map[string]any{"default-runtime": "runc"}
	if name := filepath.Base(w.Runtime); name != "runc" {
		config = map[string]any{
			"default-runtime": name,
			"runtimes":        map[string]any{name: map[string]any{"path": w.Runtime}},
		}
	}
	text, err := json.Marshal(config)
	if err != nil {
		return err
	}
	file := filepath.Join(w.Dir, "daemon.json")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return err
	}
	ready := func() bool { return w.client("docker", "version") == nil }
	if err := w.daemon("dockerd", ready, "dockerd", "--config-file", file); err != nil {
		return err
	}
	return w.client("docker", "load", "-i", filepath.Join(w.Images, "busybox.tar"))
}

// setUpDockerScript sees to it that a script leaves nothing in the daemon: what it makes is named $NAME or $NAME-...
func setUpDockerScript(w *world, env *testscript.Env) error {
	// The dash begins what one script adds: exec must not remove what exec_error has made.
	name := strings.ReplaceAll(env.Getenv("NAME"), "-", "_")
	env.Setenv("NAME", name)
	env.Defer(func() { w.removeNamed(name, "unix:///run/docker.sock") })
	own := &ownDaemon{world: w}
	env.Values[ownDaemonKey{}] = own
	env.Defer(func() {
		if own.daemon != nil {
			w.removeNamed(name, "unix://"+filepath.Join("/run", name, "d.sock"))
			_ = own.end(syscall.SIGTERM)
		}
	})
	return nil
}

// removeNamed removes the containers, networks and volumes of a script from a daemon.
func (w *world) removeNamed(name, host string) {
	_ = w.client("DOCKER_HOST="+host, "sh", "-c", `
		ids=$(docker ps -aq --filter "name=^/`+name+`(-.*)?$"); [ -z "$ids" ] || docker rm -fv $ids
		ids=$(docker network ls -q --filter "name=^`+name+`(-.*)?$"); [ -z "$ids" ] || docker network rm $ids
		ids=$(docker volume ls -q --filter "name=^`+name+`(-.*)?$"); [ -z "$ids" ] || docker volume rm $ids`)
}
