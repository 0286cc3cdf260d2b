//go:build clients

package clients

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
)

// podmanRootless is the same, with the same scripts, run by an ordinary user.
var podmanRootless = client{
	name:     "podman-rootless",
	scripts:  "podman",
	programs: append([]string{"newuidmap"}, podmanPrograms...),
	setUp:    setUpRootless,
	script:   setUpRootlessScript,
	differs:  podmanDiffers,
}

// rootlessPrograms has programs named podman and buildah that run those as the ordinary user.
const rootlessPrograms = "/run/rootless"

func setUpRootless(w *world) error {
	if err := configurePodman(w, "overlay"); err != nil {
		return err
	}
	home, runtimeDir := filepath.Join(w.Dir, "rootless"), "/run/user/rootless"
	if err := w.client("useradd", "--no-create-home", "--home-dir", home, "--user-group", "rootless"); err != nil {
		return err
	}
	for _, dir := range []string{home, runtimeDir} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(dir), 0o755), os.Mkdir(dir, 0o700), w.client("chown", "rootless:rootless", dir)); err != nil {
			return err
		}
	}
	if err := errors.Join(letThrough(w.Dir), os.Mkdir(rootlessPrograms, 0o755)); err != nil {
		return err
	}
	for _, program := range []string{"podman", "buildah"} {
		text := fmt.Sprintf("#!/bin/sh\nexec setpriv --reuid rootless --regid rootless --init-groups env HOME=%s "+
			"XDG_RUNTIME_DIR=%s /usr/bin/%s \"$@\"\n", home, runtimeDir, program)
		if err := os.WriteFile(filepath.Join(rootlessPrograms, program), []byte(text), 0o755); err != nil {
			return err
		}
	}
	return w.fillStore(filepath.Join(rootlessPrograms, "podman"))
}

// setUpRootlessScript makes a script's podman the ordinary user's, and its folder as well.
func setUpRootlessScript(w *world, env *testscript.Env) error {
	env.Setenv("PATH", rootlessPrograms+":"+env.Getenv("PATH"))
	return errors.Join(w.client("chown", "-R", "rootless:rootless", env.WorkDir), letThrough(env.WorkDir))
}
