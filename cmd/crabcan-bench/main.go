// Without these two the Go runtime follows the CPU quota of the cgroup that it is in, while cgroups come and go.
//
//go:debug containermaxprocs=0
//go:debug updatemaxprocs=0

// Command crabcan-bench measures crabcan beside its peers and beside the kernel's own cost. It is run in the
// repository's root folder, as root: see `make bench`.
//
// The process that is called only builds, collects and prints. What it prints is measured by copies of itself, each in
// a mount namespace of its own with the cgroups of one world, so nothing of theirs outlives them: see worlds.
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := bench(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "crabcan-bench:", err)
		os.Exit(1)
	}
}

// bench is either process: the one called, or a copy inside a world.
func bench(args []string) error {
	if len(args) >= 3 && args[0] == insideVerb {
		o, err := parseOptions(args[3:])
		if err != nil {
			return err
		}
		return inside(o, args[1], args[2])
	}
	o, err := parseOptions(args)
	if err != nil {
		return err
	}
	return outside(o, args)
}
