//go:build clients

package clients

import (
	"os"
	"path/filepath"
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"
)

var containerd = client{
	name:     "containerd",
	programs: []string{"containerd", "ctr"},
	setUp:    setUpContainerd,
	script:   setUpContainerdScript,
	commands: map[string]func(*testscript.TestScript, bool, []string){"containerd": ownContainerdCommand("ctr", "version")},
	differs:  containerdDiffers,
	leaves:   []string{"cgroup /default"}, // containers of ctr are in cgroups below their namespace's
}

// containerd2 is the same with containerd 2, which Debian 12 does not have.
var containerd2 = client{
	name:     "containerd2",
	scripts:  containerd.name,
	modules:  containerd2Modules,
	setUp:    setUpContainerd,
	script:   setUpContainerdScript,
	commands: containerd.commands,
	differs:  containerdDiffers,
	leaves:   containerd.leaves,
}

var containerd2Modules = []string{
	"github.com/containerd/containerd/v2/cmd/containerd@v2.2.1",
	"github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2@v2.2.1",
	"github.com/containerd/containerd/v2/cmd/ctr@v2.2.1",
}

var containerdDiffers = []difference{
	// What a runtime says of its failure is its own.
	{regexp.MustCompile(`((?:OCI runtime|runc) [a-z ]+ failed: )[^\n]*`), "${1}..."},
	{regexp.MustCompile(`/containerd-mount\d+`), "/containerd-mount"},
}

// runtimeLink is the runtime under the same name in each world: ctr has no default runtime, so each command has to say it.
const runtimeLink = "/run/oci-runtime"

// setUpContainerd starts a daemon with Debian's defaults and without CRI, and loads the image.
func setUpContainerd(w *world) error {
	config := "version = 2\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n"
	if err := os.Symlink(w.Runtime, runtimeLink); err != nil {
		return err
	}
	file := filepath.Join(w.Dir, "containerd.toml")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		return err
	}
	ready := func() bool { return w.client("ctr", "version") == nil }
	if err := w.daemon("containerd", ready, "containerd", "--config", file); err != nil {
		return err
	}
	return w.client("ctr", "image", "import", filepath.Join(w.Images, "busybox.tar"))
}

// setUpContainerdScript sees to it that a script leaves no container in the daemon: what it makes is named $NAME or
// $NAME.SOMETHING.
func setUpContainerdScript(w *world, env *testscript.Env) error {
	env.Setenv("RUN", "--runc-binary="+runtimeLink)
	env.Setenv("BUSYBOX", "docker.io/library/busybox:latest")
	w.giveOwnContainerd(env, removeContainers)
	return giveHeld(env)
}

const removeContainers = `
	for id in $(ctr container ls -q | grep -E "^$1(\..*)?$"); do
		ctr task kill --all --signal KILL $id; timeout 10 ctr task delete --force $id; ctr container delete $id
	done
	true`
