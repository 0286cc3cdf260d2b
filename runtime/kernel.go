package runtime

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// The oldest kernel that has all that a plan uses: mount_setattr (5.12), and cgroup.kill and quota-safe overlay
// details that came until 5.14.
const oldestMajor, oldestMinor = 5, 14

// checkKernel refuses kernels that would fail somewhere in the middle of a plan.
func checkKernel() error {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return fmt.Errorf("uname: %w", err)
	}
	release := unix.ByteSliceToString(u.Release[:])
	return checkRelease(release)
}

func checkRelease(release string) error {
	var major, minor int
	if _, err := fmt.Sscanf(release, "%d.%d", &major, &minor); err != nil {
		return fmt.Errorf("kernel release %q has no version number", release)
	}
	if major < oldestMajor || major == oldestMajor && minor < oldestMinor {
		return fmt.Errorf("this kernel is Linux %s, but crabcan needs %d.%d or newer", release, oldestMajor, oldestMinor)
	}
	return nil
}
