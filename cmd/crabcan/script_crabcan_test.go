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

// running is a crabcan that was started in the background, with where its output begins.
type running struct {
	cmd                  *exec.Cmd
	stdout, stderr       *os.File
	outBefore, errBefore int64
}

// backgroundKey finds the *running of a script among its values.
type backgroundKey struct{}

// cmdCrabcan runs crabcan with its output in files, not pipes.
func cmdCrabcan(ts *testscript.TestScript, neg bool, args []string) {
	last := len(args) - 1
	if last >= 0 && args[last] == "&" {
		if neg {
			ts.Fatalf("usage: crabcan ARG... &")
		}
		startInBackground(ts, args[:last])
		return
	}
	startCrabcan(ts, args).finish(ts, neg)
}

func startInBackground(ts *testscript.TestScript, args []string) {
	r := startCrabcan(ts, args)
	*ts.Value(backgroundKey{}).(*running) = *r
	ts.Defer(func() {
		if r.cmd.ProcessState == nil {
			_ = r.cmd.Process.Kill()
			_ = r.cmd.Wait()
		}
	})
}

func startCrabcan(ts *testscript.TestScript, args []string) *running {
	r := &running{}
	r.stdout, r.outBefore = openOutput(ts, "STDOUT")
	r.stderr, r.errBefore = openOutput(ts, "STDERR")
	r.cmd = exec.Command(filepath.Join(filepath.SplitList(ts.Getenv("PATH"))[0], "crabcan"), args...)
	r.cmd.Dir = ts.MkAbs(".")
	r.cmd.Env = []string{"ROOT=" + ts.Getenv("ROOT"), "PATH=" + ts.Getenv("PATH"), "PWD=" + r.cmd.Dir,
		"CRABCAN_TEST_CGROUPS=" + os.Getenv("CRABCAN_TEST_CGROUPS")}
	r.cmd.Stdout, r.cmd.Stderr = r.stdout, r.stderr
	ts.Check(r.cmd.Start())
	return r
}

// finish waits for crabcan, and gives the script its output and exit status.
func (r *running) finish(ts *testscript.TestScript, neg bool) {
	err := r.cmd.Wait()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v", err)
	}
	copyFrom(ts, ts.Stdout(), r.stdout, r.outBefore)
	copyFrom(ts, ts.Stderr(), r.stderr, r.errBefore)
	ts.Check(errors.Join(r.stdout.Close(), r.stderr.Close()))
	ts.Setenv("status", strconv.Itoa(r.cmd.ProcessState.ExitCode()))
	if (err != nil) != neg {
		ts.Fatalf("crabcan: %v", r.cmd.ProcessState)
	}
}

func cmdSignal(ts *testscript.TestScript, neg bool, args []string) {
	r := ts.Value(backgroundKey{}).(*running)
	if len(args) != 1 || neg || r.cmd == nil {
		ts.Fatalf("usage: signal NAME, after crabcan ARG... &")
	}
	sig, err := parseSignal(args[0])
	ts.Check(err)
	ts.Check(r.cmd.Process.Signal(sig))
}

func cmdFinished(ts *testscript.TestScript, neg bool, args []string) {
	r := ts.Value(backgroundKey{}).(*running)
	if len(args) != 0 || r.cmd == nil {
		ts.Fatalf("usage: finished, after crabcan ARG... &")
	}
	r.finish(ts, neg)
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

// patience is how long something may take that usually takes milliseconds, and a second in a virtual machine without KVM.
const patience = 2 * time.Minute

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
		ts.Fatalf("no match for %q in %q; stderr is %q", args[0], text, readString(ts.Getenv("STDERR")))
	}
}
