package main

import (
	"github.com/urfave/cli/v2"
)

func createCommand() *cli.Command {
	return &cli.Command{
		Name:      "create",
		Usage:     "create a container, which then waits to be started",
		ArgsUsage: "BUNDLE | [--bundle DIR] ID",
		Flags:     newFlags(),
		Action:    action(1, 1, create),
	}
}

func create(c *cli.Context) Errcode {
	container, err := newContainer(c)
	if err == nil {
		err = container.Create()
	}
	if err != nil {
		return abandon(container, err)
	}
	container.Close()
	return Errcode{}
}
