package runtime

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/state"
	"github.com/crabcan/crabcan/spec"
)

// notifyAt is where the container finds the folder with its notify socket, as with runc.
const notifyAt = "/run/notify"

// NotifyThrough makes the container's process able to tell the service manager that it is ready (sd_notify(3)): host is
// the manager's socket, "" if there is none.
func (c *Container) NotifyThrough(host string) { c.flags.NotifySocket = host }

// showNotify gives a new container a folder with a notify socket of its own, which crabcan forwards from: the manager
// does not believe processes of other cgroups.
func (c *Container) showNotify() {
	own := slices.ContainsFunc(c.opts.Namespaces, func(n spec.Namespace) bool { return n.Flag == unix.CLONE_NEWNS })
	if c.flags.NotifySocket == "" || !own {
		return
	}
	c.opts.Mounts = append(slices.Clip(c.opts.Mounts), spec.Mount{
		Destination: notifyAt,
		Type:        "bind",
		Source:      state.Root(c.host.Root).NotifyFolder(c.id),
		Bind:        true,
		Attr: spec.MountAttr{
			Set: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV | unix.MOUNT_ATTR_NOEXEC},
	})
	c.setEnv("NOTIFY_SOCKET", path.Join(notifyAt, state.NotifySocket))
}

// setEnv gives the process a variable instead of what the config has under that name.
func (c *Container) setEnv(name, value string) {
	env := slices.DeleteFunc(slices.Clone(c.opts.Env), func(e string) bool { return strings.HasPrefix(e, name+"=") })
	c.opts.Env = append(env, name+"="+value)
}

// notifier forwards what the container writes to its notify socket. A nil one has nothing to do.
type notifier struct{ from, to int }

// listenNotify makes the container's notify socket; the notifier is nil if the container was created without one.
func (c *Container) listenNotify() (*notifier, error) {
	if c.flags.NotifySocket == "" {
		return nil, nil
	}
	from, err := c.dir.ListenNotify()
	if errors.Is(err, unix.ENOENT) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	to, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		err = unix.Connect(to, &unix.SockaddrUnix{Name: c.flags.NotifySocket})
	}
	n := &notifier{from, to}
	if err != nil {
		n.close()
		return nil, fmt.Errorf("NOTIFY_SOCKET %s: %w", c.flags.NotifySocket, err)
	}
	return n, nil
}

func (n *notifier) close() {
	if n != nil {
		unix.Close(n.from)
		unix.Close(n.to)
	}
}

// forwarded are the messages that are about the container's own state. The others (sd_notify(3)) would let it change
// what the manager believes of the service: who else may speak for it, its watchdog, its main process.
var forwarded = [...]string{"READY=", "RELOADING=", "STOPPING=", "STATUS=", "ERRNO=", "MONOTONIC_USEC="}

// forward hands on for as long as this process lives.
func (n *notifier) forward() {
	if n == nil {
		return
	}
	for {
		lines, err := n.receive()
		if err != nil {
			return
		}
		lines = slices.DeleteFunc(lines, func(l []byte) bool {
			return !slices.ContainsFunc(forwarded[:], func(name string) bool { return bytes.HasPrefix(l, []byte(name)) })
		})
		if len(lines) > 0 {
			n.send(bytes.Join(lines, []byte("\n")))
		}
	}
}

// awaitReady waits until the container says that it is ready, or ends, and makes its init the main process of the
// manager's service: nobody is there to forward more.
func (c *Container) awaitReady(n *notifier) error {
	if n == nil {
		return nil
	}
	init, err := c.initPidfd()
	if errors.Is(err, errNotRunning) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(init)
	// It may take long, and meanwhile others must be able to stop and delete the container.
	if err := c.dir.Unlock(); err != nil {
		return err
	}
	for {
		polled := []unix.PollFd{{Fd: int32(n.from), Events: unix.POLLIN}, {Fd: int32(init), Events: unix.POLLIN}}
		if _, err := unix.Poll(polled, -1); err != nil && err != unix.EINTR {
			return fmt.Errorf("poll: %w", err)
		}
		if polled[0].Revents == 0 {
			if polled[1].Revents != 0 {
				return nil
			}
			continue
		}
		lines, err := n.receive()
		if err != nil {
			return err
		}
		for _, line := range lines {
			if bytes.HasPrefix(line, []byte("READY=")) {
				n.send(append(line, '\n'))
				n.send([]byte("MAINPID=" + strconv.Itoa(c.state.InitPid) + "\n"))
				return n.barrier()
			}
		}
	}
}

// receive reads one message, which is a list of lines.
func (n *notifier) receive() ([][]byte, error) {
	var buf [4096]byte
	for {
		size, _, err := unix.Recvfrom(n.from, buf[:], 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("receive from the container: %w", err)
		}
		return bytes.Split(bytes.TrimRight(buf[:size], "\n"), []byte("\n")), nil
	}
}

// send never fails the container: it runs, whatever the manager knows of it.
func (n *notifier) send(message []byte) {
	if len(message) == 0 {
		return
	}
	if _, err := unix.Write(n.to, message); err != nil {
		logrus.Warnf("tell the service manager: %v", err)
	}
}

// barrierTime is how long, in milliseconds, a manager may take that knows barriers; one that doesn't never answers.
const barrierTime = 30_000

// barrier waits until the manager has read everything (sd_notify_barrier(3)): it looks up who wrote, and must not find
// this process gone. The manager answers by closing a pipe.
func (n *notifier) barrier() error {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return fmt.Errorf("pipe: %w", err)
	}
	defer unix.Close(pipe[0])
	err := unix.Sendmsg(n.to, []byte("BARRIER=1"), unix.UnixRights(pipe[1]), nil, 0)
	unix.Close(pipe[1])
	if err != nil {
		logrus.Warnf("tell the service manager: %v", err)
		return nil
	}
	polled := []unix.PollFd{{Fd: int32(pipe[0])}} // POLLHUP comes unasked
	if count, err := unix.Poll(polled, barrierTime); err == nil && count == 0 {
		logrus.Warnf("the service manager does not answer a barrier within %d s", barrierTime/1000)
	}
	return nil
}
