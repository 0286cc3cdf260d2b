package main

import (
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/crabcan/crabcan/runtime"
	"github.com/crabcan/crabcan/runtime/plan"
	"github.com/crabcan/crabcan/spec"
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

func printPlan(c *cli.Context) Errcode {
	print, err := planPrinter(c.String("format"))
	if err != nil {
		return failed(err)
	}
	b, err := readBlueprint(c)
	if err != nil {
		return failed(err)
	}
	p, warnings, err := runtime.Plan(b.host, b.id, b.bundle, b.flags)
	warn(warnings)
	if err != nil {
		return failed(err)
	}
	return failed(print(p, c.App.Writer, spec.Positions(b.bundle.Config)))
}

// planPrinter is what --format chooses.
func planPrinter(format string) (func(*plan.Plan, io.Writer, plan.Where) error, error) {
	switch format {
	case "text":
		return (*plan.Plan).WriteText, nil
	case "json":
		return (*plan.Plan).WriteJSON, nil
	}
	return nil, errInvalidFormat
}
