package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// comparisons are the containers that runc and crabcan are to make the same. Those that other programs wrote the
// config of are samples of the package spec.
var comparisons = []struct {
	name, sample string
	change       func(config *specs.Spec)
}{
	{name: "runc spec", change: func(*specs.Spec) {}},
	{name: "docker", sample: "docker.json", change: func(*specs.Spec) {}},
	{name: "podman", sample: "podman.json", change: func(c *specs.Spec) { c.Process.Terminal = false }},
	{name: "containerd", sample: "containerd.json", change: func(c *specs.Spec) {
		c.Linux.Seccomp = nil // the sample's profile is too short to run a program
	}},
	{name: "terminal", sample: "podman.json", change: func(c *specs.Spec) {
		c.Process.ConsoleSize = &specs.Box{Width: 132, Height: 43}
	}},
	{name: "user", change: compareUser},
	{name: "mounts", change: compareMounts},
	{name: "devices", change: compareDevices},
	{name: "the host's namespaces", change: func(c *specs.Spec) {
		c.Hostname = ""
		c.Linux.Namespaces = []specs.LinuxNamespace{{Type: specs.MountNamespace}, {Type: specs.PIDNamespace}}
		c.Mounts = c.Mounts[:6] // without cgroup, which runc binds in another way
	}},
}

// deliberate are the differences that are meant to be.
var deliberate = []struct {
	// field is what differs, as "NAME OF COMPARISON/field.key.member", and crabcan what it is with crabcan.
	field, crabcan *regexp.Regexp
	reason         string
}{
	{regexp.MustCompile(`/descriptors\.[012]\.target$`), regexp.MustCompile(`.`),
		"runc copies the output of a container in the foreground through pipes; crabcan hands over its own files"},
	{regexp.MustCompile(`/mounts\./sys/fs/cgroup\.(options|readOnly)$`), regexp.MustCompile(`^ro |^true`),
		"the tmpfs that holds the cgroup v1 hierarchies is read-only in crabcan when the config asks for it"},
	{regexp.MustCompile(`/mounts\./sys/fs/cgroup/systemd\.source$`), regexp.MustCompile(`^cgroup$`),
		"runc calls the source of systemd's own hierarchy systemd"},
	{regexp.MustCompile(`/mounts\..*\.superOptions$`), regexp.MustCompile(`^ro size=4k nr_inodes=1$`),
		"crabcan masks folders with a file system that has room for nothing"},
	{regexp.MustCompile(`/mounts\./(etc|sticky)\.superOptions$`), regexp.MustCompile(`\bmode=7[53][15]$`),
		"a tmpfs without a mode gets that of the folder it covers; runc tells it later, crabcan when it mounts"},
	{regexp.MustCompile(`terminal/mounts$`), regexp.MustCompile(` /dev/console$`),
		"runc mounts the console earlier than the paths that it masks"},
}

// TestSameAsRunc runs the same config.json under runc and under crabcan and compares, field by field, what the program
// inside sees.
func TestSameAsRunc(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to run containers")
	}
	runc, err := exec.LookPath("runc")
	if err != nil {
		t.Skip("runc is not installed (package runc)")
	}
	t.Log(runcVersion(t, runc))
	payload, err := buildPayload(filepath.Join(t.TempDir(), "payload"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range comparisons {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSameBundle(t, payload, runc, c.sample)
			c.change(s.config)
			expected := s.report(t, runcRuntime(t, runc))
			actual := s.report(t, crabcanRuntime(t))
			if len(actual) < 100 {
				t.Errorf("the report has only %d fields", len(actual))
			}
			for _, field := range unexplained(c.name, expected, actual) {
				t.Errorf("%s: with runc %q, with crabcan %q", field, expected[field], actual[field])
			}
		})
	}
}

func runcVersion(t *testing.T, runc string) string {
	output, err := exec.Command(runc, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(output), "\n")
	return first
}

// unexplained lists the fields that differ and are not meant to.
func unexplained(comparison string, expected, actual map[string]string) (fields []string) {
	all := maps.Clone(expected)
	maps.Copy(all, actual)
	for field := range all {
		if expected[field] != actual[field] && !isDeliberate(comparison+"/"+field, actual[field]) {
			fields = append(fields, field)
		}
	}
	slices.Sort(fields)
	return fields
}

