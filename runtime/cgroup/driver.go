package cgroup

import (
	"errors"

	"github.com/opencontainers/cgroups"
	"github.com/opencontainers/cgroups/fs"
	"github.com/opencontainers/cgroups/fs2"
	"github.com/opencontainers/cgroups/systemd"
)

var errNoSystemd = errors.New("systemd does not run on this host (there is no /run/systemd/system): " +
	"cgroups can't be made through it")

// init gives the library our device rules: its own ones load a second filter each time to try what the kernel can
// do, and need a module of their own for it.
func init() {
	cgroups.DevicesSetV1 = setDevicesV1
	cgroups.DevicesSetV2 = setDevicesV2
	systemd.GenerateDeviceProps = deviceProperties
}

// newDriver is the library's manager of one of its four kinds. Paths are nil before systemd has been asked for them.
func newDriver(c *cgroups.Cgroup, s Saved) (cgroups.Manager, error) {
	unified := modeOf(s.Paths) == Unified || s.Paths == nil && isUnified(mountPoint)
	switch {
	case s.Systemd && !systemd.IsRunningSystemd():
		return nil, errNoSystemd
	case s.Systemd && unified:
		return systemd.NewUnifiedManager(c, s.Paths[""])
	case s.Systemd:
		return systemd.NewLegacyManager(c, s.Paths)
	case unified:
		return fs2.NewManager(c, s.Paths[""])
	}
	return fs.NewManager(c, s.Paths)
}

// HasUserSystemd says that the root of a user namespace has a systemd of its user's own, whom systemd would then have to
// be asked through. `busctl --user` finds it, and whose it is; runc goes by the same.
func HasUserSystemd() bool {
	owner, err := systemd.DetectUID()
	return err == nil && owner != 0
}
