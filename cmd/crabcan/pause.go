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
