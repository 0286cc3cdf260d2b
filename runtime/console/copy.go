package console

import (
	"os"

	"golang.org/x/sys/unix"
)

// chunk is how many bytes are copied at once; a pty rarely holds more than 4096.
const chunk = 16 << 10

// mostBuffered is more than the kernel keeps of what was written to a pty and not read yet (640 KiB).
const mostBuffered = 1 << 20

// show copies what the container writes to out. It goes on when all in the container have closed the terminal, because
// one of them may open it again, as an init system does with /dev/console. It ends when stop is called and the pty is
// drained, or when out can't be written to any more.
func show(out *os.File, from *end) {
	defer from.close()
	buf := make([]byte, chunk)
	stopped := false
	for left := mostBuffered; left > 0; {
		n, err := read(from.fd, buf)
		switch {
		case n > 0:
			if _, err := out.Write(buf[:n]); err != nil {
				return
			}
		case stopped || err != unix.EAGAIN && err != unix.EIO:
			return
		default:
			from.wait()
		}
		// A process that outlives the container's first may go on writing for ever.
		if stopped = from.stop.called(); stopped {
			left -= n
		}
	}
}

// enter copies what comes from in, whose descriptor is fd, to the container, until in ends or stop is called.
func enter(in *os.File, fd int, to *end) {
	defer to.close()
	buf := make([]byte, chunk)
	last := byte('\n')
	for to.waitInput(fd) {
		n, err := in.Read(buf)
		if n > 0 {
			last = buf[n-1]
		}
		if !to.write(buf[:n]) {
			return
		}
		if err != nil {
			to.write(endOfFile(to.fd, last))
			return
		}
	}
}

// endOfFile returns what must be typed at the terminal of fd to make its reader see an end of file: VEOF, usually ^D.
// After a character other than a line feed the first one only ends the line. A terminal whose reader wants single
// keys has no end of file.
func endOfFile(fd int, last byte) []byte {
	modes, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil || modes.Lflag&unix.ICANON == 0 {
		return nil
	}
	eof := modes.Cc[unix.VEOF]
	if last == '\n' {
		return []byte{eof}
	}
	return []byte{eof, eof}
}

func read(fd int, buf []byte) (n int, err error) {
	err = retry(func() (err error) {
		n, err = unix.Read(fd, buf)
		return err
	})
	return max(n, 0), err
}
