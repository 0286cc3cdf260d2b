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
}

// Receive waits for the next message. io.EOF says that the socket was closed: init has executed the user's program,
// or it is dead.
func (p *Process) Receive() (Message, error) {
	var b [program.MessageSize + program.TextSize]byte
	for {
		n, err := unix.Read(int(p.conn.Fd()), b[:])
		switch {
		case err == unix.EINTR:
		case n == 0 && err == nil || err == unix.ECONNRESET:
			return Message{}, io.EOF
		case err != nil:
			return Message{}, fmt.Errorf("receive from init: %w", err)
		default:
			return decode(b[:n])
		}
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
