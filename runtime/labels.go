package runtime

import (
	"fmt"
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

// profileTypes are the types of profiles that CRIU knows, and whether the host has what enforces them.
var profileTypes = map[string]func() bool{"apparmor": appArmorEnabled, "selinux": selinuxEnabled}

// CheckLabels refuses LSMProfile and LSMMountContext on a host that would not enforce them: CRIU leaves them out there.
func (o CheckpointOptions) CheckLabels() error {
	if o.LSMMountContext != "" && !selinuxEnabled() {
		return fmt.Errorf("--lsm-mount-context %s: needs SELinux, which is disabled or not supported on this host", o.LSMMountContext)
	}
	if o.LSMProfile == "" {
		return nil
	}
	kind, name, _ := strings.Cut(o.LSMProfile, ":")
	enabled, known := profileTypes[kind]
	switch {
	case !known || name == "":
		return fmt.Errorf("--lsm-profile %s: must be apparmor:NAME or selinux:LABEL", o.LSMProfile)
	case !enabled():
		return fmt.Errorf("--lsm-profile %s: %s is disabled or not supported on this host", o.LSMProfile, kind)
	}
	return nil
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
