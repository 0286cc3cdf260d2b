package runtime

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/plan"
	"github.com/crabcan/crabcan/spec"
)

// gatherLabels finds out whether the host enforces the labels that are asked for.
func gatherLabels(f *plan.Facts, o *spec.ContainerOpts) {
	f.AppArmor = o.AppArmor != "" && appArmorEnabled()
	f.SELinux = (o.SELinux != "" || o.MountLabel != "") && selinuxEnabled()
}

// appArmorEnabled asks the module itself: its folder in securityfs may not be mounted.
func appArmorEnabled() bool {
	text, err := os.ReadFile("/sys/module/apparmor/parameters/enabled")
	return err == nil && strings.HasPrefix(string(text), "Y")
}

// selinuxEnabled reports whether SELinux has a policy: before one is loaded every process is labelled "kernel".
func selinuxEnabled() bool {
	var fs unix.Statfs_t
	if unix.Statfs("/sys/fs/selinux", &fs) != nil || fs.Type != unix.SELINUX_MAGIC {
		return false
	}
	label, err := os.ReadFile("/proc/self/attr/current")
	return err == nil && strings.TrimRight(string(label), "\x00\n") != "kernel"
}
