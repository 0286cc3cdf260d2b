package main

import (
	"fmt"
	"net"
	"sync"
	"unsafe"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/console"
)

// The agent of seccomp profiles with SCMP_ACT_NOTIFY:
//
//	agent SOCKET    listen, and decide for each listener that comes: mkdir and mkdirat fail with ENOMEDIUM, all other
//	                calls go on
//	states SOCKET   stdout is what came with the listeners so far

// agents are the agents of a script, by path.
type agents map[string]*agent

// agentsKey finds them among the values of a script.
type agentsKey struct{}

type agent struct {
	mu     sync.Mutex
	states string
}

func cmdAgent(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: agent SOCKET")
	}
	path := ts.MkAbs(args[0])
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	ts.Check(err)
	ts.Defer(func() { listener.Close() })
	a := &agent{}
	ts.Value(agentsKey{}).(agents)[path] = a
	go a.serve(listener)
}

func cmdStates(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: states SOCKET")
	}
	a := ts.Value(agentsKey{}).(agents)[ts.MkAbs(args[0])]
	a.mu.Lock()
	defer a.mu.Unlock()
	fmt.Fprint(ts.Stdout(), a.states)
}

// serve takes one listener after the other, each with a connection of its own.
func (a *agent) serve(listener *net.UnixListener) {
	for {
		conn, err := listener.AcceptUnix()
		if err != nil {
			return
		}
		socket, err := conn.File()
		conn.Close()
		if err != nil {
			return
		}
		file, err := console.Receive(socket)
		socket.Close()
		if err != nil {
			return
		}
		a.mu.Lock()
		a.states += file.Name() + "\n"
		a.mu.Unlock()
		go func() {
			defer file.Close()
			for decide(file.Fd()) {
			}
		}()
	}
}

// question and answer are struct seccomp_notif and struct seccomp_notif_resp of linux/seccomp.h.
type question struct {
	id         uint64
	pid, flags uint32
	call       int32
	arch       uint32
	at         uint64
	args       [6]uint64
}

type answer struct {
	id    uint64
	value int64
	errno int32
	flags uint32
}

const goOn = 1 // SECCOMP_USER_NOTIF_FLAG_CONTINUE

// decide answers one question, and reports false when there will be no other.
func decide(fd uintptr) bool {
	poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if _, err := unix.Poll(poll, -1); err == unix.EINTR {
		return true
	} else if err != nil || poll[0].Revents&unix.POLLIN == 0 {
		return false
	}
	var q question
	if !control(fd, unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&q)) {
		return true // who asked has died meanwhile
	}
	a := answer{id: q.id, flags: goOn}
	if q.call == unix.SYS_MKDIRAT || q.call == mkdir {
		a = answer{id: q.id, errno: -int32(unix.ENOMEDIUM)}
	}
	control(fd, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&a))
	return true
}

// mkdir is the number of a call that only amd64 has; no other architecture uses it for anything that is asked here.
const mkdir = 83

func control(fd, request uintptr, data unsafe.Pointer) bool {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, request, uintptr(data))
	return errno == 0
}
