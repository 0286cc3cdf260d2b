package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/crabcan/crabcan/runtime"
)

// errInvalidFormat has runc's words.
var errInvalidFormat = errors.New("invalid format option")

func listCommand() *cli.Command {
	return &cli.Command{
		Name:  "list",
		Usage: "list the containers under --root",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Value: "table", Usage: "print \"table\" or \"json\""},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print only IDs"},
		},
		Action: action(0, 0, list),
	}
}

func list(c *cli.Context) Errcode {
	print, err := listPrinter(c.String("format"), c.Bool("quiet"))
	if err != nil {
		return failed(err)
	}
	h, err := host(c)
	if err != nil {
		return failed(err)
	}
	if c.IsSet("root") {
		// A mistyped root must not look like one without containers.
		if _, err := os.Stat(h.Root); err != nil {
			return failed(err)
		}
	}
	infos, err := runtime.List(h)
	if err != nil {
		return failed(err)
	}
	return failed(print(c.App.Writer, infos))
}

// listPrinter chooses how to print a list.
func listPrinter(format string, quiet bool) (func(io.Writer, []runtime.Info) error, error) {
	switch {
	case quiet:
		return printIDs, nil
	case format == "table":
		return printTable, nil
	case format == "json":
		return printJSON, nil
	}
	return nil, errInvalidFormat
}

func printIDs(w io.Writer, infos []runtime.Info) error {
	for _, info := range infos {
		if _, err := fmt.Fprintln(w, info.ID); err != nil {
			return err
		}
	}
	return nil
}

func printTable(w io.Writer, infos []runtime.Info) error {
	t := tabwriter.NewWriter(w, 12, 1, 3, ' ', 0) // runc's widths: some read the columns by position
	fmt.Fprintln(t, "ID\tPID\tSTATUS\tBUNDLE\tCREATED\tOWNER")
	for _, i := range infos {
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\n",
			i.ID, i.Pid, i.Status, i.Bundle, i.Created.Format(time.RFC3339Nano), i.Owner)
	}
	return t.Flush()
}

func printJSON(w io.Writer, infos []runtime.Info) error { return json.NewEncoder(w).Encode(infos) }
