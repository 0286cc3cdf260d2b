//go:build clients

package clients

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

var podmanPrograms = []string{"podman", "buildah", "conmon", "catatonit", "iptables", "setpriv", "useradd"}

// podman is Podman and buildah as root. Podman's scripts name what they make $NAME or $NAME-...
var podman = client{
	name:     "podman",
	programs: podmanPrograms,
	setUp:    setUpPodman,
	script:   setUpPodmanScript,
	differs:  podmanDiffers,
	leaves: []string{
		"cgroup /libpod_parent.*", // the parent of containers' cgroups
		"interface podman0",       // the default bridge
		"mount /run/netns",        // where Podman keeps network namespaces
	},
}

var podmanDiffers = []difference{
	{regexp.MustCompile(`\b(?:runc|crabcan): [^\n]*: (OCI (?:runtime|permission)[^\n]*)`), "<runtime>: ...: $1"},
	{regexp.MustCompile(`(OCI runtime error: )[^\n]*`), "${1}..."},
	{regexp.MustCompile(`(?s)(error running container: ).*?(\n: exit status)`), "${1}...$2"},
	{regexp.MustCompile(`\b[0-9a-f]{63}\b`), "<id>"},
	{regexp.MustCompile(`(Error: workdir "[^"]*" [^\n]* on container )[0-9a-f]+`), "$1<id>"},
	// buildah asks for ambient capabilities that the kernel can't give. Debian's runc is silent, newer ones warn.
	{regexp.MustCompile(`time="[^\n]* level=warning msg="[^\n]*can't raise ambient capability [^\n]*\n`), ""},
	// Without a cgroup there is nothing to freeze when a container is killed, which newer runcs warn of.
	{regexp.MustCompile(`time="[^\n]* level=warning msg="(?:cannot toggle freezer: cgroups not configured|lstat : no such file)[^\n]*\n`), ""},
	{regexp.MustCompile(`(?m)^--> [0-9a-f]{11}$`), "--> <id>"},
	{regexp.MustCompile(`(?m)^[ \t]*creationTimestamp: "[^"]*"$`), "creationTimestamp: <time>"},
	{regexp.MustCompile(`(?m)^# \w{3} \w{3} +\d+ [\d:]+ UTC \d+$`), "# <time>"},
}

const containersConf = `[containers]
# Without CAP_SYS_RESOURCE Podman can't raise limits to its own defaults.
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
# Networks are the engine's, not the runtime's: only scripts about them have one.
netns = "none"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "NAME"
runtime_supports_json = ["crabcan", "runc"]
runtime_supports_nocgroup = ["crabcan"]
runtime_supports_kvm = ["crabcan"]
[engine.runtimes]
NAME = ["PATH"]
`

// configurePodman tells Podman and buildah, whoever runs them, to use the world's runtime.
func configurePodman(w *world, driver string) error {
	conf := strings.NewReplacer("NAME", filepath.Base(w.Runtime), "PATH", w.Runtime).Replace(containersConf)
	return errors.Join(
		os.MkdirAll("/etc/containers", 0o755),
		os.WriteFile("/etc/containers/containers.conf", []byte(conf), 0o644),
		os.WriteFile("/etc/containers/storage.conf", []byte("[storage]\ndriver = \""+driver+"\"\n"+
			"runroot = \"/run/containers/storage\"\ngraphroot = \"/var/lib/containers/storage\"\n"), 0o644),
		// The user whose subordinate ids --userns=auto hands out for root.
		appendTo("/etc/subuid", "containers:1000000:1000000\n"),
		appendTo("/etc/subgid", "containers:1000000:1000000\n"),
	)
}

func appendTo(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}

func setUpPodman(w *world) error {
	// Podman 4.3 fails to make overlay mounts with mapped ids on newer kernels.
	if err := configurePodman(w, "vfs"); err != nil {
		return err
	}
	if err := w.fillStore("podman"); err != nil {
		return err
	}
	// Debian's runc opens the root folder with the rights of the container's user namespace.
	return letThrough("/var/lib/containers/storage/vfs/dir")
}

// setUpPodmanScript lets the roots of user namespaces to the mount points that newer Podmans make in TMPDIR.
func setUpPodmanScript(w *world, env *testscript.Env) error {
	return letThrough(env.Getenv("TMPDIR"))
}

// fillStore loads the image, and has everything removed before the world ends.
func (w *world) fillStore(podman string) error {
	w.atEnd(func() error {
		return errors.Join(w.client(podman, "pod", "rm", "--all", "--force", "--time", "0"),
			w.client(podman, "rm", "--all", "--force", "--time", "0"),
			w.client(podman, "system", "migrate"))
	})
	return w.client(podman, "load", "--quiet", "--input", filepath.Join(w.Images, "busybox.tar"))
}

// letThrough lets everybody go through the private folders above one, to what they may have below.
func letThrough(dir string) error {
	for ; dir != "/"; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if mode := info.Mode().Perm(); mode&0o001 == 0 {
			if err := os.Chmod(dir, fs.FileMode(mode|0o111)); err != nil {
				return err
			}
		}
	}
	return nil
}
