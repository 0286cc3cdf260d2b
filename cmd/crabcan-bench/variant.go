package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/crabcan/crabcan/spec"
)

// variant is a config.json that differs from the default one in one thing.
type variant struct {
	name   string
	change func(s *specs.Spec, work string) error
}

var variants = []variant{
	{"", func(*specs.Spec, string) error { return nil }},
	{"seccomp", filterLikeDocker},
	{"mounts", mountMore},
	{"userns", mapUsers},
}

// writeBundle makes the variant's bundle for a command in the work folder and returns its path.
func (v variant) writeBundle(work string, command []string) (string, error) {
	config, err := v.config(work, command)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(work, "bundle-"+v.name+"-"+filepath.Base(command[0]))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, "config.json"), spec.Encode(config), 0o644)
}

// config is what `crabcan spec -- COMMAND` writes, with the change. All bundles share one root folder.
func (v variant) config(work string, command []string) (*specs.Spec, error) {
	s := spec.DefaultWith(spec.Changes{Rootfs: rootfs(work), Args: command})
	// Nothing in it is newer, and old peers refuse the number alone.
	s.Version = "1.0.2"
	return s, v.change(s, work)
}

func rootfs(work string) string { return filepath.Join(work, "rootfs") }

// dockerProfile is Docker's default seccomp profile as Docker writes it into a config.json. It is the test data of
// the room that compiles it.
const dockerProfile = "runtime/seccomp/testdata/default.json"

// profileArches are what Docker puts into the profile on each architecture; the file is of an amd64 host.
var profileArches = map[string][]specs.Arch{
	"amd64": {specs.ArchX86_64, specs.ArchX86, specs.ArchX32},
	"arm64": {specs.ArchAARCH64, specs.ArchARM},
}

func filterLikeDocker(s *specs.Spec, _ string) error {
	data, err := os.ReadFile(dockerProfile)
	if err != nil {
		return fmt.Errorf("%w: this must be run in the root folder of crabcan's repository", err)
	}
	var profile specs.LinuxSeccomp
	if err := json.Unmarshal(data, &profile); err != nil {
		return fmt.Errorf("%s: %w", dockerProfile, err)
	}
	profile.Architectures = profileArches[runtime.GOARCH]
	s.Linux.Seccomp = &profile
	return nil
}

// moreMounts is how many bind mounts mountMore adds: a pod with some volumes, config maps and secrets.
const moreMounts = 20

// mountMore adds bind mounts as Docker has them for volumes. Their targets exist: making them is not what is measured.
func mountMore(s *specs.Spec, work string) error {
	for i := range moreMounts {
		source := filepath.Join(work, fmt.Sprintf("volume%d", i))
		target := fmt.Sprintf("/mnt/%d", i)
		if err := os.MkdirAll(source, 0o755); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(rootfs(work), target), 0o755); err != nil {
			return err
		}
		s.Mounts = append(s.Mounts, specs.Mount{
			Destination: target, Type: "bind", Source: source, Options: []string{"rbind", "rprivate"},
		})
	}
	return nil
}

// mapUsers gives the container a new user namespace, whose ids are those that distributions give to their first user.
func mapUsers(s *specs.Spec, _ string) error {
	ids := []specs.LinuxIDMapping{{ContainerID: 0, HostID: 100_000, Size: 65_536}}
	s.Linux.UIDMappings, s.Linux.GIDMappings = ids, ids
	s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: specs.UserNamespace})
	return nil
}

// writeRootfs makes the root folder, which holds what default mounts are mounted on and the programs: by their paths in
// there, where they come from.
func writeRootfs(work string, programs map[string]string) error {
	for _, dir := range []string{"bin", "proc", "dev", "sys"} {
		if err := os.MkdirAll(filepath.Join(rootfs(work), dir), 0o755); err != nil {
			return err
		}
	}
	for path, from := range programs {
		data, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(rootfs(work), path), data, 0o755); err != nil {
			return err
		}
	}
	return nil
}
