package main

import (
	"os"
	"strconv"
)

// listenFds is how many sockets, from descriptor 3 on, systemd hands to this process (sd_listen_fds(3)): they are meant
// for the container.
func listenFds() int {
	if pid, err := strconv.Atoi(os.Getenv("LISTEN_PID")); err != nil || pid != os.Getpid() {
		return 0
	}
	n, err := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	if err != nil {
		return 0
	}
	return max(n, 0)
}
