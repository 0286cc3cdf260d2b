//go:build !criu

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/urfave/cli/v2"
)

// withCRIUName is crabcan itself with CRIU's protocol linked in (the build tag criu). It is a program of its own because
// the protocol's tables would cost every start of crabcan 0.1 ms.
const withCRIUName = "crabcan-criu"

// withCRIU lets crabcan-criu go on in this process, if the flags are right: with the same pid, descriptors and
// arguments, so that the caller does not see the difference.
func withCRIU(func(*cli.Context, finder) Errcode) func(*cli.Context) Errcode {
	return func(c *cli.Context) Errcode {
		if _, err := checkpointOptions(c); err != nil {
			return failed(err)
		}
		path, err := findWithCRIU()
		if err != nil {
			return failed(err)
		}
		return failed(fmt.Errorf("%s: %w", path, syscall.Exec(path, os.Args, os.Environ())))
	}
}

// findWithCRIU looks beside this program, in the libexec folder that belongs to it, and in PATH.
func findWithCRIU() (string, error) {
	if self, err := os.Executable(); err == nil {
		dir := filepath.Dir(self)
		for _, path := range []string{
			filepath.Join(dir, withCRIUName),
			filepath.Join(dir, "../libexec/crabcan", withCRIUName),
		} {
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
				return path, nil
			}
		}
	}
	path, err := exec.LookPath(withCRIUName)
	if err != nil {
		return "", fmt.Errorf("checkpoint and restore are done by %s, which is not installed: %w", withCRIUName, err)
	}
	return path, nil
}
