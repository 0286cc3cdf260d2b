package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/crabcan/crabcan/bundles"
	"github.com/crabcan/crabcan/runtime"
)

// newName understands the argument of create, run and plan: the new container's id, and its bundle.
func newName(c *cli.Context) (id string, bundle *bundles.Bundle, err error) {
	wd, err := os.Getwd()
	if err != nil {
		return "", nil, err
	}
	id, dir, err := bundles.Name(c.Args().First(), c.String("bundle"), wd)
	if err != nil {
		return "", nil, err
	}
	bundle, err = bundles.Open(dir)
	return id, bundle, err
}

// existingName understands the argument of the other verbs: the id of a container that may exist. Only when there is
// no container of that id are the bundles of all others looked at. The error is ErrNotExist when there is none either.
func existingName(h runtime.Host, arg string) (id string, err error) {
	if hasFolder(h, arg) {
		return arg, nil
	}
	infos, err := runtime.List(h)
	if err != nil {
		return arg, nil // what is wrong with another container must not hide that this one does not exist
	}
	wd, err := os.Getwd()
	if err != nil {
		return "", err
	}
	var candidates []bundles.Container
	for _, info := range infos {
		candidate := bundles.Container{ID: info.ID, Bundle: info.Bundle}
		if _, err := bundles.Resolve(arg, wd, []bundles.Container{candidate}); err == nil {
			candidates = append(candidates, candidate)
		}
	}
	if len(candidates) == 0 {
		return "", fmt.Errorf("container %q %w", arg, runtime.ErrNotExist)
	}
	return bundles.Resolve(arg, wd, candidates)
}

// hasFolder reports whether arg is an id that is in use.
func hasFolder(h runtime.Host, arg string) bool {
	_, err := os.Lstat(filepath.Join(h.Root, arg))
	return err == nil && filepath.Base(arg) == arg && arg != "." && arg != ".."
}

// load finds the container that the first argument names.
func load(c *cli.Context) (*runtime.Container, error) {
	h, err := host(c)
	if err != nil {
		return nil, err
	}
	id, err := existingName(h, c.Args().First())
	if err != nil {
		return nil, err
	}
	return runtime.Load(h, id)
}

// with does something with the container that the first argument names.
func with(c *cli.Context, do func(*runtime.Container) error) Errcode {
	container, err := load(c)
	if err != nil {
		return failed(err)
	}
	defer container.Close()
	return failed(do(container))
}

// onContainer is a verb that does one thing to the container, and needs to know no more.
func onContainer(do func(*runtime.Container) error) func(*cli.Context) Errcode {
	return func(c *cli.Context) Errcode { return with(c, do) }
}
