package cgroup

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInnerPath(t *testing.T) {
	for _, c := range []struct{ path, inner, err string }{
		{"", "ID", ""},
		{"/a/b", "/a/b", ""},
		{"a/b", "a/b", ""},
		{"/../../a//b/./c/..", "/a/b", ""},
		{"../../a/../../../b", "b", ""},
		{"system.slice:docker:1234", "system.slice:docker:1234", ""},
		{"/", "", `linux.cgroupsPath: "/" names no cgroup of the container's own`},
		{"/a/..", "", `linux.cgroupsPath: "/a/.." names no cgroup of the container's own`},
		{"..", "", `linux.cgroupsPath: ".." names no cgroup of the container's own`},
		{".", "", `linux.cgroupsPath: "." names no cgroup of the container's own`},
	} {
		inner, err := innerPath(c.path, "ID")
		if inner != c.inner || message(err) != c.err {
			t.Errorf("%q: %q, %v", c.path, inner, err)
		}
	}
}

func TestUnifiedPath(t *testing.T) {
	for _, c := range []struct{ own, inner, want string }{
		{"/user.slice/session.scope", "ID", "/sys/fs/cgroup/user.slice/ID"},
		{"/", "ID", "/sys/fs/cgroup/ID"},
		{"", "ID", "/sys/fs/cgroup/ID"},
		{"/../../outside", "ID", "/sys/fs/cgroup/ID"},
		{"/user.slice/session.scope", "/a/b", "/sys/fs/cgroup/a/b"},
	} {
		if got := unifiedPath(c.own, c.inner); got != c.want {
			t.Errorf("own %q, inner %q: %q, not %q", c.own, c.inner, got, c.want)
		}
	}
}

var someHierarchies = []hierarchy{
	{[]string{"cpu", "cpuacct"}, "/sys/fs/cgroup/cpu,cpuacct", "user.slice", true},
	{[]string{"name=systemd"}, "/sys/fs/cgroup/systemd", "", true},
	{[]string{"name=openrc"}, "/sys/fs/cgroup/openrc", "sshd", true},
	{[]string{""}, "/sys/fs/cgroup/unified", "user.slice", true},
}

func TestHierarchyPaths(t *testing.T) {
	for inner, want := range map[string]map[string]string{
		"/a/b": {
			"cpu": "/sys/fs/cgroup/cpu,cpuacct/a/b", "cpuacct": "/sys/fs/cgroup/cpu,cpuacct/a/b",
			"name=systemd": "/sys/fs/cgroup/systemd/a/b", "": "/sys/fs/cgroup/unified/a/b",
		},
		"ID": {
			"cpu": "/sys/fs/cgroup/cpu,cpuacct/user.slice/ID", "cpuacct": "/sys/fs/cgroup/cpu,cpuacct/user.slice/ID",
			"name=systemd": "/sys/fs/cgroup/systemd/ID", "": "/sys/fs/cgroup/unified/ID",
		},
	} {
		if diff := cmp.Diff(want, hierarchyPaths(someHierarchies, inner)); diff != "" {
			t.Errorf("%s: %s", inner, diff)
		}
	}
}

func TestMounts(t *testing.T) {
	m := &Manager{home: someHierarchies, saved: Saved{Paths: hierarchyPaths(someHierarchies, "/a")}}
	want := []Mount{
		{"cpu,cpuacct", "cgroup", []string{"cpu", "cpuacct"}, []string{"cpu", "cpuacct"}, "/sys/fs/cgroup/cpu,cpuacct/a"},
		{"systemd", "cgroup", []string{"name=systemd"}, nil, "/sys/fs/cgroup/systemd/a"},
		{"openrc", "cgroup", []string{"name=openrc"}, nil, "/sys/fs/cgroup/openrc/sshd"},
		{"unified", "cgroup2", nil, nil, "/sys/fs/cgroup/unified/a"},
	}
	if diff := cmp.Diff(want, m.Mounts()); diff != "" {
		t.Error(diff)
	}
}

func TestUnitPath(t *testing.T) {
	for _, c := range []struct{ path, unit, err string }{
		{"", ":crabcan:ID", ""},
		{"machine.slice:libpod:1234", "machine.slice:libpod:1234", ""},
		{"::x", "::x", ""},
		{"/a/b", "", `linux.cgroupsPath: expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, ` +
			`got "/a/b" instead`},
		{"a:b:c:d", "", `linux.cgroupsPath: expected cgroupsPath to be of format "slice:prefix:name" for systemd ` +
			`cgroups, got "a:b:c:d" instead`},
		{"a.slice:b:../c", "", `linux.cgroupsPath: "a.slice:b:../c": the name of a systemd unit has no slash`},
	} {
		unit, err := unitPath(c.path, "ID")
		if unit != c.unit || message(err) != c.err {
			t.Errorf("%q: %q, %v", c.path, unit, err)
		}
	}
	if slice, prefix, name := cutUnit("a.slice:b:c"); slice != "a.slice" || prefix != "b" || name != "c" {
		t.Error(slice, prefix, name)
	}
}
