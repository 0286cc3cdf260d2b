package main

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/console"
)

// ociRuntime runs a runtime's verb with its own root folder.
type ociRuntime func(args ...string) *exec.Cmd

func runcRuntime(t *testing.T, runc string) ociRuntime {
	root := t.TempDir()
	return func(args ...string) *exec.Cmd {
		return exec.Command(runc, append([]string{"--root", root}, args...)...)
	}
}

func crabcanRuntime(t *testing.T) ociRuntime {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	return func(args ...string) *exec.Cmd {
		cmd := exec.Command(self, args...)
		cmd.Args[0] = "crabcan" // see TestMain
		cmd.Env = append(os.Environ(), "ROOT="+root)
		return cmd
	}
}

// sameBundle is one bundle that several runtimes run, one after the other. Each finds it as new.
type sameBundle struct {
	dir, id string
	payload []byte
	config  *specs.Spec
}

// newSameBundle takes the config of a sample of the package spec, or else the one that runc itself writes.
func newSameBundle(t *testing.T, payload []byte, runc, sample string) *sameBundle {
	s := &sameBundle{dir: t.TempDir(), payload: payload, config: &specs.Spec{}}
	s.id = "crabcan-test-compare-" + filepath.Base(filepath.Dir(s.dir))
	path := filepath.Join(s.dir, configFile)
	if sample != "" {
		path = filepath.Join("../../spec/testdata", sample)
	} else if output, err := exec.Command(runc, "spec", "--bundle", s.dir).CombinedOutput(); err != nil {
		t.Fatalf("runc spec: %v: %s", err, output)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, s.config); err != nil {
		t.Fatal(err)
	}
	s.adapt(sample != "")
	return s
}

// adapt makes a config one for this machine and the payload.
func (s *sameBundle) adapt(isSample bool) {
	c := s.config
	c.Process.Args = []string{"payload", "report", "--json"}
	c.Process.Terminal = c.Process.Terminal && isSample
	c.Root.Path = "rootfs"
	c.Linux.CgroupsPath = "/" + s.id
	for i := range c.Linux.Namespaces {
		c.Linux.Namespaces[i].Path = ""
	}
	for i := range c.Process.Rlimits {
		l := &c.Process.Rlimits[i]
		l.Soft, l.Hard = min(l.Soft, 1024), min(l.Hard, 1024)
	}
	c.Linux.Resources.Unified = nil
	if !hasController("memory") {
		c.Linux.Resources.Memory, c.Linux.Resources.CPU, c.Linux.Resources.Pids = nil, nil, nil
	}
}

// lay puts the bundle's files into its folder, as if nobody had used it before.
func (s *sameBundle) lay(t *testing.T) {
	entries, err := os.ReadDir(s.dir)
	check(t, err)
	for _, entry := range entries {
		check(t, os.RemoveAll(filepath.Join(s.dir, entry.Name())))
	}
	write := func(name, text string, mode os.FileMode) {
		path := filepath.Join(s.dir, name)
		check(t, os.MkdirAll(filepath.Dir(path), 0o755))
		check(t, os.WriteFile(path, []byte(text), mode))
	}
	write("rootfs/bin/payload", string(s.payload), 0o755)
	write("rootfs/etc/passwd", "root:x:0:0::/root:\nuser:x:1000:1000::/home/user:\n", 0o644)
	write("rootfs/sticky/file", "", 0o644)
	check(t, os.Chmod(filepath.Join(s.dir, "rootfs/sticky"), 0o731))
	check(t, os.Symlink("../run/target", filepath.Join(s.dir, "rootfs/etc/linked")))
	check(t, os.Symlink("/sticky", filepath.Join(s.dir, "rootfs/folder-link")))
	write("folder/below/file", "", 0o644)
	write("file", "", 0o644)
	check(t, os.MkdirAll(filepath.Join(s.dir, "upper"), 0o755))
	s.laySources(t)
	data, err := json.Marshal(s.config)
	check(t, err)
	write(configFile, string(data), 0o644)
}

// laySources makes what bind mounts of samples bring along: a file if its name is that of one.
func (s *sameBundle) laySources(t *testing.T) {
	files := []string{"resolv.conf", "hostname", "hosts", "etc-hosts", ".containerenv", "5d2f"}
	for i := range s.config.Mounts {
		m := &s.config.Mounts[i]
		for j := range m.Options {
			m.Options[j] = strings.NewReplacer("LOWER", s.dir+"/folder", "UPPER", s.dir+"/upper").Replace(m.Options[j])
		}
		if m.Type != "bind" || !filepath.IsAbs(m.Source) {
			continue
		}
		m.Source = filepath.Join(s.dir, "sources", strings.TrimPrefix(m.Source, s.dir+"/sources"))
		check(t, os.MkdirAll(filepath.Dir(m.Source), 0o755))
		if slices.Contains(files, filepath.Base(m.Source)) {
			check(t, os.WriteFile(m.Source, nil, 0o644))
		} else {
			check(t, os.MkdirAll(m.Source, 0o755))
		}
	}
}

// report runs the bundle and returns what the payload in it reports, flat.
func (s *sameBundle) report(t *testing.T, run ociRuntime) map[string]string {
	s.lay(t)
	var output []byte
	if s.config.Process.Terminal {
		output = s.onTerminal(t, run)
	} else {
		output = s.inForeground(t, run)
	}
	var report map[string]any
	if err := json.Unmarshal(output, &report); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return flatten(report)
}

func (s *sameBundle) inForeground(t *testing.T, run ociRuntime) []byte {
	cmd := run("run", "--bundle", s.dir, s.id)
	output, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("%v: %v: %s", cmd, err, exit.Stderr)
	}
	return output
}

// onTerminal is what shims do: create with a socket for the terminal, start, read the terminal, delete.
func (s *sameBundle) onTerminal(t *testing.T, run ociRuntime) []byte {
	path := filepath.Join(s.dir, "tty")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	masters := make(chan *os.File, 1)
	go func() {
		master, err := acceptConsole(listener)
		if err != nil {
			t.Error(err)
		}
		masters <- master
	}()
	must(t, run("create", "--bundle", s.dir, "--console-socket", path, s.id))
	defer must(t, run("delete", "--force", s.id))
	master := <-masters
	must(t, run("start", s.id))
	defer master.Close()
	output, err := io.ReadAll(master)
	if !errors.Is(err, unix.EIO) { // that is how a terminal ends
		t.Error(err)
	}
	return output
}

func acceptConsole(listener *net.UnixListener) (*os.File, error) {
	conn, err := listener.AcceptUnix()
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	socket, err := conn.File()
	if err != nil {
		return nil, err
	}
	defer socket.Close()
	return console.Receive(socket)
}

// must runs a command without output of its own: a container keeps hold of that.
func must(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v", cmd, err)
	}
}
