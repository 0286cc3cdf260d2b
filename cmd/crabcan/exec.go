package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/sirupsen/logrus"
	"github.com/urfave/cli/v2"

	"github.com/crabcan/crabcan/runtime"
	"github.com/crabcan/crabcan/spec"
)

// execFailure is the exit status of an exec that failed, as it is runc's: 1 may be the status of the process.
const execFailure = 255

func execCommand() *cli.Command {
	return &cli.Command{
		Name:      "exec",
		Usage:     "start a further process in a running container",
		ArgsUsage: "[--process FILE] ID | ID COMMAND [ARGUMENT...]",
		Description: "Without --process the process is the container's own with another command line, changed by the flags.\n" +
			"crabcan exits with the status of the process, with 128+N if signal N killed it, or with 255 on a failure.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "process", Aliases: []string{"p"}, Usage: "the process is as `FILE` says: JSON, like a config's process"},
			&cli.StringFlag{Name: "cwd", Usage: "the working directory is `DIR`"},
			&cli.StringSliceFlag{Name: "env", Aliases: []string{"e"}, Usage: "set an environment variable, `NAME=VALUE`"},
			&cli.BoolFlag{Name: "tty", Aliases: []string{"t"}, Usage: "give the process a terminal"},
			&cli.StringFlag{Name: "user", Aliases: []string{"u"}, Usage: "run as `UID[:GID]`, both numbers"},
			&cli.IntSliceFlag{Name: "additional-gids", Aliases: []string{"g"}, Usage: "add the group `GID`"},
			&cli.StringSliceFlag{Name: "cap", Aliases: []string{"c"}, Usage: "add the capability `CAP`"},
			&cli.BoolFlag{Name: "no-new-privs", Usage: "set no_new_privs"},
			&cli.StringFlag{Name: "process-label", Usage: "run with the SELinux label `LABEL`"},
			&cli.StringFlag{Name: "apparmor", Usage: "run under the AppArmor profile `PROFILE`"},
			&cli.BoolFlag{Name: "detach", Aliases: []string{"d"}, Usage: "do not wait for the end"},
			&cli.StringFlag{Name: "pid-file", Usage: "write the pid of the process to `FILE`"},
			&cli.StringFlag{Name: "console-socket", Usage: "send the master end of the terminal over the AF_UNIX socket `PATH`"},
			&cli.StringFlag{Name: "pidfd-socket", Usage: "send a pidfd of the process over the AF_UNIX socket `PATH`"},
			&cli.IntFlag{Name: "preserve-fds", Usage: "pass the `N` descriptors from 3 on to the process"},
			&cli.StringSliceFlag{Name: "cgroup", Usage: "run in the cgroup `[CONTROLLER[,...]:]PATH` below the container's"},
			&cli.BoolFlag{Name: "ignore-paused", Usage: "start the process in a paused container, too"},
		},
		Action: action(1, unlimited, execProcess),
	}
}

func execProcess(c *cli.Context) Errcode {
	container, err := load(c)
	if err != nil {
		return Errcode{Status: execFailure, Err: err}
	}
	options, err := execOptions(c)
	status := 0
	if err == nil {
		status, err = container.Exec(options)
	}
	for _, w := range container.Warnings {
		logrus.Warn(w)
	}
	if err != nil {
		return Errcode{Status: execFailure, Err: errors.Join(fmt.Errorf("exec failed: %w", err), container.CleanExit())}
	}
	container.Close()
	return Errcode{Status: status}
}

// execOptions reads the flags.
func execOptions(c *cli.Context) (o runtime.ExecOptions, err error) {
	o = runtime.ExecOptions{
		CreateOptions: runtime.CreateOptions{
			PidFile:       c.String("pid-file"),
			ConsoleSocket: c.String("console-socket"),
			PidfdSocket:   c.String("pidfd-socket"),
			PreserveFds:   c.Int("preserve-fds"),
		},
		Detach:       c.Bool("detach"),
		IgnorePaused: c.Bool("ignore-paused"),
		ProcessFile:  c.String("process"),
		Change: spec.ExecChanges{
			Args:     c.Args().Tail(),
			Env:      c.StringSlice("env"),
			Cwd:      c.String("cwd"),
			AppArmor: c.String("apparmor"),
			SELinux:  c.String("process-label"),
			User:     c.String("user"),
			Caps:     c.StringSlice("cap"),
			Terminal: c.Bool("tty"),
		},
	}
	if name := "no-new-privs"; c.IsSet(name) {
		o.Change.NoNewPrivs = new(c.Bool(name))
	}
	if o.PreserveFds < 0 {
		return o, fmt.Errorf("--preserve-fds %d: must not be negative", o.PreserveFds)
	}
	if o.Change.Groups, err = groupIDs(c.IntSlice("additional-gids")); err != nil {
		return o, err
	}
	if o.Cgroup, err = subCgroups(c.StringSlice("cgroup")); err != nil {
		return o, err
	}
	if o.ProcessFile != "" {
		o.Process, err = os.ReadFile(o.ProcessFile)
	} else if len(o.Change.Args) == 0 {
		err = errors.New("exec needs a command, or --process")
	}
	return o, err
}

func groupIDs(list []int) (gids []uint32, err error) {
	for _, n := range list {
		if n < 0 || int64(n) >= 1<<32-1 {
			return nil, fmt.Errorf("--additional-gids %d: no group has that number", n)
		}
		gids = append(gids, uint32(n))
	}
	return gids, nil
}

// subCgroups reads "PATH" or "CONTROLLER[,CONTROLLER...]:PATH", several times for several controllers.
func subCgroups(list []string) (map[string]string, error) {
	below := make(map[string]string)
	for _, text := range list {
		names, path, both := strings.Cut(text, ":")
		if !both {
			names, path = "", text
		}
		for _, name := range strings.Split(names, ",") {
			if _, twice := below[name]; twice {
				return nil, fmt.Errorf("--cgroup %s: given twice for the same controller", text)
			}
			below[name] = path
		}
	}
	return below, nil
}
