//go:build criu

package main

import (
	"os"

	"github.com/urfave/cli/v2"

	"github.com/crabcan/crabcan/runtime"
	"github.com/crabcan/crabcan/runtime/criu"
)

// findWithCRIU finds this program.
func findWithCRIU() (string, error) { return os.Executable() }

// withCRIU calls a verb that needs CRIU. With the build tag criu this is not crabcan but crabcan-criu, the same program
// with CRIU's protocol linked in.
func withCRIU(verb func(*cli.Context, finder) Errcode) func(*cli.Context) Errcode {
	return func(c *cli.Context) Errcode {
		return verb(c, func() (runtime.Checkpointer, error) { return criu.Find() })
	}
}
