package main

import (
	"os"
	"strconv"
)

// notifySocket is the variable by which systemd tells where it wants to hear that a service is ready (sd_notify(3)).
const notifySocket = "NOTIFY_SOCKET"

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
