package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// The other side of --console-socket and --pidfd-socket:
//
//	listen SOCKET      listen, and take the descriptor that comes
//	type SOCKET TEXT   type that at the terminal that came; \n and \r in it are what they are in Go
//	heard SOCKET       wait until the terminal is hung up, or the pidfd's process has ended; stdout is what the terminal
//	                   showed, stderr the name that the descriptor was sent with

// peers are the sockets of a script, by path.
type peers map[string]*peer

// peersKey finds them among the values of a script.
type peersKey struct{}

// peer is the other side of one socket.
type peer struct {
	listener *net.UnixListener
	came     chan struct{} // closed when file or err is set
	file     *os.File
	err      error
	ended    chan struct{} // closed when seen is complete
	seen     strings.Builder
}

func cmdListen(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: listen SOCKET")
	}
	path := ts.MkAbs(args[0])
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	ts.Check(err)
	p := &peer{listener: listener, came: make(chan struct{}), ended: make(chan struct{})}
	ts.Value(peersKey{}).(peers)[path] = p
	ts.Defer(func() { listener.Close() })
	go p.serve()
}

// serve takes the descriptor and watches it to its end.
func (p *peer) serve() {
	defer close(p.ended)
	p.file, p.err = acceptConsole(p.listener)
	close(p.came)
	if p.err == nil {
		defer p.file.Close()
		p.watch()
	}
}

// watch reads a terminal until it is hung up, and waits for the end of a pidfd's process.
func (p *peer) watch() {
	if _, err := unix.IoctlGetTermios(int(p.file.Fd()), unix.TCGETS); err == nil {
		_, _ = io.Copy(&p.seen, p.file) // the error is EIO: hung up
		return
	}
	fds := []unix.PollFd{{Fd: int32(p.file.Fd()), Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(fds, -1); err != unix.EINTR {
			return
		}
	}
}

// peerOf finds the peer of a socket; what it waits for must come in time.
func peerOf(ts *testscript.TestScript, path string) *peer {
	p := ts.Value(peersKey{}).(peers)[ts.MkAbs(path)]
	if p == nil {
		ts.Fatalf("nobody listens at %s", path)
	}
	inTime(ts, p.came, "nothing came over the socket")
	ts.Check(p.err)
	return p
}

func inTime(ts *testscript.TestScript, event <-chan struct{}, complaint string) {
	select {
	case <-event:
	case <-time.After(patience):
		ts.Fatalf("%s", complaint)
	}
}

func cmdType(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: type SOCKET TEXT")
	}
	text, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	_, err = peerOf(ts, args[0]).file.WriteString(text)
	ts.Check(err)
}

func cmdHeard(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: heard SOCKET")
	}
	p := peerOf(ts, args[0])
	inTime(ts, p.ended, "it does not end")
	fmt.Fprint(ts.Stdout(), p.seen.String())
	fmt.Fprintln(ts.Stderr(), p.file.Name())
}
