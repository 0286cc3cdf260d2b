package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/sirupsen/logrus"
	"github.com/urfave/cli/v2"

	"github.com/crabcan/crabcan/bundles"
	"github.com/crabcan/crabcan/runtime"
)

// newFlags are the flags of the verbs that make a container out of a bundle.
func newFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "bundle", Aliases: []string{"b"},
			Usage: "the bundle is the folder `DIR`; the argument is an ID then"},
		&cli.StringFlag{Name: "console-socket",
			Usage: "send the master end of the container's terminal over the AF_UNIX socket `PATH`"},
		&cli.StringFlag{Name: "pidfd-socket", Usage: "send a pidfd of the container's init over the AF_UNIX socket `PATH`"},
		&cli.StringFlag{Name: "pid-file", Usage: "write the pid of the container's init to `FILE`"},
		&cli.BoolFlag{Name: "no-pivot",
			Usage: "do not use pivot_root, which an initial ramdisk does not allow; it is less safe"},
		&cli.BoolFlag{Name: "no-new-keyring", Usage: "let the container have the caller's session keyring"},
		&cli.IntFlag{Name: "preserve-fds", Usage: "pass the `N` descriptors from 3 on to the container"},
	}
}

// blueprint is what a container is made from.
type blueprint struct {
	host   runtime.Host
	id     string
	bundle *bundles.Bundle
	flags  runtime.CreateOptions
}

// readBlueprint reads newFlags and the argument, and opens the bundle.
func readBlueprint(c *cli.Context) (b blueprint, err error) {
	if b.host, err = host(c); err != nil {
		return b, err
	}
	if b.host.Rootless, err = isRootless(c.String("rootless"), b.host.SystemdCgroup); err != nil {
		return b, err
	}
	if b.id, b.bundle, err = newName(c); err != nil {
		return b, err
	}
	b.flags = runtime.CreateOptions{
		PidFile:       c.String("pid-file"),
		ConsoleSocket: c.String("console-socket"),
		PidfdSocket:   c.String("pidfd-socket"),
		NoPivot:       c.Bool("no-pivot"),
		NoNewKeyring:  c.Bool("no-new-keyring"),
		PreserveFds:   c.Int("preserve-fds"),
	}
	if b.flags.PreserveFds < 0 {
		return b, fmt.Errorf("invalid preserve-fds: %d", b.flags.PreserveFds)
	}
	b.flags.NotifySocket = os.Getenv(notifySocket)
	b.flags.ListenFds = listenFds()
	b.flags.PreserveFds += b.flags.ListenFds
	return b, nil
}

// newContainer prepares the container that the command line describes, and warns of what its config says in vain.
func newContainer(c *cli.Context) (*runtime.Container, error) {
	b, err := readBlueprint(c)
	if err != nil {
		return nil, err
	}
	container, err := runtime.New(b.host, b.id, b.bundle, b.flags)
	if container != nil {
		warn(container.Warnings)
	}
	return container, err
}

// abandon cleans up after a container that could not be created because of err. container is nil if there was nothing
// yet to be cleaned.
func abandon(container *runtime.Container, err error) Errcode {
	logrus.Debugf("Error while creating container: %v", err)
	if container != nil {
		err = errors.Join(err, container.CleanExit())
	}
	return failed(err)
}
