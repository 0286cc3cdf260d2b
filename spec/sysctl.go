package spec

import (
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// ipcSysctls are the System V IPC parameters that each IPC namespace has its own of.
var ipcSysctls = [...]string{
	"kernel/msgmax", "kernel/msgmnb", "kernel/msgmni", "kernel/sem", "kernel/shmall", "kernel/shmmax",
	"kernel/shmmni", "kernel/shm_rmid_forced",
}

// sysctl lets only those parameters through that belong to a namespace of the container: all others are the host's.
func (c *checker) sysctl() {
	const pointer = "/linux/sysctl"
	for name, value := range c.spec.Linux.Sysctl {
		entry := member(pointer, name)
		file := sysctlFile(name)
		// "net/../kernel/core_pattern" would pass the rules for net and write the host's parameter.
		if !isPlainPath(file) {
			c.errorf(entry, "is no name of a kernel parameter")
			continue
		}
		c.sysctlNamespace(entry, file)
		c.text(entry, value)
		c.opts.Sysctl = append(c.opts.Sysctl, Sysctl{Name: file, Value: value, Pointer: entry})
	}
	slices.SortFunc(c.opts.Sysctl, func(a, b Sysctl) int {
		return strings.Compare(a.Name+"\x00"+a.Pointer, b.Name+"\x00"+b.Pointer)
	})
	for i := 1; i < len(c.opts.Sysctl); i++ {
		if c.opts.Sysctl[i].Name == c.opts.Sysctl[i-1].Name {
			c.errorf(c.opts.Sysctl[i].Pointer, "is another spelling of %s", Dotted(c.opts.Sysctl[i-1].Pointer))
		}
	}
}

// sysctlFile is the parameter's path below /proc/sys. sysctl.d(5): when the first separator is a slash, names are paths
// and dots are literal ("net/ipv4/conf/eth0.1/forwarding"); when it is a dot, the two change roles.
func sysctlFile(name string) string {
	if i := strings.IndexAny(name, "./"); i < 0 || name[i] == '/' {
		return name
	}
	return strings.Map(func(r rune) rune {
		switch r {
		case '.':
			return '/'
		case '/':
			return '.'
		}
		return r
	}, name)
}

// isPlainPath reports whether every component of the path names something, and something below its parent.
func isPlainPath(file string) bool {
	for part := range strings.SplitSeq(file, "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	return !holdsNUL(file)
}

func (c *checker) sysctlNamespace(pointer, file string) {
	switch {
	case strings.HasPrefix(file, "net/"):
		c.needs(unix.CLONE_NEWNET, pointer, "network")
	case strings.HasPrefix(file, "fs/mqueue/"), slices.Contains(ipcSysctls[:], file):
		c.needs(unix.CLONE_NEWIPC, pointer, "ipc")
	case file == "kernel/domainname":
		c.needs(unix.CLONE_NEWUTS, pointer, "uts")
	case strings.HasPrefix(file, "user/"):
		// What one allows itself, its limits on namespaces included, is counted per user namespace.
		c.needs(unix.CLONE_NEWUSER, pointer, "user")
	case file == "kernel/hostname":
		c.errorf(pointer, "cannot be set here, the member hostname is for that")
	default:
		c.errorf(pointer, "belongs to no namespace of the container: it would change the host")
	}
}
