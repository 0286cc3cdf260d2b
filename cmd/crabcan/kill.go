package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime"
)

func killCommand() *cli.Command {
	return &cli.Command{
		Name:        "kill",
		Usage:       "send a signal to a container's init, SIGTERM unless told otherwise",
		ArgsUsage:   "ID | BUNDLE [SIGNAL]",
		Description: "SIGNAL is a number, or a name such as KILL, SIGKILL or RTMIN+3.",
		Flags: []cli.Flag{
			// runc made it a no-op, because killing init kills its pid namespace, but callers pass it; without a pid
			// namespace of its own a container can have processes that only this reaches.
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "send it to all processes", Hidden: true},
		},
		Action: action(1, 2, kill),
	}
}

func kill(c *cli.Context) Errcode {
	sig, err := parseSignal(c.Args().Get(1))
	if err != nil {
		return failed(err)
	}
	return with(c, func(container *runtime.Container) error { return container.Kill(sig, c.Bool("all")) })
}

// Real-time signals as everybody counts them: the C library keeps the kernel's first two, 32 and 33, for itself.
const (
	rtmin = 34
	rtmax = 64
)

// parseSignal reads a number from 0 (is there a process?) to 64, or a name, in any case, with or without SIG. "" is
// SIGTERM.
func parseSignal(s string) (unix.Signal, error) {
	if s == "" {
		return unix.SIGTERM, nil
	}
	name := strings.TrimPrefix(strings.ToUpper(s), "SIG")
	number, err := strconv.ParseUint(s, 10, 8)
	if err != nil {
		number = max(uint64(unix.SignalNum("SIG"+name)), realTime(name))
	}
	if err != nil && number == 0 || number > rtmax {
		return 0, fmt.Errorf("unknown signal %q", s)
	}
	return unix.Signal(number), nil
}

// realTime is the number of RTMIN, RTMIN+n, RTMAX-n or RTMAX, or 0.
func realTime(name string) uint64 {
	switch name {
	case "RTMIN":
		return rtmin
	case "RTMAX":
		return rtmax
	}
	base, offset, found := strings.Cut(name, "+")
	if found && base == "RTMIN" {
		if n, err := strconv.ParseUint(offset, 10, 8); err == nil && n <= rtmax-rtmin {
			return rtmin + n
		}
	}
	base, offset, found = strings.Cut(name, "-")
	if found && base == "RTMAX" {
		if n, err := strconv.ParseUint(offset, 10, 8); err == nil && n <= rtmax-rtmin {
			return rtmax - n
		}
	}
	return 0
}
