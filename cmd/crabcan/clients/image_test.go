//go:build clients

package clients

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// makeImages makes the images that scripts run, as archives that docker load, podman load and ctr image import read, in a
// folder: busybox.tar is docker.io/library/busybox:latest, pause.tar the same for pods, which waits forever, debian.tar
// docker.io/library/debian:12 where it could be made.
func makeImages(t *testing.T) string {
	dir := t.TempDir()
	busybox, err := busyboxLayer()
	if err == nil {
		err = errors.Join(
			writeImage(filepath.Join(dir, "busybox.tar"), "docker.io/library/busybox:latest", busybox, "sh"),
			writeImage(filepath.Join(dir, "pause.tar"), "docker.io/library/pause:latest", busybox, "sleep", "1000000"))
	}
	if err != nil {
		t.Fatal(err)
	}
	debian, err := debianLayer(t.TempDir())
	if err != nil {
		t.Logf("no image of Debian: %v", err)
		return dir
	}
	if err := writeImage(filepath.Join(dir, "debian.tar"), "docker.io/library/debian:12", debian, "sh"); err != nil {
		t.Fatal(err)
	}
	return dir
}

// busyboxLayer is a root folder with Debian's static busybox under all its names and two users.
func busyboxLayer() ([]byte, error) {
	program, err := os.ReadFile("/bin/busybox")
	if err != nil {
		return nil, fmt.Errorf("%w: make test-clients installs busybox-static", err)
	}
	names, err := exec.Command("/bin/busybox", "--list").Output()
	if err != nil {
		return nil, err
	}
	files := []tar.Header{
		{Name: "bin/", Typeflag: tar.TypeDir, Mode: 0o755}, {Name: "etc/", Typeflag: tar.TypeDir, Mode: 0o755},
		{Name: "root/", Typeflag: tar.TypeDir, Mode: 0o700}, {Name: "tmp/", Typeflag: tar.TypeDir, Mode: 0o1777},
		{Name: "home/", Typeflag: tar.TypeDir, Mode: 0o755},
		{Name: "home/alice/", Typeflag: tar.TypeDir, Mode: 0o755, Uid: 1000, Gid: 1000},
	}
	content := map[string]string{
		"bin/busybox": string(program),
		"etc/passwd":  "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000:Alice:/home/alice:/bin/sh\n",
		"etc/group":   "root:x:0:\nalice:x:1000:\nstaff:x:50:alice\n",
	}
	files = append(files, tar.Header{Name: "bin/busybox", Mode: 0o755}, tar.Header{Name: "etc/passwd", Mode: 0o644},
		tar.Header{Name: "etc/group", Mode: 0o644})
	for name := range strings.FieldsSeq(string(names)) {
		if name != "busybox" {
			files = append(files, tar.Header{Name: "bin/" + name, Typeflag: tar.TypeSymlink, Linkname: "busybox", Mode: 0o777})
		}
	}
	return writeTar(files, content)
}

// writeTar packs files with their content, by name.
func writeTar(files []tar.Header, content map[string]string) ([]byte, error) {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, file := range files {
		file.Size = int64(len(content[file.Name]))
		if err := w.WriteHeader(&file); err != nil {
			return nil, err
		}
		if _, err := w.Write([]byte(content[file.Name])); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return packed.Bytes(), err
}

// debianLayer is a minimal Debian from its mirror, which takes a minute the first time: it is kept in the user's cache.
func debianLayer(dir string) ([]byte, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	kept := filepath.Join(cache, "crabcan-clients", "debian-12.tar")
	if layer, err := os.ReadFile(kept); err == nil {
		return layer, nil
	}
	if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
		return nil, err
	}
	root, packed := filepath.Join(dir, "root"), kept+".new"
	// debootstrap mounts /proc in the new root and may leave it there.
	for _, argv := range [][]string{
		{"unshare", "--mount", "debootstrap", "--variant=minbase", "bookworm", root, "http://deb.debian.org/debian"},
		{"tar", "-C", root, "--exclude=./var/cache/apt", "--exclude=./var/lib/apt/lists", "--exclude=./usr/share/doc",
			"--exclude=./dev/*", "--numeric-owner", "-cf", packed, "."},
	} {
		if output, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w: %s", argv[0], err, output)
		}
	}
	if err := os.Rename(packed, kept); err != nil {
		return nil, err
	}
	return os.ReadFile(kept)
}

// writeImage writes an image of one layer that runs a command. The archive is an OCI layout and, by its manifest.json, one
// of docker save's as well.
func writeImage(path, name string, layer []byte, command ...string) error {
	layerDigest := digest(layer)
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": map[string]any{"Env": []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
			"Cmd": command},
		"rootfs":  map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + layerDigest}},
		"history": []any{map[string]any{"created_by": "make test-clients"}}, // one a layer, as buildah wants it
	})
	if err != nil {
		return err
	}
	descriptor := func(kind string, content []byte) map[string]any {
		return map[string]any{"mediaType": "application/vnd.oci.image." + kind, "digest": "sha256:" + digest(content),
			"size": len(content)}
	}
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		"config": descriptor("config.v1+json", config), "layers": []any{descriptor("layer.v1.tar", layer)},
	})
	if err != nil {
		return err
	}
	entry := descriptor("manifest.v1+json", manifest)
	entry["annotations"] = map[string]string{"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name}
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "manifests": []any{entry}})
	if err != nil {
		return err
	}
	blob := func(content []byte) string { return "blobs/sha256/" + digest(content) }
	saved, err := json.Marshal([]any{map[string]any{"Config": blob(config), "RepoTags": []string{name},
		"Layers": []string{blob(layer)}}})
	if err != nil {
		return err
	}
	content := map[string]string{"oci-layout": `{"imageLayoutVersion": "1.0.0"}`, "index.json": string(index),
		"manifest.json": string(saved), blob(config): string(config), blob(manifest): string(manifest),
		blob(layer): string(layer)}
	var files []tar.Header
	for name := range content {
		files = append(files, tar.Header{Name: name, Mode: 0o644})
	}
	packed, err := writeTar(files, content)
	if err != nil {
		return err
	}
	return os.WriteFile(path, packed, 0o644)
}

func digest(content []byte) string { return fmt.Sprintf("%x", sha256.Sum256(content)) }
