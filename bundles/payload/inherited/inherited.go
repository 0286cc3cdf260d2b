// Package inherited remembers what Go changes in a process before main begins: the soft limit of open files, which
// the package syscall raises to the hard one when it is initialised.
//
// Packages are initialised in the order of their import paths as soon as all that they import is. This one imports
// nothing, so its turn comes before syscall's; therefore it makes its one system call by itself. A test of the payload
// keeps watch on that.
package inherited

// Nofile holds the soft and the hard limit of RLIMIT_NOFILE as the process was given them.
var Nofile = nofile()

func nofile() (limits [2]uint64) {
	getNofile(&limits)
	return limits
}

// getNofile is getrlimit(RLIMIT_NOFILE, limits). It cannot fail.
//
//go:noescape
func getNofile(limits *[2]uint64)
