package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/crabcan/crabcan/cmd/crabcan/internal/seat"
)

// The scripts in testdata/script are one behaviour a file, named after it. Each works in a folder of its own, $WORK,
// and with a --root of its own, $ROOT; at its end nothing may be left of its containers. Beside testscript's commands
// there are:
//
//	crabcan ARG...            run crabcan; ! wants it to fail. What containers write later is in $STDOUT and $STDERR.
//	crabcan ARG... &          run it in the background, only one at a time
//	signal NAME               send the one in the background a signal
//	finished                  wait for the one in the background, as if it had been in the foreground; ! as well
//	exec crabcan ARG...       crabcan with testscript's stdin and ttyin; it waits until nothing holds its output open
//	status N                  check the exit status of the last crabcan
//	bundle DIR [ARG...]       make a bundle that runs the payload (see bundles/payload) with these arguments
//	config set DIR PATH JSON  change a member of a bundle's config: .process.args[0], .mounts[+] appends
//	config delete DIR PATH    remove one
//	await ID STATUS           wait until the container has that status
//	await-output PATTERN      wait until a container has written that to $STDOUT
//	await-exec PROGRAM ARG... run a program again and again until it succeeds
//	user [DIR...]             make an unprivileged user, see script_user_test.go
//	as PROGRAM [ARG...]       run a program, or crabcan, as that user
//	listen SOCKET             be the other side of --console-socket or --pidfd-socket, see script_socket_test.go
//	explained MESSAGE         the last stderr has that, and docs/troubleshooting.md explains it
//	manual DIR                write the man pages and completions into DIR, see script_manual_test.go
//	terminal SIZE PROGRAM...  be a user at a terminal that a program runs on, see package seat
//
// On cgroup v2 the cgroup of the bundle b is ${CGROUP}b$SCOPE; with [cgroups:systemd] its unit is ${UNIT}b.scope.
//
// The conditions are [root], [cgroupv1] and [cgroupv2] (pure), [controller:NAME] for one of cgroups, [file:PATH], [ia32],
// [userns], [timens], [memfd_noexec], [systemd] (runs the host), [cgroups:systemd] (makes the scripts' cgroups), [swap],
// [disk] (holds the scripts' folders), [busybox] (static), [criu] and [ps] (they work here), [debian] (its mirror answers), and
// testscript's own, such as [exec:runc].

// TestMain lets the test binary be crabcan when it is called so. testscript.Main would do that as well, but its crabcan
// could not leave a container behind: it reads the output to its end, and the container holds that open.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "crabcan" {
		// As if the caller had given it first: scripts can have another.
		os.Args = slices.Insert(os.Args, 1, "--root", os.Getenv("ROOT"))
		if throughSystemd() && !slices.Contains(os.Args, "--cgroup-manager") {
			os.Args = slices.Insert(os.Args, 1, "--systemd-cgroup")
		}
		main()
	}
	status := m.Run()
	printConditions()
	os.Exit(status)
}

func TestScripts(t *testing.T) {
	bin := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(bin, "crabcan")); err != nil {
		t.Fatal(err)
	}
	if hasCRIU() {
		buildWithCRIU(t, filepath.Join(bin, "crabcan-criu"))
	}
	payload := sync.OnceValues(func() ([]byte, error) { return buildPayload(filepath.Join(bin, "payload")) })
	commands := map[string]func(*testscript.TestScript, bool, []string){
		"as":           cmdAs,
		"agent":        cmdAgent,
		"await":        cmdAwait,
		"await-exec":   cmdAwaitExec,
		"await-output": cmdAwaitOutput,
		"bundle": func(ts *testscript.TestScript, neg bool, args []string) {
			binary, err := payload()
			ts.Check(err)
			cmdBundle(ts, args, binary)
		},
		"config":    cmdConfig,
		"crabcan":   cmdCrabcan,
		"explained": cmdExplained,
		"finished":  cmdFinished,
		"heard":     cmdHeard,
		"listen":    cmdListen,
		"manual":    cmdManual,
		"nested":    cmdNested,
		"signal":    cmdSignal,
		"states":    cmdStates,
		"status":    cmdStatus,
		"type":      cmdType,
		"user":      cmdUser,
	}
	maps.Copy(commands, seat.Commands("ROOT", "PATH"))
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			// testscript removes the folder around the scripts' own only if it ran all of them, and -run may leave some out.
			t.Cleanup(func() { os.Remove(filepath.Dir(env.WorkDir)) })
			return setUpScript(env, bin)
		},
		Condition:          condition,
		Cmds:               commands,
		RequireUniqueNames: true,
	})
}

// buildPayload builds the program that the scripts' containers run, and returns it. Where there is no Go, as in the test
// machines, it has been built before.
func buildPayload(path string) ([]byte, error) {
	if programs := os.Getenv("CRABCAN_TEST_PROGRAMS"); programs != "" {
		return os.ReadFile(filepath.Join(programs, "payload"))
	}
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, "../../bundles/payload")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, output)
	}
	return os.ReadFile(path)
}

// buildWithCRIU puts the program that does checkpoint and restore beside crabcan.
func buildWithCRIU(t *testing.T, path string) {
	if programs := os.Getenv("CRABCAN_TEST_PROGRAMS"); programs != "" {
		if err := os.Symlink(filepath.Join(programs, "crabcan-criu"), path); err != nil {
			t.Fatal(err)
		}
		return
	}
	build := exec.Command("go", "build", "-tags", "urfave_cli_no_docs,criu", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
}

// setUpScript gives a script its environment, and a look behind it at its end.
func setUpScript(env *testscript.Env, bin string) error {
	// Not inside $WORK, where a script may have its bundles next to it.
	root, err := os.MkdirTemp("", "crabcan-root")
	if err != nil {
		return err
	}
	env.Setenv("ROOT", root)
	env.Setenv("STDOUT", filepath.Join(env.WorkDir, ".stdout"))
	env.Setenv("STDERR", filepath.Join(env.WorkDir, ".stderr"))
	env.Setenv("PATH", bin+":"+env.Getenv("PATH"))
	env.Setenv("CGROUP", "/sys/fs/cgroup/"+cgroupPrefix(env.WorkDir))
	env.Setenv("UNIT", cgroupPrefix(env.WorkDir))
	env.Setenv("SCOPE", "")
	env.Setenv("CRABCAN_TEST_CGROUPS", os.Getenv("CRABCAN_TEST_CGROUPS")) // for a crabcan that a shell starts
	if throughSystemd() {
		env.Setenv("CGROUP", "/sys/fs/cgroup/system.slice/"+cgroupPrefix(env.WorkDir))
		env.Setenv("SCOPE", ".scope")
	}
	env.Values[backgroundKey{}] = &running{}
	env.Values[peersKey{}] = peers{}
	env.Values[agentsKey{}] = agents{}
	seat.SetUp(env)
	env.Defer(func() {
		left := leftovers(env.WorkDir, root, cgroupPrefix(env.WorkDir))
		if err := os.RemoveAll(root); err != nil {
			left = append(left, err.Error())
		}
		if len(left) > 0 {
			env.T().Fatal("the script left behind:\n" + strings.Join(left, "\n"))
		}
	})
	return nil
}

// cgroupPrefix is what the names of the cgroups of a script's bundles begin with.
func cgroupPrefix(work string) string {
	return "crabcan-test-" + strings.TrimPrefix(filepath.Base(work), "script-") + "-"
}
