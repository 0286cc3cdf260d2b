package runtime

import (
	"os"

	"github.com/moby/sys/userns"

	"github.com/crabcan/crabcan/runtime/cgroup"
)

// IsRootless says whether this process does without root's rights on the host: as a user, or in a user namespace. With
// systemd's cgroups it is whose systemd there is that decides: the root of a namespace in which no user's is found has
// the system's, or that of a container which everything here belongs to.
func IsRootless(systemdCgroup bool) bool {
	switch {
	case os.Geteuid() != 0:
		return true
	case !userns.RunningInUserNS():
		return false
	}
	return !systemdCgroup || cgroup.HasUserSystemd()
}
