package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/crabcan/crabcan/runtime"
)

func runCommand() *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "create and start a container, wait for its end, and delete it",
		ArgsUsage: "BUNDLE | [--bundle DIR] ID",
		Description: "crabcan exits with the status of the container's process, with 128+N if signal N killed it,\n" +
			"and hands the signals it gets on to it.",
		Flags: slices.Concat(newFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "detach", Aliases: []string{"d"}, Usage: "do not wait for the end"},
			&cli.BoolFlag{Name: "keep", Usage: "do not delete the container at its end"},
			&cli.BoolFlag{Name: "no-subreaper", Usage: "do not adopt the processes that the container leaves behind"},
		}),
		Action: action(1, 1, runContainer),
	}
}

func runContainer(c *cli.Context) Errcode {
	container, err := newContainer(c)
	status := 0
	if err == nil {
		status, err = container.Run(runOptions(c))
	}
	if err != nil {
		return abandon(container, err)
	}
	container.Close()
	return Errcode{Status: status}
}

// runOptions are the flags of run, as far as the verb has them.
func runOptions(c *cli.Context) runtime.RunOptions {
	return runtime.RunOptions{Detach: c.Bool("detach"), Keep: c.Bool("keep"), NoSubreaper: c.Bool("no-subreaper")}
}
