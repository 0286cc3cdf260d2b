//go:build clients

package clients

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// cri is what Kubernetes does: pods through containerd's CRI plugin, asked for by crictl in the kubelet's place. The runtime
// is not the default one, but has a handler of its own, as a RuntimeClass names it.
var cri = client{
	name:     "cri",
	programs: []string{"containerd", "ctr", "runc", "iptables", "/usr/lib/cni/bridge"},
	modules:  []string{crictlModule},
	setUp:    setUpCRI,
	script:   setUpCRIScript,
	commands: map[string]func(*testscript.TestScript, bool, []string){
		"pod": cmdPod, "container": cmdContainer, "containerd": ownContainerdCommand("crictl", "version"),
	},
	differs: append([]difference{
		{regexp.MustCompile(`[EIWF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ (\S+?):\d+\]`), "<log> $1"},
	}, containerdDiffers...),
	leaves: []string{"cgroup /k8s.io", "interface cni0"},
}

// cri2 is the same with containerd 2.
var cri2 = client{
	name:     "cri2",
	scripts:  cri.name,
	programs: []string{"runc", "iptables", "/usr/lib/cni/bridge"},
	modules:  append([]string{crictlModule}, containerd2Modules...),
	setUp:    setUpCRI,
	script:   setUpCRIScript,
	commands: cri.commands,
	differs:  cri.differs,
	leaves:   cri.leaves,
}

const crictlModule = "sigs.k8s.io/cri-tools/cmd/crictl@v1.34.0"

// podNetwork is a bridge without a way out of the world.
const podNetwork = `{"cniVersion": "0.4.0", "name": "pods", "plugins": [{"type": "bridge", "bridge": "cni0", "isGateway": true,
	"ipam": {"type": "host-local", "ranges": [[{"subnet": "10.97.0.0/16"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}`

// setUpCRI starts containerd with CRI, Debian's runc as the default runtime, and the world's with a handler.
func setUpCRI(w *world) error {
	config := fmt.Sprintf(`version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/library/pause:latest"
  # Root of this machine may not have what lowers the score.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.tested]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.tested.options]
      BinaryName = %q
`, w.Runtime)
	file, network := filepath.Join(w.Dir, "containerd.toml"), "/etc/cni/net.d/10-pods.conflist"
	if err := os.MkdirAll(filepath.Dir(network), 0o755); err != nil {
		return err
	}
	crictl := "runtime-endpoint: " + criEndpoint + "\nimage-endpoint: " + criEndpoint + "\ntimeout: 120\n"
	for path, text := range map[string]string{file: config, network: podNetwork, "/etc/crictl.yaml": crictl} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	ready := func() bool { return w.client("crictl", "version") == nil }
	if err := w.daemon("containerd", ready, "containerd", "--config", file); err != nil {
		return err
	}
	for _, image := range []string{"busybox.tar", "pause.tar"} {
		if err := w.client("ctr", "--namespace", "k8s.io", "image", "import", filepath.Join(w.Images, image)); err != nil {
			return err
		}
	}
	return nil
}

const criEndpoint = "unix:///run/containerd/containerd.sock"

// setUpCRIScript sees to it that a script leaves no pod in the daemon: what it makes is named $NAME.
func setUpCRIScript(w *world, env *testscript.Env) error {
	w.giveOwnContainerd(env, removePods)
	return nil
}

const removePods = `for pod in $(crictl pods -q --name "^$1$"); do crictl rmp -f "$pod"; done`

// ownProcesses is how Kubernetes has it by default, where CRI's default is one pid namespace for a pod.
var ownProcesses = map[string]any{"namespace_options": map[string]any{"pid": 1}}

// cmdPod runs a pod; ! wants it to fail:
//
//	pod VARIABLE [JSON]   the variable gets its id; the members of the JSON object replace what CRI is told of the pod
func cmdPod(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 || len(args) > 2 {
		ts.Fatalf("usage: pod VARIABLE [JSON]")
	}
	name := ts.Getenv("NAME")
	pod := map[string]any{
		"metadata":      map[string]any{"name": name, "uid": name + "-" + args[0], "namespace": "default", "attempt": 1},
		"hostname":      name,
		"log_directory": ts.MkAbs("logs"),
		"linux":         map[string]any{"cgroup_parent": "/k8s.io", "security_context": ownProcesses},
	}
	writeConfig(ts, podFile(ts, args[0]), pod, args[1:])
	cmdSame(ts, neg, []string{"crictl", "runp", "--runtime", "tested", podFile(ts, args[0])})
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

// cmdContainer creates and starts a container of a pod; ! wants one of both to fail:
//
//	container POD VARIABLE JSON PROGRAM [ARG...]   the variable gets its id; POD is the pod's, and the members of the
//	                                               JSON object, if it isn't -, replace what CRI is told of the container
func cmdContainer(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 4 {
		ts.Fatalf("usage: container POD VARIABLE JSON PROGRAM [ARG...]")
	}
	pod, name, change, command := args[0], args[1], args[2:3], args[3:]
	if change[0] == "-" {
		change = nil
	}
	container := map[string]any{
		"metadata": map[string]any{"name": name}, "image": map[string]any{"image": "docker.io/library/busybox:latest"},
		"command": command, "log_path": name + ".log",
		"linux": map[string]any{"security_context": ownProcesses},
	}
	file := ts.MkAbs(name + ".json")
	writeConfig(ts, file, container, change)
	if !neg {
		cmdSame(ts, false, []string{"crictl", "create", ts.Getenv(pod), file, podFile(ts, pod)})
		ts.Setenv(name, strings.TrimSpace(ts.ReadFile("stdout")))
		cmdSame(ts, false, []string{"crictl", "start", ts.Getenv(name)})
		return
	}
	cmdSame(ts, true, []string{"sh", "-c", `id=$(crictl create "$@") && crictl start $id`, "sh", ts.Getenv(pod), file,
		podFile(ts, pod)})
}

func podFile(ts *testscript.TestScript, variable string) string {
	return ts.MkAbs(variable + ".pod.json")
}

// writeConfig writes an object as JSON, with the members that a script gives in place of its own.
func writeConfig(ts *testscript.TestScript, file string, config map[string]any, changes []string) {
	for _, text := range changes {
		ts.Check(json.Unmarshal([]byte(text), &config))
	}
	text, err := json.Marshal(config)
	ts.Check(err)
	ts.Check(os.WriteFile(file, text, 0o644))
}
