package main

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"
)

// verbs are in the order that help shows them.
var verbs = [...]struct {
	name    string
	command func() *cli.Command
}{
	{"checkpoint", checkpointCommand},
	{"create", createCommand},
	{"delete", deleteCommand},
	{"doctor", doctorCommand},
	{"events", eventsCommand},
	{"exec", execCommand},
	{"features", featuresCommand},
	{"kill", killCommand},
	{"list", listCommand},
	{"pause", pauseCommand},
	{"plan", planCommand},
	{"ps", psCommand},
	{"restore", restoreCommand},
	{"resume", resumeCommand},
	{"run", runCommand},
	{"spec", specCommand},
	{"start", startCommand},
	{"state", stateCommand},
	{"update", updateCommand},
}

// run understands the command line and does what it says.
func run(args []string) Errcode {
	app := newApp(args)
	return errcode(app.Run(flagsFirst(app, args)))
}

// newApp makes the command line for args: with the verb in there and no other, or with all of them if there is none, for
// help. Making all takes some 60 us.
func newApp(args []string) *cli.App {
	cli.VersionPrinter = printVersion
	app := &cli.App{
		Name:  "crabcan",
		Usage: "runs containers from OCI bundles",
		Description: "A bundle is a folder with a config.json and a root file system. A container has an ID. Where a verb\n" +
			"wants one, the bundle's folder does as well: its name is the ID of its container.",
		Version:                   version,
		Flags:                     globalFlags(),
		Before:                    setUpLog,
		Action:                    noVerb,
		OnUsageError:              usageError,
		ExitErrHandler:            func(*cli.Context, error) {}, // exitWithRetcode alone ends the process
		DisableSliceFlagSeparator: true,
		Compiled:                  time.Unix(0, 0), // else the library looks at the binary's file
	}
	at := verbIndex(app.Flags, args)
	for _, v := range verbs {
		if at < len(args) && args[at] == v.name {
			app.Commands = []*cli.Command{newCommand(v.command)}
			return app
		}
	}
	for _, v := range verbs {
		app.Commands = append(app.Commands, newCommand(v.command))
	}
	return app
}

// newCommand completes a verb's command with what all have in common.
func newCommand(verb func() *cli.Command) *cli.Command {
	command := verb()
	command.HideHelpCommand = true // else a container could not be called "help"
	command.OnUsageError = usageError
	return command
}

func globalFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "root", Usage: "keep the containers' states in `DIR`, which should be on a tmpfs",
			DefaultText: "/run/crabcan, or $XDG_RUNTIME_DIR/crabcan for a user"},
		&cli.StringFlag{Name: "log", Usage: "append the log to `FILE`", DefaultText: "stderr"},
		&cli.StringFlag{Name: "log-format", Value: "text", Usage: "log as \"text\" or \"json\""},
		&cli.BoolFlag{Name: "debug", Usage: "log more"},
		&cli.BoolFlag{Name: "systemd-cgroup",
			Usage: "let systemd make the cgroups; cgroupsPath is of the form \"slice:prefix:name\" then"},
		&cli.StringFlag{Name: "cgroup-manager", Value: cgroupfs,
			Usage: "make cgroups by \"cgroupfs\" or \"systemd\", or none at all: \"disabled\""},
		&cli.StringFlag{Name: "rootless", Value: "auto",
			Usage: "do without the rights of root, \"true\", \"false\" or \"auto\""},
		// runc once had it, and some callers still pass it.
		&cli.StringFlag{Name: "criu", Hidden: true},
	}
}

// noVerb is what crabcan does with a command line that has no verb of its own.
func noVerb(c *cli.Context) error {
	if c.NArg() == 0 {
		return cli.ShowAppHelp(c)
	}
	name := c.Args().First()
	return failed(fmt.Errorf("unknown command %q: see crabcan --help (No help topic for '%s')", name, name))
}

// usageError makes the library's errors as short as the others: without the whole help.
func usageError(c *cli.Context, err error, isVerb bool) error {
	name := "crabcan"
	if isVerb {
		name += " " + c.Command.Name
	}
	return failed(fmt.Errorf("%s: %w: see %s --help", name, err, name))
}

// action lets the library call a verb that takes at least min and at most max arguments.
func action(min, max int, verb func(*cli.Context) Errcode) cli.ActionFunc {
	return func(c *cli.Context) error {
		if err := checkArgs(c.Command.Name, c.NArg(), min, max); err != nil {
			return failed(err)
		}
		return verb(c)
	}
}

// unlimited is the max of a verb that takes any number of arguments.
const unlimited = int(^uint(0) >> 1)

// checkArgs complains of n arguments of a verb in runc's words.
func checkArgs(verb string, n, min, max int) error {
	complaint := "requires exactly"
	limit := min
	switch {
	case n >= min && n <= max:
		return nil
	case n < min && max > min:
		complaint = "requires a minimum of"
	case n > max && max > min:
		complaint, limit = "requires a maximum of", max
	}
	return fmt.Errorf("crabcan: %q %s %d argument(s)", verb, complaint, limit)
}
