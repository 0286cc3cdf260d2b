package spawn

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
)

// Message is what init said: see program.Message for the whole protocol.
type Message struct {
	Kind program.Message
	A, B uint64
	Text string
	// Files are the descriptors that came along: for Mounted the root, for CopyUp from and to, for Listener that, if init
	// was started by somebody who may not look at its own. Whoever receives the message closes them.
	Files []*os.File
}

// Receive waits for the next message. io.EOF says that the socket was closed: init has executed the user's program,
// or it is dead.
func (p *Process) Receive() (Message, error) {
	var b [program.MessageSize + program.TextSize]byte
	var control [controlSize]byte
	for {
		n, rights, _, _, err := unix.Recvmsg(int(p.conn.Fd()), b[:], control[:], unix.MSG_CMSG_CLOEXEC)
		switch {
		case err == unix.EINTR:
		case n == 0 && err == nil || err == unix.ECONNRESET:
			return Message{}, io.EOF
		case err != nil:
			return Message{}, fmt.Errorf("receive from init: %w", err)
		default:
			m, err := decode(b[:n])
			if err == nil && rights > 0 {
				m.Files, err = files(control[:rights])
			}
			return m, err
		}
	}
}

// controlSize is room for two descriptors.
const controlSize = unix.SizeofCmsghdr + 2*4

// files takes the descriptors out of a control message.
func files(control []byte) (list []*os.File, err error) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return nil, fmt.Errorf("receive from init: %w", err)
	}
	for i := range messages {
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			return nil, fmt.Errorf("receive from init: %w", err)
		}
		for _, fd := range fds {
			list = append(list, os.NewFile(uintptr(fd), "init's"))
		}
	}
	return list, nil
}

// Path is the path of the i-th of two files that the message is about, the number of whose descriptor in init is fd.
func (m *Message) Path(p *Process, i int, fd uint64) string {
	if i < len(m.Files) {
		return fmt.Sprintf("/proc/self/fd/%d", m.Files[i].Fd())
	}
	return fmt.Sprintf("/proc/%d/fd/%d", p.Pid, fd)
}

// Close closes the files that came along.
func (m *Message) Close() {
	for _, f := range m.Files {
		f.Close()
	}
}

func decode(b []byte) (Message, error) {
	if len(b) < program.MessageSize {
		return Message{}, fmt.Errorf("receive from init: a message of %d bytes", len(b))
	}
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
	text, _, _ := bytes.Cut(b[program.MessageSize:], []byte{0})
	return Message{Kind: program.Message(word(0)), A: word(1), B: word(2), Text: kernelText(string(text))}, nil
}

// kernelText strips the level ("e " for an error) and the end of the line from what a file system context says.
func kernelText(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > 2 && text[1] == ' ' {
		text = text[2:]
	}
	return text
}

// AnswerFile answers a message with one byte and a descriptor.
func (p *Process) AnswerFile(f *os.File) error {
	err := unix.Sendmsg(int(p.conn.Fd()), []byte{0}, unix.UnixRights(int(f.Fd())), nil, unix.MSG_NOSIGNAL)
	if err != nil {
		return fmt.Errorf("answer init: %w", err)
	}
	return nil
}

// Answer answers a message with data, at least one byte.
func (p *Process) Answer(data []byte) error {
	err := unix.Sendto(int(p.conn.Fd()), data, unix.MSG_NOSIGNAL, nil)
	if err != nil {
		return fmt.Errorf("answer init: %w", err)
	}
	return nil
}
