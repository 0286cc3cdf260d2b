package main

import (
	"errors"

	"github.com/sirupsen/logrus"
	"github.com/urfave/cli/v2"

	"github.com/crabcan/crabcan/runtime"
)

func deleteCommand() *cli.Command {
	return &cli.Command{
		Name:      "delete",
		Usage:     "remove a container that has stopped, and all that was made for it",
		ArgsUsage: "ID | BUNDLE",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "force", Aliases: []string{"f"},
				Usage: "kill the container if it still runs; if there is none, that is no error"},
		},
		Action: action(1, 1, deleteContainer),
	}
}

func deleteContainer(c *cli.Context) Errcode {
	h, err := host(c)
	if err != nil {
		return failed(err)
	}
	force := c.Bool("force")
	id, err := existingName(h, c.Args().First())
	if force && errors.Is(err, runtime.ErrNotExist) {
		return Errcode{}
	}
	if err != nil {
		return failed(err)
	}
	logrus.Debug("Finished, cleaning & exit")
	return failed(runtime.Delete(h, id, force))
}
