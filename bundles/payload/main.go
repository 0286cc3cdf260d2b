// Without these Go keeps files of the cgroup open to follow its CPU limit, beside those that the report looks for.
//
//go:debug containermaxprocs=0
//go:debug updatemaxprocs=0

// Command payload is what examples and tests run inside containers: one static program, the only file that their root
// folder needs. It reports what it sees from inside, and it has small commands that do what a test wants to watch.
// Like busybox it goes by the name it is called: `payload true` and a copy named `true` do the same.
//
// Nothing in here may be needed to be mounted: a missing /proc makes a report shorter and nothing else.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

func main() { os.Exit(run(os.Args)) }

// run calls the command that argv asks for, says what went wrong and returns the exit status.
func run(argv []string) int {
	called, args, found := choose(argv)
	if !found {
		fmt.Fprintf(os.Stderr, "%s: no such command\n\n%s", argv[1], usage())
		return 2
	}
	err := called.run(args)
	if err == nil {
		return 0
	}
	if status, ok := errors.AsType[exitStatus](err); ok {
		return int(status)
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", called.name, err)
	return 1
}

// choose finds the command by the program's own name, else by the first argument; without one it is the report.
func choose(argv []string) (called command, args []string, found bool) {
	if called, found = byName(filepath.Base(argv[0])); found {
		return called, argv[1:], true
	}
	if len(argv) == 1 {
		argv = append(argv, "report")
	}
	called, found = byName(argv[1])
	return called, argv[2:], found
}

func byName(name string) (command, bool) {
	i := slices.IndexFunc(commands[:], func(c command) bool { return c.name == name })
	if i < 0 {
		return command{}, false
	}
	return commands[i], true
}

// exitStatus ends a command with that status and no further words.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }
