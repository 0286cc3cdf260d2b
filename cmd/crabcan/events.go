package main

import (
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/crabcan/crabcan/runtime"
)

func eventsCommand() *cli.Command {
	return &cli.Command{
		Name:        "events",
		Usage:       "show what a container uses, and when it runs out of memory",
		ArgsUsage:   "ID",
		Description: "Each event is a line of JSON. Without --stats it goes on until the container ends.",
		Flags: []cli.Flag{
			&cli.DurationFlag{Name: "interval", Value: 5 * time.Second, Usage: "show the figures every `TIME`, such as 500ms"},
			&cli.BoolFlag{Name: "stats", Usage: "show the figures once"},
		},
		Action: action(1, 1, events),
	}
}

func events(c *cli.Context) Errcode {
	interval := c.Duration("interval")
	if interval <= 0 {
		return failed(errors.New("duration interval must be greater than 0"))
	}
	container, err := load(c)
	if err != nil {
		return failed(err)
	}
	defer container.Close()
	out := json.NewEncoder(os.Stdout)
	if !c.Bool("stats") {
		return failed(container.Events(interval, func(e runtime.Event) error { return out.Encode(e) }))
	}
	event, err := container.StatsEvent()
	if err != nil {
		return failed(err)
	}
	return failed(out.Encode(event))
}
