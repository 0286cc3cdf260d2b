// Package console hands a container's terminal, pidfd and signals over to whoever talks to the container.
//
// Init makes its own pseudo-terminal and sends the master end over a socket that the parent connected for it: to the
// caller's own with Dial (--console-socket), or back to the parent with Pair and Receive, where a Proxy then shows it
// on the caller's terminal.
package console

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// maxSocketPath is the longest path in bytes that fits into a sockaddr_un together with its final NUL.
const maxSocketPath = len(unix.RawSockaddrUnix{}.Path) - 1

// Dial connects to the AF_UNIX stream socket at path, which may be of any length that the kernel opens. As everywhere
// in Go a leading "@" means the abstract name space. The error is an *os.PathError.
func Dial(path string) (*os.File, error) {
	socket, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if err := connect(socket, path); err != nil {
		unix.Close(socket)
		return nil, &os.PathError{Op: "connect to socket", Path: path, Err: err}
	}
	return os.NewFile(uintptr(socket), path), nil
}

func connect(socket int, path string) error {
	if len(path) <= maxSocketPath {
		return retry(func() error { return unix.Connect(socket, &unix.SockaddrUnix{Name: path}) })
	}
	// Podman's and containerd's folders are long. A descriptor's own link is short and leads to the same socket.
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return connect(socket, "/proc/self/fd/"+strconv.Itoa(fd))
}

// Pair makes the socket over which init sends the terminal back to its parent. The parent closes init's end as soon as
// init has it: only then does Receive notice that init ended without sending anything.
func Pair() (parent, init *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	return os.NewFile(uintptr(fds[0]), "console"), os.NewFile(uintptr(fds[1]), "console of init"), nil
}

// retry repeats a system call for as long as signals interrupt it.
func retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}
