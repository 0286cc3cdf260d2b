package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/crabcan/crabcan/runtime"
)

// cmdCrabcan runs crabcan with its output in files, not pipes.
func cmdCrabcan(ts *testscript.TestScript, neg bool, args []string) {
	stdout, outBefore := openOutput(ts, "STDOUT")
	defer stdout.Close()
	stderr, errBefore := openOutput(ts, "STDERR")
	defer stderr.Close()
	cmd := exec.Command(filepath.Join(filepath.SplitList(ts.Getenv("PATH"))[0], "crabcan"), args...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = []string{"ROOT=" + ts.Getenv("ROOT"), "PATH=" + ts.Getenv("PATH"), "PWD=" + cmd.Dir}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v", err)
	}
	copyFrom(ts, ts.Stdout(), stdout, outBefore)
	copyFrom(ts, ts.Stderr(), stderr, errBefore)
	ts.Setenv("status", strconv.Itoa(cmd.ProcessState.ExitCode()))
	if (err != nil) != neg {
		ts.Fatalf("crabcan: %v", cmd.ProcessState)
	}
}

// openOutput opens the file that the variable name names, and returns its size.
func openOutput(ts *testscript.TestScript, name string) (file *os.File, size int64) {
	file, err := os.OpenFile(ts.Getenv(name), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o666)
	ts.Check(err)
	info, err := file.Stat()
	ts.Check(err)
	return file, info.Size()
}

func copyFrom(ts *testscript.TestScript, to io.Writer, from *os.File, offset int64) {
	_, err := from.Seek(offset, io.SeekStart)
	ts.Check(err)
	_, err = io.Copy(to, from)
	ts.Check(err)
}

func cmdStatus(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: status N")
	}
	if got := ts.Getenv("status"); got != args[0] {
		ts.Fatalf("the exit status was %s", got)
	}
}

// patience is how long something may take that usually takes milliseconds.
const patience = 30 * time.Second

// await asks again and again whether something has come true, and reports false when it took too long.
func await(isTrue func() bool) bool {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if isTrue() {
			return true
		}
	}
	return isTrue()
}

func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: await ID STATUS")
	}
	var last string
	if !await(func() bool { last = statusOf(ts.Getenv("ROOT"), args[0]); return last == args[1] }) {
		ts.Fatalf("%s is not %s but %s", args[0], args[1], last)
	}
}

// statusOf is the status of a container, or what keeps it from being told.
func statusOf(root, id string) string {
	c, err := runtime.Load(runtime.Host{Root: root}, id)
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	info, err := c.State()
	if err != nil {
		return err.Error()
	}
	return string(info.Status)
}

func cmdAwaitOutput(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: await-output PATTERN")
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	var text []byte
	if !await(func() bool { text, _ = os.ReadFile(ts.Getenv("STDOUT")); return pattern.Match(text) }) {
		ts.Fatalf("no match for %q in %q", args[0], text)
	}
}
