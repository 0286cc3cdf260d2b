package cgroup

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/crabcan/crabcan/spec"
)

func number(n int64) *int64 { return &n }

var defaultText = []string{
	"allow c *:* m", "allow b *:* m", "allow c 1:3 rwm", "allow c 1:8 rwm", "allow c 1:7 rwm", "allow c 5:0 rwm",
	"allow c 1:5 rwm", "allow c 1:9 rwm", "allow c 136:* rwm", "allow c 5:2 rwm", "allow c 10:200 rwm",
}

func TestDeviceRules(t *testing.T) {
	for name, c := range map[string]struct {
		rules []specs.LinuxDeviceCgroup
		nodes []spec.Device
		want  []string
	}{
		"none": {nil, nil, defaultText},
		"as runc spec writes": {[]specs.LinuxDeviceCgroup{{Access: "rwm"}}, nil,
			slices.Concat([]string{"deny a *:* rwm"}, defaultText)},
		"a node replaces a default one": {nil, []spec.Device{{Path: "/dev/null"}},
			slices.Concat(defaultText[:2], defaultText[3:])},
		"both types": {[]specs.LinuxDeviceCgroup{{Allow: true, Access: "wr", Type: "a", Major: number(8)}}, nil,
			slices.Concat([]string{"allow c 8:* rw", "allow b 8:* rw"}, defaultText)},
		"privileged": {[]specs.LinuxDeviceCgroup{{Allow: true, Access: "mrw"}, {Access: "rwm", Type: "c", Minor: number(3)}},
			nil, []string{"allow a *:* rwm", "deny c *:3 rwm"}},
	} {
		if diff := cmp.Diff(c.want, text(deviceRules(c.rules, c.nodes))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestHoles(t *testing.T) {
	denyAll, allowAll := specs.LinuxDeviceCgroup{Access: "rwm"}, specs.LinuxDeviceCgroup{Allow: true, Access: "rwm"}
	c := func(allow bool, access string, major, minor int64) specs.LinuxDeviceCgroup {
		return specs.LinuxDeviceCgroup{Allow: allow, Access: access, Type: "c", Major: &major, Minor: &minor}
	}
	for name, k := range map[string]struct {
		rules []specs.LinuxDeviceCgroup
		want  string
	}{
		"none":                       {nil, ""},
		"same devices":               {[]specs.LinuxDeviceCgroup{denyAll, c(true, "rw", 7, -1), c(false, "w", 7, -1)}, ""},
		"other access":               {[]specs.LinuxDeviceCgroup{denyAll, c(true, "r", 7, -1), c(false, "w", 7, 1)}, ""},
		"forgotten":                  {[]specs.LinuxDeviceCgroup{c(true, "rw", 7, -1), denyAll, c(false, "w", 7, 1)}, ""},
		"a denial that says nothing": {[]specs.LinuxDeviceCgroup{denyAll, c(false, "rwm", 1, 3)}, ""},
		"a part": {[]specs.LinuxDeviceCgroup{denyAll, c(true, "rw", 7, -1), c(false, "w", 7, 1)},
			`deny "c 7:1 w" changes a part of allow "c 7:* rw", which cgroup v1 can't do`},
		"more": {[]specs.LinuxDeviceCgroup{allowAll, c(false, "rw", 7, 1), c(true, "w", -1, -1)},
			`allow "c *:* w" changes a part of deny "c 7:1 rw", which cgroup v1 can't do`},
	} {
		if err := checkHoles(splitRules(deviceRules(k.rules, nil))); message(err) != k.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDeviceNumbers(t *testing.T) {
	rules := []specs.LinuxDeviceCgroup{
		{Major: number(-1), Minor: number(maxMinor)}, {Major: number(4096), Minor: number(-2)}}
	want := "linux.resources.devices[1].major: must be -1 (any) to 4095, not 4096\n" +
		"linux.resources.devices[1].minor: must be -1 (any) to 1048575, not -2"
	if err := checkNumbers(rules); message(err) != want {
		t.Errorf("got %v", err)
	}
}

func TestSystemdDeviceList(t *testing.T) {
	rules := []specs.LinuxDeviceCgroup{
		{Allow: true, Access: "rw", Type: "b", Major: number(8), Minor: number(0)},
		{Access: "w", Type: "b", Major: number(8), Minor: number(0)},
		{Allow: true, Access: "r", Type: "c", Minor: number(4)},
		{Allow: true, Access: "r", Type: "b", Major: number(9)},
	}
	want := []deviceAllow{
		{"/dev/block/8:0", "r"}, {"block-9", "r"}, {"char-*", "m"}, {"block-*", "m"}, {"/dev/char/1:3", "rwm"},
		{"/dev/char/1:8", "rwm"}, {"/dev/char/1:7", "rwm"}, {"/dev/char/5:0", "rwm"}, {"/dev/char/1:5", "rwm"},
		{"/dev/char/1:9", "rwm"}, {"char-136", "rwm"}, {"/dev/char/5:2", "rwm"}, {"/dev/char/10:200", "rwm"},
	}
	if diff := cmp.Diff(want, allowList(deviceRules(rules, nil))); diff != "" {
		t.Error(diff)
	}
}
