package runtime

import (
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"
)

// checkPreserved makes sure that the descriptors to preserve came from the caller. Those that crabcan opened itself
// are close-on-exec, and the caller's can't be, else they would not be here.
func checkPreserved(n int) error {
	for fd := 3; fd < 3+n; fd++ {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if err != nil || flags&unix.FD_CLOEXEC != 0 {
			return fmt.Errorf("--preserve-fds %d: descriptor %d is not open", n, fd)
		}
	}
	return nil
}

// announceSockets tells the container's process of the sockets that it gets, as systemd would.
func (c *Container) announceSockets() {
	if c.flags.ListenFds == 0 {
		return
	}
	c.setEnv("LISTEN_FDS", strconv.Itoa(c.flags.ListenFds))
	c.setEnv("LISTEN_PID", "1")
}