func isDeliberate(field, value string) bool {
	for _, d := range deliberate {
		if d.field.MatchString(field) && d.crabcan.MatchString(value) {
			return true
		}
	}
	return false
}

func compareUser(c *specs.Spec) {
	umask := uint32(0o027)
	capabilities := []string{"CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"}
	c.Process.User = specs.User{UID: 1000, GID: 2000, AdditionalGids: []uint32{5, 1000}, Umask: &umask}
	c.Process.Capabilities = &specs.LinuxCapabilities{
		Bounding: append(capabilities, "CAP_SYS_ADMIN"), Effective: capabilities, Permitted: capabilities,
		Inheritable: capabilities, Ambient: capabilities[:2],
	}
	c.Process.Cwd = "/work/below"
	c.Process.Rlimits = []specs.POSIXRlimit{
		{Type: "RLIMIT_NOFILE", Soft: 100, Hard: 200},
		{Type: "RLIMIT_CORE"},
		{Type: "RLIMIT_STACK", Soft: 4 << 20, Hard: 6 << 20},
	}
	adjustment := 500
	c.Process.OOMScoreAdj = &adjustment
	c.Process.NoNewPrivileges = false
	c.Linux.Sysctl = map[string]string{"net.ipv4.ip_forward": "1", "kernel.msgmax": "9000"}
}

func compareMounts(c *specs.Spec) {
	bind := func(destination, source string, options ...string) specs.Mount {
		return specs.Mount{Destination: destination, Source: source, Type: "bind", Options: options}
	}
	c.Root.Readonly = false
	c.Linux.RootfsPropagation = "private"
	c.Mounts = append(c.Mounts,
		bind("/one", "folder", "bind"),
		bind("/two", "folder", "rbind", "ro", "nosuid", "nodev", "noexec"),
		bind("/three/deep/down", "folder", "rbind", "rprivate", "noatime"),
		bind("/four", "folder", "bind", "nodiratime", "strictatime"),
		bind("/five", "folder", "rbind", "rshared"),
		bind("/six", "folder", "rbind", "rslave", "ro"),
		bind("/seven", "folder", "bind", "private", "ro", "rw"),
		bind("/file", "file", "bind", "ro"),
		bind("/bin/file", "file", "bind"),
		bind("/etc/linked", "file", "bind"), // a link to /run/target, which is missing
		bind("/folder-link/file", "file", "bind"),
		specs.Mount{Destination: "/tmp", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "mode=1777", "size=1m"}},
		specs.Mount{Destination: "/etc", Type: "tmpfs", Source: "tmpfs", Options: []string{"tmpcopyup", "nodev"}},
		specs.Mount{Destination: "/sticky", Type: "tmpfs", Source: "tmpfs", Options: []string{"ro", "size=64k"}},
		specs.Mount{Destination: "/over", Type: "overlay", Source: "overlay", Options: []string{"lowerdir=LOWER:UPPER"}},
	)
	c.Linux.MaskedPaths = append(c.Linux.MaskedPaths, "/one/below", "/file", "/missing")
	c.Linux.ReadonlyPaths = append(c.Linux.ReadonlyPaths, "/one", "/bin/file", "/missing")
}

func compareDevices(c *specs.Spec) {
	mode, id := os.FileMode(0o640), uint32(7)
	c.Linux.Devices = []specs.LinuxDevice{
		{Path: "/dev/fuse", Type: "c", Major: 10, Minor: 229, FileMode: &mode, UID: &id, GID: &id},
		{Path: "/dev/below/loop0", Type: "b", Major: 7, Minor: 0, FileMode: &mode},
		{Path: "/dev/fifo", Type: "p", FileMode: &mode},
		{Path: "/dev/zero", Type: "c", Major: 1, Minor: 5, FileMode: &mode},
	}
	major, minor := int64(1), int64(11)
	c.Linux.Resources.Devices = append(c.Linux.Resources.Devices,
		specs.LinuxDeviceCgroup{Allow: true, Type: "c", Major: &major, Minor: &minor, Access: "rw"})
}
