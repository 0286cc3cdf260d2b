//go:build clients

package clients

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/moby/sys/capability"
)

// condition answers the conditions of scripts: [runc] and [crabcan] for the runtime, [rootless] for a client run by an
// ordinary user, [image:NAME] for an image that could be made, [cgroupv2] (pure), [controller:NAME] for one of v1's,
// [containerd2] for its version 2, [containerd1.6] for that version, [buildkit] for a docker that can ask for it, [criu] for a
// kernel that CRIU knows, [cap:NAME] for a capability that this machine gives.
func (w *world) condition(name string) (bool, error) {
	switch name {
	case "runc", "crabcan":
		return filepath.Base(w.Runtime) == name, nil
	case "rootless":
		return strings.HasSuffix(w.Client, "-rootless"), nil
	case "containerd2":
		return slices.Contains([]string{containerd2.name, cri2.name}, w.Client), nil
	case "containerd1.6":
		return w.client("sh", "-c", `containerd --version | grep -q " 1\.6\."`) == nil, nil
	case "criu":
		return exec.Command("criu", "check").Run() == nil, nil
	case "buildkit":
		return w.client("env", "DOCKER_BUILDKIT=1", "docker", "build", "--help") == nil, nil
	case "cgroupv2":
		var fs unix.Statfs_t
		return unix.Statfs("/sys/fs/cgroup", &fs) == nil && fs.Type == unix.CGROUP2_SUPER_MAGIC, nil
	}
	kind, value, _ := strings.Cut(name, ":")
	switch kind {
	case "image":
		return exists(filepath.Join(w.Images, value+".tar")), nil
	case "controller":
		return exists(filepath.Join("/sys/fs/cgroup", value, "tasks")), nil
	case "cap":
		return hasCapability(value)
	}
	return false, fmt.Errorf("unknown condition")
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func hasCapability(name string) (bool, error) {
	own, err := capability.NewPid2(0)
	if err != nil {
		return false, err
	}
	if err := own.Load(); err != nil {
		return false, err
	}
	for _, known := range capability.ListKnown() {
		if known.String() == name {
			return own.Get(capability.EFFECTIVE, known), nil
		}
	}
	return false, fmt.Errorf("no capability is named so")
}
