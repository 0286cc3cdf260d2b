package resctrl

import (
	"errors"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// usual is the folder that the kernel makes for the file system if processor and kernel have it.
const usual = "/sys/fs/resctrl"

// ErrNotMounted is what Root says on a host without such a file system.
var ErrNotMounted = errors.New("no resctrl file system is mounted on this host")

// Root is where a resctrl file system is mounted. The error says that there is none.
func Root() (string, error) {
	var fs unix.Statfs_t
	if unix.Statfs(usual, &fs) == nil && fs.Type == unix.RDTGROUP_SUPER_MAGIC {
		return usual, nil
	}
	mounts, err := mountinfo.GetMounts(mountinfo.FSTypeFilter("resctrl"))
	if err != nil {
		return "", err
	}
	if len(mounts) == 0 {
		return "", ErrNotMounted
	}
	return mounts[0].Mountpoint, nil
}
