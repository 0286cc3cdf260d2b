//go:build !manual

// Without these two the Go runtime keeps two cgroup files of the host open, which a container could inherit, to follow
// a CPU quota that does not matter to a process of milliseconds.
//
//go:debug containermaxprocs=0
//go:debug updatemaxprocs=0

// Command crabcan runs containers from OCI bundles.
//
// A verb is a file. Each returns an Errcode, and exitWithRetcode turns that into the end of the process.
package main

import (
	"os"

	_ "github.com/crabcan/crabcan/cmd/crabcan/prefault"
)

func main() {
	exitWithRetcode(run(os.Args))
}
