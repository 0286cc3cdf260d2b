package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/crabcan/crabcan/runtime"
	"github.com/crabcan/crabcan/runtime/doctor"
)

// errSick is the failure where no container can run.
var errSick = errors.New("crabcan can't run containers here")

func doctorCommand() *cli.Command {
	return &cli.Command{
		Name:        "doctor",
		Usage:       "check this machine: what works, what does not, and what to do",
		Description: "It fails only if no container can run at all.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Value: "text", Usage: "print \"text\" or \"json\""},
		},
		Action: action(0, 0, examine),
	}
}

func examine(c *cli.Context) Errcode {
	print := printReport
	switch c.String("format") {
	case "text":
	case "json":
		print = printReportJSON
	default:
		return failed(errInvalidFormat)
	}
	h, err := host(c)
	if err != nil {
		return failed(err)
	}
	_, noCRIU := findWithCRIU()
	report := runtime.Doctor(h, noCRIU)
	if err := print(c.App.Writer, report); err != nil {
		return failed(err)
	}
	if report.Level == doctor.Failed {
		return failed(errSick)
	}
	return Errcode{}
}

// printReport prints a line for each finding, and its advice below it.
func printReport(w io.Writer, r doctor.Report) error {
	for _, f := range r.Findings {
		advice := ""
		if f.Advice != "" {
			advice = fmt.Sprintf("%24s%s\n", "", f.Advice)
		}
		if _, err := fmt.Fprintf(w, "%-8s  %-12s  %s\n%s", f.Level, f.Check, f.Words, advice); err != nil {
			return err
		}
	}
	return nil
}

func printReportJSON(w io.Writer, r doctor.Report) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(r)
}
