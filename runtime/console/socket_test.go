package console

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// listen returns a listener at a socket called name in a new folder, and the socket's path.
func listen(t *testing.T, folder string) (*net.UnixListener, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), folder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	// The listener itself has to use a short path.
	t.Chdir(dir)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: "s", Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, filepath.Join(dir, "s")
}

// accept returns the other end of what Dial connected.
func accept(t *testing.T, l *net.UnixListener) *os.File {
	t.Helper()
	conn, err := l.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	f, err := conn.File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestDial(t *testing.T) {
	for name, folder := range map[string]string{
		"short path": "a",
		"long path":  strings.Repeat("long/", 60) + strings.Repeat("x", 200),
	} {
		t.Run(name, func(t *testing.T) {
			l, path := listen(t, folder)
			socket, err := Dial(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := socket.WriteString("hello"); err != nil {
				t.Fatal(err)
			}
			socket.Close()
			if got, err := io.ReadAll(accept(t, l)); err != nil || string(got) != "hello" {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestDialMissing(t *testing.T) {
	for name, path := range map[string]string{
		"short path": "/nonexistent/socket",
		"long path":  "/nonexistent/" + strings.Repeat("x", 200),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Dial(path)
			if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestDialCloseOnExec(t *testing.T) {
	_, path := listen(t, "a")
	socket, err := Dial(path)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	flags, err := unix.FcntlInt(socket.Fd(), unix.F_GETFD, 0)
	if err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("flags %#x, %v", flags, err)
	}
}
