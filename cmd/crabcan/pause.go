package main

import (
	"github.com/urfave/cli/v2"

	"github.com/crabcan/crabcan/runtime"
)

func pauseCommand() *cli.Command {
	return &cli.Command{
		Name:      "pause",
		Usage:     "stop all processes of a container until it is resumed",
		ArgsUsage: "ID | BUNDLE",
		Action:    action(1, 1, onContainer((*runtime.Container).Pause)),
	}
}

func resumeCommand() *cli.Command {
	return &cli.Command{
		Name:      "resume",
		Usage:     "let the processes of a paused container go on",
		ArgsUsage: "ID | BUNDLE",
		Action:    action(1, 1, onContainer((*runtime.Container).Resume)),
	}
}

// onContainer is a verb that does one thing to the container that the argument names.
func onContainer(do func(*runtime.Container) error) func(*cli.Context) Errcode {
	return func(c *cli.Context) Errcode {
		container, err := load(c)
		if err != nil {
			return failed(err)
		}
		defer container.Close()
		return failed(do(container))
	}
}
