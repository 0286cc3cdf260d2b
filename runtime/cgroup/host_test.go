package cgroup

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const systemdHybridMounts = `
24 22 0:21 / /proc rw,relatime shared:5 - proc proc rw
31 23 0:28 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755
32 31 0:29 / /sys/fs/cgroup/unified rw shared:10 - cgroup2 cgroup2 rw,nsdelegate
33 31 0:30 / /sys/fs/cgroup/systemd rw shared:11 - cgroup cgroup rw,xattr,name=systemd
34 99 0:31 / /mnt/elsewhere rw - cgroup cgroup rw,cpu,cpuacct
35 31 0:31 / /sys/fs/cgroup/cpu,cpuacct rw shared:14 - cgroup cgroup rw,cpu,cpuacct
36 31 0:32 /docker/abc /sys/fs/cgroup/devices rw shared:15 - cgroup cgroup rw,devices
37 99 0:29 / /mnt/second\040unified rw - cgroup2 cgroup2 rw
38 31 0:33 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
39 31 0:34 / /sys/fs/cgroup/openrc rw - cgroup cgroup rw,none,name=openrc
`

const systemdHybridOwn = `12:memory:/../elsewhere
11:devices:/docker/abc/inner
4:cpu,cpuacct:/user.slice
3:name=openrc:/
1:name=systemd:/user.slice/session-1.scope
0::/user.slice/session-1.scope
`

func TestParseHierarchies(t *testing.T) {
	got, err := parseHierarchies(strings.NewReader(systemdHybridMounts[1:]), systemdHybridOwn)
	if err != nil {
		t.Fatal(err)
	}
	want := []hierarchy{
		{[]string{"name=systemd"}, "/sys/fs/cgroup/systemd", "user.slice/session-1.scope", true},
		{[]string{"cpu", "cpuacct"}, "/sys/fs/cgroup/cpu,cpuacct", "user.slice", true},
		{[]string{"devices"}, "/sys/fs/cgroup/devices", "inner", true},
		{[]string{"memory"}, "/sys/fs/cgroup/memory", "", false},
		{[]string{"name=openrc"}, "/sys/fs/cgroup/openrc", "", true},
		{[]string{""}, "/sys/fs/cgroup/unified", "user.slice/session-1.scope", true},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(hierarchy{}), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestModes(t *testing.T) {
	devices, unified := hierarchy{controllers: []string{"devices"}}, hierarchy{[]string{""}, hybridMountPoint, "", true}
	for _, c := range []struct {
		name string
		list []hierarchy
		mode Mode
		err  string
	}{
		{"nothing", nil, None, "no cgroup file system is mounted at /sys/fs/cgroup"},
		{"no devices", []hierarchy{{controllers: []string{"memory"}}}, None,
			"cgroup v1 without a devices hierarchy: access to devices could not be limited"},
		{"v1", []hierarchy{devices}, V1, ""},
		{"hybrid", []hierarchy{devices, unified}, Hybrid, ""},
	} {
		h, err := newHost(c.list)
		if h.mode != c.mode || message(err) != c.err {
			t.Errorf("%s: %v, %v", c.name, h.mode, err)
		}
	}
	for mode, paths := range map[Mode]map[string]string{
		None:    {},
		V1:      {"memory": "x", "devices": "y"},
		Hybrid:  {"memory": "x", "": "y"},
		Unified: {"": "x"},
	} {
		if got := modeOf(paths); got != mode {
			t.Errorf("%v: %v", paths, got)
		}
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
