package netdev

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// conn is a netlink socket (rtnetlink(7)). It stays in the network namespace that it was made in. Five requests are
// needed here, for which a library of all of them would be initialized at each start of crabcan (0.02 ms).
type conn struct {
	fd       int
	sequence uint32
}

func dial() (*conn, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	return &conn{fd: fd}, nil
}

// dialIn makes the socket in another network namespace, by a short visit there.
func dialIn(ns *os.File) (c *conn, err error) {
	runtime.LockOSThread()
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		runtime.UnlockOSThread()
		return nil, err
	}
	defer home.Close()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return nil, fmt.Errorf("enter the container's network namespace: %w", err)
	}
	c, err = dial()
	if back := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); back != nil {
		// Nobody else may get this thread: it stays locked, and ends with its goroutine.
		return nil, fmt.Errorf("leave the container's network namespace: %w", back)
	}
	runtime.UnlockOSThread()
	return c, err
}

func (c *conn) close() { unix.Close(c.fd) }

// request sends a message and returns what comes back, without acknowledgements.
func (c *conn) request(kind, flags uint16, body []byte) (replies []syscall.NetlinkMessage, err error) {
	c.sequence++
	message := binary.NativeEndian.AppendUint32(nil, uint32(unix.NLMSG_HDRLEN+len(body)))
	message = binary.NativeEndian.AppendUint16(message, kind)
	message = binary.NativeEndian.AppendUint16(message, flags|unix.NLM_F_REQUEST|unix.NLM_F_ACK)
	message = binary.NativeEndian.AppendUint32(message, c.sequence)
	message = binary.NativeEndian.AppendUint32(message, 0) // the kernel fills in who asks
	if err := unix.Sendto(c.fd, append(message, body...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, err
	}
	buffer := make([]byte, 1<<16)
	for {
		n, _, err := unix.Recvfrom(c.fd, buffer, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, err
		}
		messages, err := syscall.ParseNetlinkMessage(buffer[:n])
		if err != nil {
			return nil, err
		}
		for _, m := range messages {
			if m.Header.Seq != c.sequence {
				continue
			}
			if m.Header.Type == unix.NLMSG_ERROR || m.Header.Type == unix.NLMSG_DONE {
				return replies, outcome(m.Data)
			}
			m.Data = append([]byte(nil), m.Data...) // the buffer is used again
			replies = append(replies, m)
		}
	}
}

// outcome is the errno, negative, that an acknowledgement and the end of a list begin with.
func outcome(data []byte) error {
	if len(data) < 4 {
		return unix.EBADMSG
	}
	if errno := -int32(binary.NativeEndian.Uint32(data)); errno != 0 {
		return unix.Errno(errno)
	}
	return nil
}

// attribute is struct rtattr with its value, filled up to a multiple of four bytes.
func attribute(kind uint16, value []byte) []byte {
	a := binary.NativeEndian.AppendUint16(nil, uint16(unix.SizeofRtAttr+len(value)))
	a = append(binary.NativeEndian.AppendUint16(a, kind), value...)
	for len(a)%unix.RTA_ALIGNTO != 0 {
		a = append(a, 0)
	}
	return a
}

func cString(s string) []byte { return append([]byte(s), 0) }
