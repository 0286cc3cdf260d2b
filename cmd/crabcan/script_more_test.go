package main

import (
	"debug/elf"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdAwaitExec runs a program again and again until it succeeds.
func cmdAwaitExec(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 || neg {
		ts.Fatalf("usage: await-exec PROGRAM [ARG...]")
	}
	var output []byte
	succeeds := func() bool {
		cmd := exec.Command("env", args...) // it looks for the program in the PATH of the script
		cmd.Dir = ts.MkAbs(".")
		cmd.Env = append(os.Environ(), "ROOT="+ts.Getenv("ROOT"), "WORK="+ts.Getenv("WORK"), "PATH="+ts.Getenv("PATH"),
			"STDOUT="+ts.Getenv("STDOUT"))
		var err error
		output, err = cmd.CombinedOutput()
		return err == nil
	}
	if !await(succeeds) {
		ts.Fatalf("%s does not come to succeed: %s", args[0], output)
	}
}

// hasController says whether a container can be limited by a cgroup controller here.
func hasController(name string) bool {
	if pureV2() {
		return slices.Contains(strings.Fields(readString("/sys/fs/cgroup/cgroup.controllers")), name)
	}
	found, _ := filepath.Glob("/sys/fs/cgroup/" + name + "/tasks")
	return len(found) > 0
}

// hasBusybox says whether there is a busybox that needs no libraries.
func hasBusybox() bool {
	path, err := exec.LookPath("busybox")
	if err != nil {
		return false
	}
	file, err := elf.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	return !slices.ContainsFunc(file.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP })
}

// hasDebianMirror says whether Debian's packages can be had.
func hasDebianMirror() bool {
	conn, err := net.DialTimeout("tcp", "deb.debian.org:80", 5*time.Second)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}
