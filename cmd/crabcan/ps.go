package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/crabcan/crabcan/runtime"
)

func psCommand() *cli.Command {
	return &cli.Command{
		Name:      "ps",
		Usage:     "show the processes of a container",
		ArgsUsage: "ID | BUNDLE [PS OPTION...]",
		Description: "The table is that of ps(1), called with the options given (default: -ef), without the lines of other\n" +
			"processes. The json format is the list of pids.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Value: "table", Usage: "show as \"table\" or \"json\""},
		},
		Action: action(1, unlimited, ps),
	}
}

func ps(c *cli.Context) Errcode {
	return with(c, func(container *runtime.Container) error {
		pids, err := container.Pids()
		if err != nil {
			return err
		}
		switch format := c.String("format"); format {
		case "json":
			return json.NewEncoder(os.Stdout).Encode(slices.Concat([]int{}, pids))
		case "table":
			return psTable(pids, c.Args().Tail())
		default:
			return fmt.Errorf("invalid format %q: it is \"table\" or \"json\"", format)
		}
	})
}

// psTable prints those lines of ps's output that are about the given processes. ps itself selects by pid only if its
// other options don't select as well, so the selection is made here.
func psTable(pids []int, options []string) error {
	if len(options) == 0 {
		options = []string{"-ef"}
	}
	output, err := exec.Command("ps", options...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ps %s: %w: %s", strings.Join(options, " "), err, output)
	}
	lines := strings.Split(strings.TrimRight(string(output), "\n"), "\n")
	column := slices.Index(strings.Fields(lines[0]), "PID")
	if column < 0 {
		return fmt.Errorf("ps %s prints no column PID", strings.Join(options, " "))
	}
	fmt.Println(lines[0])
	for _, line := range lines[1:] {
		fields := strings.Fields(line)
		if len(fields) <= column {
			continue
		}
		if pid, err := strconv.Atoi(fields[column]); err == nil && slices.Contains(pids, pid) {
			fmt.Println(line)
		}
	}
	return nil
}
