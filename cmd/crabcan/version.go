package main

import (
	"fmt"
	"runtime"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/urfave/cli/v2"
)

// What is built; the Makefile sets both (-ldflags "-X main.version=... -X main.commit=...").
var (
	version = "unknown"
	commit  = "unknown"
)

// printVersion prints what go-runc, Docker and CRI-O take apart by the words before the colons.
func printVersion(c *cli.Context) {
	fmt.Fprintf(c.App.Writer, "crabcan version %s\ncommit: %s\nspec: %s\ngo: %s\n",
		version, commit, specs.Version, runtime.Version())
}
