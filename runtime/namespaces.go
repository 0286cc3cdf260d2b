package runtime

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/spec"
)

// namespaceFiles are the names that namespaces have in /proc/PID/ns.
var namespaceFiles = [...]struct {
	name string
	flag uint64
}{
	{"user", unix.CLONE_NEWUSER}, {"mnt", unix.CLONE_NEWNS}, {"pid", unix.CLONE_NEWPID}, {"net", unix.CLONE_NEWNET},
	{"ipc", unix.CLONE_NEWIPC}, {"uts", unix.CLONE_NEWUTS}, {"cgroup", unix.CLONE_NEWCGROUP}, {"time", unix.CLONE_NEWTIME},
}

// namespaceFlag is the CLONE_NEW* bit of a name in /proc/PID/ns.
func namespaceFlag(name string) uint64 {
	for _, n := range namespaceFiles {
		if n.name == name {
			return n.flag
		}
	}
	return 0
}

// foreignNamespaces are those namespaces of a process that are not crabcan's own. Joining one's own is an error for a
// user namespace and does nothing for the others.
func foreignNamespaces(pid int) (flags uint64, err error) {
	for _, n := range namespaceFiles {
		own, err := os.Readlink("/proc/self/ns/" + n.name)
		if errors.Is(err, unix.ENOENT) {
			continue // this kernel has no such namespaces
		}
		if err != nil {
			return 0, err
		}
		theirs, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/ns/" + n.name)
		if err != nil {
			return 0, err
		}
		if own != theirs {
			flags |= n.flag
		}
	}
	return flags, nil
}

// ownNamespaces are those kinds of namespaces that a config joins by a path which leads to crabcan's own. A pivot_root
// or a sysctl in there would be the host's.
func ownNamespaces(list []spec.Namespace) (flags uint64) {
	for _, n := range list {
		for _, file := range namespaceFiles {
			if n.Path != "" && n.Flag == file.flag && sameFile(n.Path, "/proc/self/ns/"+file.name) {
				flags |= n.Flag
			}
		}
	}
	return flags
}

func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}
