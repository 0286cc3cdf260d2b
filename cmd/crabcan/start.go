package main

import (
	"os"

	"github.com/urfave/cli/v2"

	"github.com/crabcan/crabcan/runtime"
)

func startCommand() *cli.Command {
	return &cli.Command{
		Name:      "start",
		Usage:     "let a created container run its program",
		ArgsUsage: "ID | BUNDLE",
		Action:    action(1, 1, start),
	}
}

func start(c *cli.Context) Errcode {
	return with(c, func(container *runtime.Container) error {
		container.NotifyThrough(os.Getenv(notifySocket))
		return container.Start()
	})
}
