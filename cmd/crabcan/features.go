package main

import (
	"encoding/json"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/crabcan/crabcan/runtime"
)

// checkpointAnnotation tells clients that checkpoint and restore work. They know it by runc's name.
const checkpointAnnotation = "org.opencontainers.runc.checkpoint.enabled"

func featuresCommand() *cli.Command {
	return &cli.Command{
		Name:        "features",
		Usage:       "show what crabcan can do, as JSON",
		Description: "The format is the specification's features.md. Nothing is written to stderr.",
		Action: action(0, 0, func(*cli.Context) Errcode {
			out := json.NewEncoder(os.Stdout)
			out.SetIndent("", "    ")
			known := runtime.Features()
			if _, err := findWithCRIU(); err == nil {
				known.Annotations = map[string]string{checkpointAnnotation: "true"}
			}
			return failed(out.Encode(known))
		}),
	}
}
