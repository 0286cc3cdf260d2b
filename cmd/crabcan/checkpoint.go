package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"
)

// errNoCheckpoint is the answer to checkpoint and restore. The verbs are there because engines ask for their help to
// find out whether there is such a runtime at all.
var errNoCheckpoint = errors.New("checkpoint and restore are not supported")

// criuFlags are the flags that checkpoint and restore share.
func criuFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "image-path", Usage: "the image files are in `DIR`"},
		&cli.StringFlag{Name: "work-path", Usage: "logs and work files go to `DIR`"},
		&cli.BoolFlag{Name: "tcp-established", Usage: "allow open TCP connections"},
		&cli.BoolFlag{Name: "ext-unix-sk", Usage: "allow external UNIX sockets"},
		&cli.BoolFlag{Name: "shell-job", Usage: "allow shell jobs"},
		&cli.BoolFlag{Name: "file-locks", Usage: "handle file locks"},
		&cli.StringFlag{Name: "manage-cgroups-mode", Usage: "treat cgroups in the `MODE` soft, full, strict or ignore"},
		&cli.StringSliceFlag{Name: "empty-ns", Usage: "leave namespaces of the `TYPE` as they are"},
		&cli.BoolFlag{Name: "lazy-pages", Usage: "move memory pages when they are needed"},
	}
}

func checkpointCommand() *cli.Command {
	return &cli.Command{
		Name:      "checkpoint",
		Usage:     "save a running container (not supported yet)",
		ArgsUsage: "ID",
		Flags: slices.Concat(criuFlags(), []cli.Flag{
			&cli.StringFlag{Name: "parent-path", Usage: "an earlier image to build on is in `DIR`"},
			&cli.BoolFlag{Name: "leave-running", Usage: "let the container run on"},
			&cli.StringFlag{Name: "page-server", Usage: "send memory pages to `ADDRESS:PORT`"},
			&cli.StringFlag{Name: "status-fd", Usage: "say on descriptor `FD` when lazy pages can be asked for"},
			&cli.BoolFlag{Name: "pre-dump", Usage: "save the memory only and let the container run on"},
			&cli.BoolFlag{Name: "auto-dedup", Usage: "remove from earlier images what the new one holds"},
		}),
		Action: action(1, 1, refuseCheckpoint),
	}
}

func restoreCommand() *cli.Command {
	return &cli.Command{
		Name:      "restore",
		Usage:     "continue a saved container (not supported yet)",
		ArgsUsage: "ID",
		Flags: slices.Concat(criuFlags(), newFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "tcp-close", Usage: "let TCP connections be closed"},
			&cli.BoolFlag{Name: "detach", Aliases: []string{"d"}, Usage: "do not wait for the end"},
			&cli.BoolFlag{Name: "no-subreaper", Usage: "do not adopt the processes that the container leaves behind"},
			&cli.BoolFlag{Name: "auto-dedup", Usage: "remove pages from the image once they are restored"},
			&cli.StringFlag{Name: "lsm-profile", Usage: "restore with the security profile `TYPE:NAME`"},
			&cli.StringFlag{Name: "lsm-mount-context", Usage: "restore mounts with the security `CONTEXT`"},
		}),
		Action: action(1, 1, refuseCheckpoint),
	}
}

func refuseCheckpoint(c *cli.Context) Errcode {
	if err := checkParentPath(c.String("image-path"), c.String("parent-path")); err != nil {
		return failed(err)
	}
	return failed(errNoCheckpoint)
}

// checkParentPath makes sure that an earlier image is there, where CRIU looks for it: seen from the new one.
func checkParentPath(image, parent string) error {
	if parent == "" {
		return nil
	}
	if filepath.IsAbs(parent) {
		return fmt.Errorf("--parent-path %s: must be relative to the image path", parent)
	}
	info, err := os.Stat(filepath.Join(image, parent))
	if err == nil && !info.IsDir() {
		err = errors.New("is no folder")
	}
	if err != nil {
		return fmt.Errorf("--parent-path %s: %w", parent, err)
	}
	return nil
}
