package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/moby/sys/userns"
	"github.com/urfave/cli/v2"

	"github.com/crabcan/crabcan/runtime"
)

// The values of --cgroup-manager.
const (
	cgroupfs = "cgroupfs"
	systemd  = "systemd"
	disabled = "disabled"
)

// host is what the global flags say. Rootless is left out: only a new container needs it, and it may cost a run of busctl.
func host(c *cli.Context) (runtime.Host, error) {
	root, err := rootFolder(c.String("root"))
	if err != nil {
		return runtime.Host{}, err
	}
	manager, err := cgroupManager(c)
	return runtime.Host{Root: root, SystemdCgroup: manager == systemd, CgroupsDisabled: manager == disabled}, err
}

// cgroupManager is --cgroup-manager, crun's flag, or --systemd-cgroup, runc's.
func cgroupManager(c *cli.Context) (string, error) {
	manager := c.String("cgroup-manager")
	switch {
	case !slices.Contains([]string{cgroupfs, systemd, disabled}, manager):
		return "", fmt.Errorf("invalid cgroup-manager: %s", manager)
	case !c.Bool("systemd-cgroup"):
		return manager, nil
	case c.IsSet("cgroup-manager") && manager != systemd:
		return "", fmt.Errorf("--systemd-cgroup contradicts --cgroup-manager %s", manager)
	}
	return systemd, nil
}

// rootFolder is --root as an absolute path.
func rootFolder(flag string) (string, error) {
	if flag == "" {
		return runtime.DefaultRoot(os.Geteuid(), os.Getenv, userns.RunningInUserNS), nil
	}
	root, err := filepath.Abs(flag)
	if err != nil {
		return "", err
	}
	if root == "/" {
		// Every folder of the host would be a container then, and `delete` would remove it.
		return "", errors.New("option --root should not be set to /")
	}
	return root, nil
}

// isRootless is --rootless.
func isRootless(flag string, systemdCgroup bool) (bool, error) {
	if flag == "" || flag == "auto" {
		return runtime.IsRootless(systemdCgroup), nil
	}
	rootless, err := strconv.ParseBool(flag)
	if err != nil {
		return false, fmt.Errorf("invalid rootless: %s", flag)
	}
	return rootless, nil
}
