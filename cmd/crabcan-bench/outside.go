package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// outside builds what is run, has each world measured and prints everything.
func outside(o options, args []string) error {
	if os.Geteuid() != 0 {
		return errors.New("only root can make containers of all runtimes")
	}
	// Ctrl-C reaches the copies as well; they stop after cleaning up, and this process after them.
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM)
	defer stop()
	temp, err := os.MkdirTemp("", "crabcan-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	// The root of a user namespace is nobody to the host, and must be able to reach its container's root folder.
	if err := os.Chmod(temp, 0o711); err != nil {
		return err
	}
	if err := preparePrograms(o.payload, temp); err != nil {
		return err
	}
	r := report{Environment: readEnvironment(o)}
	for _, w := range worlds() {
		found, err := visit(w, temp, args)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		r.add(found)
	}
	if o.json {
		return r.writeJSON(os.Stdout)
	}
	return r.writeText(os.Stdout)
}

// visit runs a copy of this program in a new mount namespace, which the standard library makes private.
func visit(w world, temp string, args []string) (found report, err error) {
	var output bytes.Buffer
	command := exec.Command("/proc/self/exe", append([]string{insideVerb, w.name, temp}, args...)...)
	command.Stdout, command.Stderr = &output, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS}
	if err := command.Run(); err != nil {
		return found, err
	}
	return found, json.Unmarshal(output.Bytes(), &found)
}
