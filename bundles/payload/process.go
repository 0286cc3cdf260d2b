package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// execute replaces the payload by another program.
func execute(args []string) error {
	if len(args) == 0 {
		return errArguments
	}
	if strings.Contains(args[0], "/") {
		return &os.PathError{Op: "exec", Path: args[0], Err: syscall.Exec(args[0], args, os.Environ())}
	}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if err := syscall.Exec(filepath.Join(dir, args[0]), args, os.Environ()); err != unix.ENOENT {
			return &os.PathError{Op: "exec", Path: filepath.Join(dir, args[0]), Err: err}
		}
	}
	return fmt.Errorf("%s is not in PATH", args[0])
}

func daemon([]string) error {
	pid, errno := forkSleeper(true)
	if errno != 0 {
		return os.NewSyscallError("clone", errno)
	}
	_, err := fmt.Println("left behind", pid)
	return err
}

func fork(args []string) error {
	if len(args) != 1 {
		return errArguments
	}
	want, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	var pids []uintptr
	var errno syscall.Errno
	for len(pids) < want && errno == 0 {
		var pid uintptr
		if pid, errno = forkSleeper(false); errno == 0 {
			pids = append(pids, pid)
		}
	}
	for _, pid := range pids {
		if err := unix.Kill(int(pid), unix.SIGKILL); err != nil {
			return os.NewSyscallError("kill", err)
		}
	}
	fmt.Printf("started %d of %d\n", len(pids), want)
	return outcome(errno)
}

// forkSleeper starts a child that sleeps until it is killed, with its own session and without standard files if it is
// to be detached. It is a bare fork because os/exec needs /proc and threads, which a limit of processes forbids. The
// child must not run the Go runtime, of which only this one thread is left: it makes raw system calls and no others.
//
//go:noinline
//go:nosplit
func forkSleeper(detached bool) (uintptr, syscall.Errno) {
	pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
	if errno != 0 || pid != 0 {
		return pid, errno
	}
	if detached {
		syscall.RawSyscall(syscall.SYS_SETSID, 0, 0, 0)
		for fd := range uintptr(3) {
			syscall.RawSyscall(syscall.SYS_CLOSE, fd, 0, 0)
		}
	}
	for {
		syscall.RawSyscall6(syscall.SYS_PPOLL, 0, 0, 0, 0, 0, 0)
	}
}
