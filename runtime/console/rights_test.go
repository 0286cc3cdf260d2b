package console

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// pair is Pair with a test's ways.
func pair(t *testing.T) (parent, init *os.File) {
	t.Helper()
	parent, init, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { parent.Close(); init.Close() })
	return parent, init
}

// send sends what init sends: a name and descriptors.
func send(t *testing.T, socket *os.File, name string, fds ...int) {
	t.Helper()
	if err := unix.Sendmsg(int(socket.Fd()), []byte(name), unix.UnixRights(fds...), nil, 0); err != nil {
		t.Fatal(err)
	}
}

func TestReceive(t *testing.T) {
	parent, init := pair(t)
	send(t, init, "/dev/ptmx", int(os.Stdin.Fd()))
	f, err := Receive(parent)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Name() != "/dev/ptmx" {
		t.Errorf("it is called %q", f.Name())
	}
	if !sameFile(t, f, os.Stdin) {
		t.Error("it is another file")
	}
	if flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("flags %#x, %v", flags, err)
	}
}

func sameFile(t *testing.T, a, b *os.File) bool {
	t.Helper()
	x, err := a.Stat()
	if err != nil {
		t.Fatal(err)
	}
	y, err := b.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return os.SameFile(x, y)
}

func TestReceiveClosed(t *testing.T) {
	parent, init := pair(t)
	init.Close()
	if _, err := Receive(parent); err == nil || err.Error() != "the socket was closed before a descriptor came" {
		t.Errorf("got %v", err)
	}
}

func TestReceiveWrongNumber(t *testing.T) {
	for want, n := range map[string]int{"not 0": 0, "not 2": 2, "not 4": 4} {
		t.Run(want, func(t *testing.T) {
			parent, init := pair(t)
			file, _ := pair(t)
			send(t, init, "/dev/ptmx", slices.Repeat([]int{int(file.Fd())}, n)...)
			if _, err := Receive(parent); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v", err)
			}
			if left := descriptors(t, file) - 1; left != 0 {
				t.Errorf("%d descriptors were left open", left)
			}
		})
	}
}

// descriptors counts this process's descriptors of one socket. Of others the garbage collector may close some meanwhile.
func descriptors(t *testing.T, socket *os.File) (n int) {
	t.Helper()
	own, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", socket.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if file, _ := os.Readlink("/proc/self/fd/" + e.Name()); file == own {
			n++
		}
	}
	return n
}

func TestSendPidfd(t *testing.T) {
	l, path := listen(t, "a")
	socket, err := Dial(path)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	pidfd, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pidfd)
	if err := SendPidfd(socket, pidfd); err != nil {
		t.Fatal(err)
	}
	f, err := Receive(accept(t, l))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Name() != "standard" {
		t.Errorf("it is called %q", f.Name())
	}
	if err := unix.PidfdSendSignal(int(f.Fd()), 0, nil, 0); err != nil {
		t.Errorf("it is no pidfd of this process: %v", err)
	}
}

func TestSendPidfdClosed(t *testing.T) {
	parent, init := pair(t)
	init.Close()
	if err := SendPidfd(parent, int(os.Stdin.Fd())); err == nil || !strings.Contains(err.Error(), "broken pipe") {
		t.Errorf("got %v", err)
	}
}
