package console

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// maxName is the longest name in bytes that comes with a descriptor: that of a path.
const maxName = unix.PathMax

// pidfdName is what runc sends along with the pidfd of a container's init.
const pidfdName = "standard"

// Receive returns the one descriptor that comes over socket (SCM_RIGHTS), named as its sender named it; it waits for
// it. The error says so when the other end was closed without sending one.
func Receive(socket *os.File) (*os.File, error) {
	name := make([]byte, maxName)
	// Room for more than one, so that a sender who attaches more is refused instead of half heard.
	control := make([]byte, unix.CmsgSpace(4*4))
	var n, controlLen int
	err := retry(func() (err error) {
		n, controlLen, _, _, err = unix.Recvmsg(int(socket.Fd()), name, control, unix.MSG_CMSG_CLOEXEC)
		return err
	})
	if err != nil {
		return nil, os.NewSyscallError("recvmsg", err)
	}
	fds, err := parseRights(control[:controlLen])
	if err != nil {
		return nil, err
	}
	if len(fds) == 1 {
		return os.NewFile(uintptr(fds[0]), string(name[:n])), nil
	}
	for _, fd := range fds {
		unix.Close(fd)
	}
	if n == 0 && len(fds) == 0 {
		return nil, errors.New("the socket was closed before a descriptor came")
	}
	return nil, fmt.Errorf("expected one descriptor over the socket, not %d", len(fds))
}

// parseRights returns all descriptors of a control message; each is open from now on.
func parseRights(control []byte) ([]int, error) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return nil, os.NewSyscallError("recvmsg", err)
	}
	var fds []int
	for _, message := range messages {
		// Nothing but descriptors can come: other kinds must be asked for with socket options.
		rights, err := unix.ParseUnixRights(&message)
		if err != nil {
			return nil, os.NewSyscallError("recvmsg", err)
		}
		fds = append(fds, rights...)
	}
	return fds, nil
}

// SendListener sends the listener of a seccomp filter over socket, which Dial connected to the profile's listenerPath,
// with the state that the agent expects. A long state may take several messages; the descriptor comes with the first.
func SendListener(socket *os.File, listener int, state []byte) error {
	rights := unix.UnixRights(listener)
	for len(state) > 0 {
		n, err := unix.SendmsgN(int(socket.Fd()), state, rights, nil, unix.MSG_NOSIGNAL)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return &os.PathError{Op: "send the seccomp listener to socket", Path: socket.Name(), Err: err}
		default:
			state, rights = state[n:], nil
		}
	}
	return nil
}

// SendPidfd sends the pidfd of a container's init over socket, which Dial connected to --pidfd-socket.
func SendPidfd(socket *os.File, pidfd int) error {
	return sendRight(socket, "pidfd", pidfdName, pidfd)
}

// SendTerminal sends the master of a container's terminal over socket, which Dial connected to --console-socket.
func SendTerminal(socket, master *os.File) error {
	return sendRight(socket, "terminal", master.Name(), int(master.Fd()))
}

func sendRight(socket *os.File, what, name string, fd int) error {
	err := retry(func() error {
		return unix.Sendmsg(int(socket.Fd()), []byte(name), unix.UnixRights(fd), nil, unix.MSG_NOSIGNAL)
	})
	if err != nil {
		return &os.PathError{Op: "send the " + what + " to socket", Path: socket.Name(), Err: err}
	}
	return nil
}
