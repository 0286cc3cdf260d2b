package main

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/crabcan/crabcan/runtime"
)

func planCommand() *cli.Command {
	return &cli.Command{
		Name:      "plan",
		Usage:     "print what would be done to create a container, step by step, and do nothing",
		ArgsUsage: "BUNDLE | [--bundle DIR] ID",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Value: "text", Usage: "print \"text\" or \"json\""},
		}, newFlags()),
		Action: action(1, 1, printPlan),
	}
}

// planPrinter is how a plan prints itself.
type planPrinter interface {
	WriteText(io.Writer) error
	WriteJSON(io.Writer) error
}

func printPlan(c *cli.Context) Errcode {
	b, err := readBlueprint(c)
	if err != nil {
		return failed(err)
	}
	p, warnings, err := runtime.Plan(b.host, b.id, b.bundle, b.flags)
	warn(warnings)
	if err != nil {
		return failed(err)
	}
	printer, ok := any(p).(planPrinter)
	if !ok {
		return failed(errors.New("this crabcan can't print plans"))
	}
	switch format := c.String("format"); format {
	case "text":
		return failed(printer.WriteText(c.App.Writer))
	case "json":
		return failed(printer.WriteJSON(c.App.Writer))
	default:
		return failed(fmt.Errorf("invalid format option: %s", format))
	}
}
