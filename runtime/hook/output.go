package hook

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// maxOutput is as much of a hook's output, in bytes and from its end, as is kept to explain a failure.
const maxOutput = 4096

// output is the reading end of a hook's stdout and stderr, a pipe, and the end of what has come out of it.
type output struct {
	// fd is negative when nobody can write any more.
	fd int
	// tail is what is kept, and cut says that there was more.
	tail []byte
	cut  bool
	// chunk has room for all that a pipe holds (pipe(7)).
	chunk [1 << 16]byte
}

// newOutput makes the pipe. The writing end is the hook's.
func newOutput() (*output, *os.File, error) {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return nil, nil, fmt.Errorf("pipe: %w", err)
	}
	return &output{fd: ends[0]}, os.NewFile(uintptr(ends[1]), "hook-output"), unix.SetNonblock(ends[0], true)
}

// read takes in what there is, without waiting for more.
func (o *output) read() {
	if o.fd < 0 {
		return
	}
	n, err := unix.Read(o.fd, o.chunk[:])
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
	case n <= 0:
		o.close()
	default:
		o.tail = append(o.tail, o.chunk[:n]...)
		if more := len(o.tail) - maxOutput; more > 0 {
			o.tail, o.cut = append(o.tail[:0], o.tail[more:]...), true
		}
	}
}

func (o *output) close() {
	if o.fd >= 0 {
		unix.Close(o.fd)
		o.fd = -1
	}
}

// text is what was kept, as one line.
func (o *output) text() string {
	text := strings.Join(strings.Fields(string(o.tail)), " ")
	if o.cut {
		text = fmt.Sprintf("(its last %d bytes) %s", maxOutput, text)
	}
	return text
}
