package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// privateV2 runs a command where /sys/fs/cgroup is cgroup v2, whatever the host has there. All controllers that v1 has
// taken are missing, but what cgroup v2 does by itself is there: the freezer, killing, filters of devices.
const privateV2 = `umount -l -R /sys/fs/cgroup && mount -t tmpfs none /sys/fs/cgroup &&
	mount -t cgroup2 none /sys/fs/cgroup && exec "$@"`

// TestScriptsOnCgroupV2 runs those scripts again that depend on the version of cgroups, on a host that has v1.
func TestScriptsOnCgroupV2(t *testing.T) {
	if pureV2() {
		t.Skip("the host has cgroup v2: TestScripts is the same")
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root to mount cgroup v2")
	}
	const scripts = "^TestScripts$/^(life|kill.*|delete_.*|run_.*|cgroup.*|create_twice|mount_cgroup_.*|devices_.*|" +
		"resources_.*|namespaces_.*|root_readonly|list_.*|pause.*|update.*)$"
	cmd := exec.Command("unshare", "--mount", "sh", "-c", privateV2, "sh",
		os.Args[0], "-test.run="+scripts, "-test.v")
	output, err := cmd.CombinedOutput()
	if strings.Count(string(output), "--- PASS: TestScripts/") < 20 {
		t.Errorf("of the scripts that were meant only these were run")
	}
	if err != nil || t.Failed() {
		t.Errorf("%v\n%s", err, output)
	}
}
