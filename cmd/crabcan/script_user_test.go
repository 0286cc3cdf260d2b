package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// A real unprivileged user, for one script:
//
//	user [DIR...]         make one, with ranges of subordinate ids and a folder, $USERDIR, that is open to it: it holds
//	                      crabcan and copies of these folders, which are the user's
//	as crabcan ARG...     run that as the user, in its folder, without --root; output and status as of the command crabcan
//	as PROGRAM ARG...     run another program so
//	nested PROGRAM ARG... run it, or crabcan, in the user's folder as root of a user namespace whose ids are 100000 and up
//
// $USERNAME, $USERUID and $USERGID are the user's name and ids, $SUBUID and $SUBGID the first of 65536 subordinate ones. The user's runtime
// folder is $USERDIR/run.

func cmdUser(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: user [DIR...]")
	}
	for _, tool := range []string{"useradd", "userdel"} {
		if _, err := exec.LookPath(tool); err != nil {
			ts.Fatalf("%v", err)
		}
	}
	dir, err := os.MkdirTemp("", "crabcan-user")
	ts.Check(err)
	name := filepath.Base(dir)
	ts.Defer(func() { removeUser(ts, name, dir) })
	ts.Check(ts.Exec("useradd", "--no-create-home", "--home-dir", dir, "--user-group", name))
	ts.Setenv("USERDIR", dir)
	ts.Setenv("USERNAME", name)
	ts.Setenv("USERUID", output(ts, "id", "-u", name))
	ts.Setenv("USERGID", output(ts, "id", "-g", name))
	ts.Setenv("SUBUID", subordinate(ts, "/etc/subuid", name))
	ts.Setenv("SUBGID", subordinate(ts, "/etc/subgid", name))
	self, err := os.Executable()
	ts.Check(err)
	ts.Check(copyProgram(self, filepath.Join(dir, "crabcan")))
	ts.Check(os.Mkdir(filepath.Join(dir, "run"), 0o700))
	for _, folder := range args {
		ts.Check(ts.Exec("cp", "-r", ts.MkAbs(folder), dir))
	}
	ts.Check(ts.Exec("chown", "-R", name+":"+name, dir))
	ts.Check(os.Chmod(dir, 0o755))
}

// removeUser also removes the containers that a failed script has left. It runs too late to fail the script.
func removeUser(ts *testscript.TestScript, name, dir string) {
	root := filepath.Join(dir, "run/crabcan")
	left, _ := filepath.Glob(root + "/*")
	for _, container := range left {
		remove := inUserDir(ts, "crabcan", "--root", root, "delete", "--force", filepath.Base(container))
		if out, err := remove.CombinedOutput(); err != nil {
			ts.Logf("%v: %s", err, out)
		}
	}
	for _, err := range []error{ts.Exec("userdel", "--force", name), os.RemoveAll(dir)} {
		if err != nil {
			ts.Logf("%v", err)
		}
	}
}

func output(ts *testscript.TestScript, program string, args ...string) string {
	out, err := exec.Command(program, args...).Output()
	ts.Check(err)
	return strings.TrimSpace(string(out))
}

// subordinate is the first subordinate id of a user, as useradd gave it.
func subordinate(ts *testscript.TestScript, file, name string) string {
	data, err := os.ReadFile(file)
	ts.Check(err)
	for line := range strings.Lines(string(data)) {
		if fields := strings.Split(strings.TrimSpace(line), ":"); fields[0] == name && len(fields) == 3 {
			return fields[1]
		}
	}
	ts.Fatalf("useradd gave no subordinate ids in %s", file)
	return ""
}

func copyProgram(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE, 0o755)
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = io.Copy(out, in)
	return err
}

func cmdAs(ts *testscript.TestScript, neg bool, args []string) {
	runAs(ts, neg, args, &syscall.SysProcAttr{Credential: &syscall.Credential{
		Uid: id(ts, "USERUID"), Gid: id(ts, "USERGID"),
	}})
}

func cmdNested(ts *testscript.TestScript, neg bool, args []string) {
	all := []syscall.SysProcIDMap{{HostID: 100000, Size: 65536}}
	runAs(ts, neg, args, &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: all, GidMappings: all, GidMappingsEnableSetgroups: true,
		Credential: &syscall.Credential{},
	})
}

// runAs runs a program in the folder of the script's user.
func runAs(ts *testscript.TestScript, neg bool, args []string, attr *syscall.SysProcAttr) {
	if len(args) == 0 || ts.Getenv("USERDIR") == "" {
		ts.Fatalf("usage: as or nested PROGRAM [ARG...], after user")
	}
	r := &running{cmd: inUserDir(ts, args[0], args[1:]...)}
	r.cmd.SysProcAttr = attr
	r.stdout, r.outBefore = openOutput(ts, "STDOUT")
	r.stderr, r.errBefore = openOutput(ts, "STDERR")
	r.cmd.Stdout, r.cmd.Stderr = r.stdout, r.stderr
	ts.Check(r.cmd.Start())
	r.finish(ts, neg)
}

// inUserDir is a command that runs in the folder of the script's user.
func inUserDir(ts *testscript.TestScript, program string, args ...string) *exec.Cmd {
	dir := ts.Getenv("USERDIR")
	if program == "crabcan" {
		program = filepath.Join(dir, program)
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "XDG_RUNTIME_DIR=" + filepath.Join(dir, "run"), "PWD=" + dir}
	return cmd
}

func id(ts *testscript.TestScript, name string) uint32 {
	n, err := strconv.ParseUint(ts.Getenv(name), 10, 32)
	if err != nil {
		ts.Fatalf("%s: %v", name, err)
	}
	return uint32(n)
}
