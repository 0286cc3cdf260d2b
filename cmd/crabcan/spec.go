package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"github.com/opencontainers/cgroups"
	"github.com/urfave/cli/v2"

	"github.com/crabcan/crabcan/spec"
)

const configFile = "config.json"

func specCommand() *cli.Command {
	return &cli.Command{
		Name:      "spec",
		Usage:     "write a config.json",
		ArgsUsage: "[-- CMD [ARGS...]]",
		Description: "Without arguments the config is for an interactive shell, run by root in the folder rootfs.\n\n" +
			"EXAMPLE:\n   crabcan spec --uid 1000 --rootfs /srv/debian -- /bin/date -u",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "bundle", Aliases: []string{"b"}, Usage: "write it into `DIR`, not the working directory"},
			&cli.StringFlag{Name: "uid", Usage: "run the command as user `N`", DefaultText: "0"},
			&cli.StringFlag{Name: "gid", Usage: "run the command in group `N`", DefaultText: "the uid"},
			&cli.StringFlag{Name: "rootfs", Usage: "the root file system is `DIR`, absolute or as seen from the bundle"},
			&cli.BoolFlag{Name: "rootless", Usage: "for a user without root's rights: you"},
		},
		Action: action(0, unlimited, writeSpec),
	}
}

func writeSpec(c *cli.Context) Errcode {
	changes, err := readChanges(c)
	if err != nil {
		return failed(err)
	}
	return failed(writeNew(filepath.Join(c.String("bundle"), configFile), spec.Encode(spec.DefaultWith(changes))))
}

// readChanges reads the flags that say how the config shall differ from the default.
func readChanges(c *cli.Context) (spec.Changes, error) {
	// As runc has it: its callers add the namespace themselves where they want it on v1, and twice is an error.
	changes := spec.Changes{Rootfs: c.String("rootfs"), Args: c.Args().Slice(), HostCgroups: !cgroups.IsCgroup2UnifiedMode()}
	if c.Bool("rootless") {
		changes.Rootless = &spec.HostUser{UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}
	}
	var err error
	if c.IsSet("uid") {
		if changes.UID, err = parseID(c.String("uid")); err != nil {
			return changes, err
		}
	}
	if c.IsSet("gid") {
		gid, err := parseID(c.String("gid"))
		if err != nil {
			return changes, err
		}
		changes.GID = &gid
	}
	if changes.Rootless != nil && (changes.UID != 0 || changes.GID != nil && *changes.GID != 0) {
		return changes, errors.New("spec --rootless has only one user and group, 0, which is you")
	}
	return changes, nil
}

// parseID reads a user or group id. The last number is no id: system calls take it for "no change".
func parseID(s string) (uint32, error) {
	id, err := strconv.ParseUint(s, 10, 32)
	if err != nil || id == math.MaxUint32 {
		return 0, fmt.Errorf("%q is not a user or group id: want a number from 0 to %d", s, uint32(math.MaxUint32)-1)
	}
	return uint32(id), nil
}

// writeNew writes a file that must not exist yet.
func writeNew(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("file %s exists, remove it first", path)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Close())
}
