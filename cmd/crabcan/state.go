package main

import (
	"encoding/json"
	"fmt"

	"github.com/urfave/cli/v2"
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
	container, err := load(c)
	if err != nil {
		return failed(err)
	}
	defer container.Close()
	info, err := container.State()
	if err != nil {
		return failed(err)
	}
	data, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return failed(err)
	}
	_, err = fmt.Fprintf(c.App.Writer, "%s\n", data)
	return failed(err)
}
