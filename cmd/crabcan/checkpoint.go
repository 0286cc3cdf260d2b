package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/crabcan/crabcan/runtime"
)

// defaultImage is the folder of the image, below the working directory, when --image-path does not name one.
const defaultImage = "checkpoint"

// cgroupModes are the values of --manage-cgroups-mode.
var cgroupModes = []string{"soft", "full", "strict", "ignore"}

// criuFlags are the flags that checkpoint and restore share.
func criuFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "image-path", Usage: "the image's files are in `DIR`", DefaultText: "checkpoint"},
		&cli.StringFlag{Name: "work-path", Usage: "logs and work files go to `DIR`", DefaultText: "the image's folder"},
		&cli.BoolFlag{Name: "tcp-established", Usage: "allow open TCP connections"},
		&cli.BoolFlag{Name: "ext-unix-sk", Usage: "allow UNIX sockets that are connected to the outside"},
		&cli.BoolFlag{Name: "shell-job", Usage: "allow a session and a terminal from outside"},
		&cli.BoolFlag{Name: "file-locks", Usage: "allow file locks"},
		&cli.StringFlag{Name: "manage-cgroups-mode",
			Usage: "treat cgroups in the `MODE` \"soft\", \"full\", \"strict\" or \"ignore\"", DefaultText: "soft"},
		&cli.StringSliceFlag{Name: "empty-ns", Usage: "do not save or restore what belongs to a namespace: \"network\", which never is"},
		&cli.BoolFlag{Name: "auto-dedup", Usage: "remove from an image what is not needed any more"},
		&cli.BoolFlag{Name: "lazy-pages", Usage: "move memory pages when they are needed"},
	}
}

func checkpointCommand() *cli.Command {
	return &cli.Command{
		Name:      "checkpoint",
		Usage:     "save a running container",
		ArgsUsage: "ID",
		Flags: slices.Concat(criuFlags(), []cli.Flag{
			&cli.StringFlag{Name: "parent-path", Usage: "an earlier image to build on is in `DIR`, as seen from the image's"},
			&cli.BoolFlag{Name: "leave-running", Usage: "let the container run on"},
			&cli.BoolFlag{Name: "tcp-skip-in-flight", Usage: "leave out TCP connections that are about to be established"},
			&cli.BoolFlag{Name: "link-remap", Usage: "allow files that have no name any more, by giving them one"},
			&cli.StringFlag{Name: "page-server", Usage: "send memory pages to `ADDRESS:PORT`"},
			&cli.IntFlag{Name: "status-fd", Value: -1, DefaultText: "none",
				Usage: "write a zero byte to descriptor `FD` when lazy pages can be asked for"},
			&cli.BoolFlag{Name: "pre-dump", Usage: "save the memory only and let the container run on"},
		}),
		Action: action(1, 1, withCRIU(checkpoint)),
	}
}

func restoreCommand() *cli.Command {
	return &cli.Command{
		Name:      "restore",
		Usage:     "continue a saved container",
		ArgsUsage: "BUNDLE | [--bundle DIR] ID",
		Flags: slices.Concat(criuFlags(), newFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "tcp-close", Usage: "let TCP connections be closed"},
			&cli.BoolFlag{Name: "detach", Aliases: []string{"d"}, Usage: "do not wait for the end"},
			&cli.BoolFlag{Name: "no-subreaper", Usage: "do not adopt the processes that the container leaves behind"},
			&cli.StringFlag{Name: "lsm-profile", Usage: "restore with the security profile `TYPE:NAME`"},
			&cli.StringFlag{Name: "lsm-mount-context", Usage: "restore mounts with the security `CONTEXT`"},
		}),
		Action: action(1, 1, withCRIU(restore)),
	}
}

// finder finds the program that saves and restores processes.
type finder func() (runtime.Checkpointer, error)

func checkpoint(c *cli.Context, find finder) Errcode {
	o, err := checkpointOptions(c)
	if err != nil {
		return failed(err)
	}
	by, err := find()
	if err != nil {
		return failed(err)
	}
	container, err := load(c)
	if err != nil {
		return failed(err)
	}
	defer container.Close()
	return failed(container.Checkpoint(by, o))
}

func restore(c *cli.Context, find finder) Errcode {
	o, err := checkpointOptions(c)
	if err != nil {
		return failed(err)
	}
	// This looks whether the descriptors to preserve are there, so it comes before a CRIU is started, to which they are lost.
	container, err := newContainer(c)
	status := 0
	var by runtime.Checkpointer
	if err == nil {
		by, err = find()
	}
	if err == nil {
		status, err = container.Restore(by, o, runOptions(c))
	}
	if err != nil {
		return abandon(container, err)
	}
	container.Close()
	return Errcode{Status: status}
}

// checkpointOptions are the flags of checkpoint or restore; those that the verb does not have are zero.
func checkpointOptions(c *cli.Context) (o runtime.CheckpointOptions, err error) {
	o = runtime.CheckpointOptions{
		ImagePath:       c.String("image-path"),
		WorkPath:        c.String("work-path"),
		ParentPath:      c.String("parent-path"),
		PreDump:         c.Bool("pre-dump"),
		LeaveRunning:    c.Bool("leave-running"),
		TCPEstablished:  c.Bool("tcp-established"),
		TCPSkipInFlight: c.Bool("tcp-skip-in-flight"),
		TCPClose:        c.Bool("tcp-close"),
		LinkRemap:       c.Bool("link-remap"),
		ExtUnixSk:       c.Bool("ext-unix-sk"),
		ShellJob:        c.Bool("shell-job"),
		FileLocks:       c.Bool("file-locks"),
		AutoDedup:       c.Bool("auto-dedup"),
		LazyPages:       c.Bool("lazy-pages"),
		StatusFd:        c.Int("status-fd"),
		CgroupMode:      c.String("manage-cgroups-mode"),
		LSMProfile:      c.String("lsm-profile"),
		LSMMountContext: c.String("lsm-mount-context"),
	}
	if o.ImagePath == "" {
		o.ImagePath = defaultImage
	}
	if o.CgroupMode != "" && !slices.Contains(cgroupModes, o.CgroupMode) {
		return o, fmt.Errorf("--manage-cgroups-mode %s: must be one of %q", o.CgroupMode, cgroupModes)
	}
	for _, kind := range c.StringSlice("empty-ns") {
		if kind != "network" {
			return o, fmt.Errorf("--empty-ns %s: only network can be", kind)
		}
	}
	if o.PageServer, o.PagePort, err = pageServer(c.String("page-server")); err != nil {
		return o, err
	}
	if err := o.CheckLabels(); err != nil {
		return o, err
	}
	return o, checkParentPath(o.ImagePath, o.ParentPath)
}

// pageServer takes ADDRESS:PORT apart.
func pageServer(flag string) (address string, port int, err error) {
	if flag == "" {
		return "", 0, nil
	}
	address, number, err := net.SplitHostPort(flag)
	if err == nil {
		port, err = strconv.Atoi(number)
	}
	if err != nil || address == "" || port < 1 || port > 65535 {
		return "", 0, fmt.Errorf("--page-server %s: must be ADDRESS:PORT", flag)
	}
	return address, port, nil
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
