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

// onV2 are the scripts and comparisons that depend on the version of cgroups.
const onV2 = "life|kill.*|delete_.*|run_.*|cgroup.*|create_twice|mount_cgroup_.*|devices_.*|resources_.*|" +
	"namespaces_.*|root_readonly|list_.*|pause.*|update.*|runc_spec|docker|podman|terminal"

// TestOnCgroupV2 runs them again on a host that has v1.
func TestOnCgroupV2(t *testing.T) {
	if pureV2() {
		t.Skip("the host has cgroup v2: TestScripts is the same")
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root to mount cgroup v2")
	}
	cmd := exec.Command("unshare", "--mount", "sh", "-c", privateV2, "sh",
		os.Args[0], "-test.run=^(TestScripts|TestSameAsRunc)$/^("+onV2+")$", "-test.v")
	// testscript leaves a folder there when not all scripts are run.
	cmd.Env = append(os.Environ(), "GOTMPDIR="+t.TempDir())
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, output)
	} else if passed := strings.Count(string(output), "--- PASS: TestScripts/"); passed < 20 {
		t.Errorf("only %d scripts were run", passed)
	}
}
