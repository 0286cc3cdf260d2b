package main

import (
	"encoding/json"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/crabcan/crabcan/runtime"
)

func stateCommand() *cli.Command {
	return &cli.Command{
		Name:      "state",
		Usage:     "print the state of a container as JSON",
		ArgsUsage: "ID | BUNDLE",
		Action:    action(1, 1, printState),
	}
}

func printState(c *cli.Context) Errcode {
	return with(c, func(container *runtime.Container) error {
		info, err := container.State()
		if err != nil {
			return err
		}
		data, err := json.MarshalIndent(info, "", "  ")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.App.Writer, "%s\n", data)
		return err
	})
}
