package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// payload is the program as containers get it: static, in a folder of its own.
var payload string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "payload")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	payload = filepath.Join(dir, "payload")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", payload)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// call runs a program and returns its output and status (-1: killed).
func call(t *testing.T, cmd *exec.Cmd) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// mustCall is call of what succeeds.
func mustCall(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	stdout, stderr, status := call(t, cmd)
	if status != 0 {
		t.Fatalf("%v: status %d, %s", cmd.Args, status, stderr)
	}
	return stdout
}

func TestGoesByItsName(t *testing.T) {
	dir := t.TempDir()
	for name, want := range map[string]int{"true": 0, "false": 1, "anything": 0} {
		link := filepath.Join(dir, name)
		if err := os.Symlink(payload, link); err != nil {
			t.Fatal(err)
		}
		if _, stderr, status := call(t, exec.Command(link)); status != want {
			t.Errorf("%s: status %d, want %d; %s", name, status, want, stderr)
		}
	}
	stdout := mustCall(t, exec.Command(filepath.Join(dir, "anything"), "echo", "a", "b"))
	if stdout != "a b\n" {
		t.Errorf("echo prints %q", stdout)
	}
}

func TestUnknownCommandShowsHelp(t *testing.T) {
	_, stderr, status := call(t, exec.Command(payload, "nonsense"))
	if status != 2 || !strings.Contains(stderr, "kill-self SIGNAL") || !strings.Contains(stderr, "noNewPrivileges") {
		t.Errorf("status %d, %s", status, stderr)
	}
}
