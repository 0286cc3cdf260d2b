package main

import (
	"os"

	"github.com/urfave/cli/v2"
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
	container, err := load(c)
	if err != nil {
		return failed(err)
	}
	defer container.Close()
	container.NotifyThrough(os.Getenv(notifySocket))
	return failed(container.Start())
}
