package cgroup

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// eventsFile is where a v2 cgroup says "populated 0" and "frozen 1"; poll(2) on it wakes at each change.
const eventsFile = "/cgroup.events"

// awaitEvent waits until a v2 cgroup's events have the line given. The error is unix.ETIMEDOUT at the deadline; a
// cgroup that is gone or of v1 is an error that isGone knows.
func awaitEvent(dir, line string, deadline time.Time) error {
	fd, err := open(dir+eventsFile, unix.O_RDONLY)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var buf [256]byte
	for {
		// Reading from the start arms the next poll.
		n, err := again(func() (int, error) { return unix.Pread(fd, buf[:], 0) })
		if err != nil {
			return &fs.PathError{Op: "read", Path: dir + eventsFile, Err: err}
		}
		if slices.Contains(strings.Split(string(buf[:n]), "\n"), line) {
			return nil
		}
		left := time.Until(deadline)
		if left <= 0 {
			return unix.ETIMEDOUT
		}
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLPRI}}
		if _, err := unix.Poll(fds, int(left.Milliseconds())+1); err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
