package console

import (
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// stop is an event that goroutines see, also while they wait for a descriptor.
type stop struct {
	fd   int // an eventfd; it stays readable once call was called
	done atomic.Bool
}

func newStop() (*stop, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("eventfd", err)
	}
	return &stop{fd: fd}, nil
}

// call makes the event happen; only the first call does anything.
func (s *stop) call() {
	if !s.done.Swap(true) {
		_, _ = unix.Write(s.fd, []byte{1, 0, 0, 0, 0, 0, 0, 0}) // can't fail: the count is 0
	}
}

func (s *stop) called() bool { return s.done.Load() }

// close may be called when nobody waits any more, and not before call.
func (s *stop) close() { unix.Close(s.fd) }

// end is a non-blocking descriptor of a pty's master for one direction. It waits edge-triggered: a master whose other
// side is closed is always ready, with an error, and still may become useful again.
type end struct {
	fd, epoll int
	stop      *stop
}

// ends makes the two ends of master, which becomes non-blocking.
func ends(master int, stop *stop) (output, input *end, err error) {
	if err := unix.SetNonblock(master, true); err != nil {
		return nil, nil, os.NewSyscallError("fcntl", err)
	}
	if output, err = newEnd(master, unix.EPOLLIN, stop); err != nil {
		return nil, nil, err
	}
	if input, err = newEnd(master, unix.EPOLLOUT, stop); err != nil {
		output.close()
		return nil, nil, err
	}
	return output, input, nil
}

// newEnd makes an end that waits for events, EPOLLIN or EPOLLOUT.
func newEnd(master int, events uint32, stop *stop) (*end, error) {
	fd, err := unix.FcntlInt(uintptr(master), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	e := &end{fd: fd, epoll: epoll, stop: stop}
	if err := e.watch(events); err != nil {
		e.close()
		return nil, os.NewSyscallError("epoll_ctl", err)
	}
	return e, nil
}

func (e *end) watch(events uint32) error {
	master := unix.EpollEvent{Fd: int32(e.fd), Events: events | unix.EPOLLET}
	if err := unix.EpollCtl(e.epoll, unix.EPOLL_CTL_ADD, e.fd, &master); err != nil {
		return err
	}
	stop := unix.EpollEvent{Fd: int32(e.stop.fd), Events: unix.EPOLLIN}
	return unix.EpollCtl(e.epoll, unix.EPOLL_CTL_ADD, e.stop.fd, &stop)
}

func (e *end) close() {
	unix.Close(e.epoll)
	unix.Close(e.fd)
}

// wait waits until the master's state has changed since the last wait, or stop is called.
func (e *end) wait() {
	var events [2]unix.EpollEvent
	_ = retry(func() error {
		_, err := unix.EpollWait(e.epoll, events[:], -1)
		return err
	})
}

// waitInput waits until fd can be read or has ended, and reports false when stop is called first.
func (e *end) waitInput(fd int) bool {
	// poll, unlike epoll, takes regular files too.
	fds := []unix.PollFd{
		{Fd: int32(fd), Events: unix.POLLIN},
		{Fd: int32(e.stop.fd), Events: unix.POLLIN},
	}
	_ = retry(func() error {
		_, err := unix.Poll(fds, -1)
		return err
	})
	return !e.stop.called()
}

// write writes all of data to the master; it reports false when it can't, or when stop is called first.
func (e *end) write(data []byte) bool {
	for len(data) > 0 {
		n, err := unix.Write(e.fd, data)
		switch {
		case n > 0:
			data = data[n:]
		case err == unix.EINTR:
		case err == unix.EAGAIN || n == 0:
			if e.wait(); e.stop.called() {
				return false
			}
		default:
			return false
		}
	}
	return true
}
