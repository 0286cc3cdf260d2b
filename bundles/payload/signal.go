package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sleep waits for TERM, INT or the end of the time. A first process of a pid namespace inherits orphans and gets no
// signal it has no handler for, so it handles these and CHLD.
func sleep(args []string) error {
	end, err := timer(args)
	if err != nil {
		return err
	}
	received := make(chan os.Signal, 64)
	signal.Notify(received, unix.SIGTERM, unix.SIGINT, unix.SIGCHLD)
	fmt.Println("ready")
	for {
		select {
		case <-end:
			return nil
		case sig := <-received:
			if sig != unix.SIGCHLD {
				return nil
			}
			reap()
		}
	}
}

// timer returns a channel that is ready after args[0] seconds, or never without it.
func timer(args []string) (<-chan time.Time, error) {
	if len(args) == 0 {
		return nil, nil
	}
	seconds, err := strconv.ParseFloat(args[0], 64)
	return time.After(time.Duration(seconds * float64(time.Second))), err
}

func reap() {
	for {
		pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
		if err != nil || pid == 0 {
			return
		}
	}
}

// signals prints what it receives, or sends it to the socket of datagrams args[0].
func signals(args []string) error {
	received := make(chan os.Signal, 64)
	signal.Notify(received)
	out := os.Stdout
	if len(args) > 0 {
		var err error
		if out, err = datagramsTo(args[0]); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, "ready")
	for sig := range received {
		// The Go runtime sends itself URG to interrupt goroutines.
		if sig == unix.SIGURG {
			continue
		}
		fmt.Fprintln(out, signalName(sig.(unix.Signal)))
		if sig == unix.SIGTERM {
			break
		}
	}
	return nil
}

func hang([]string) error {
	signal.Ignore()
	fmt.Println("ready")
	for {
		time.Sleep(time.Hour)
	}
}

// killSelf takes away the Go runtime's handler first, which would turn some signals into a panic. A process that is
// the first of its pid namespace survives: the kernel doesn't let it kill itself.
func killSelf(args []string) error {
	if len(args) != 1 {
		return errArguments
	}
	sig, err := parseSignal(args[0])
	if err != nil {
		return err
	}
	// struct kernel_sigaction: handler (SIG_DFL), flags, restorer, mask of 8 bytes.
	var action [4]uint64
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0)
	if errno != 0 && errno != unix.EINVAL { // EINVAL: KILL and STOP have no handler
		return os.NewSyscallError("rt_sigaction", errno)
	}
	if err := unix.Kill(os.Getpid(), sig); err != nil {
		return os.NewSyscallError("kill", err)
	}
	time.Sleep(time.Second)
	return errors.New("still alive")
}

// parseSignal understands 9, KILL and SIGKILL.
func parseSignal(s string) (unix.Signal, error) {
	if n, err := strconv.Atoi(s); err == nil {
		return unix.Signal(n), nil
	}
	sig := unix.SignalNum("SIG" + strings.TrimPrefix(strings.ToUpper(s), "SIG"))
	if sig == 0 {
		return 0, fmt.Errorf("no such signal: %s", s)
	}
	return sig, nil
}

func signalName(sig syscall.Signal) string {
	if name := unix.SignalName(sig); name != "" {
		return name
	}
	return "SIG" + strconv.Itoa(int(sig))
}
