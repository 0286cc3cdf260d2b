package runtime

import (
	"fmt"
	"net"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/state"
)

// TestNotify plays the service manager: what the container says of itself reaches it, and which process is the main one
// when nobody stays to say more.
func TestNotify(t *testing.T) {
	needRoot(t)
	for _, verb := range []string{"start", "run"} {
		t.Run(verb, func(t *testing.T) {
			p := newPlace(t)
			manager := listenUnixgram(t)
			id := newID()
			args := []string{"run", "--detach", "--bundle", p.bundle, id}
			if verb == "start" {
				create := p.cmd("create", "--bundle", p.bundle, id)
				create.Env = append(create.Environ(), "NOTIFY_SOCKET="+manager.LocalAddr().String())
				if r := p.exec(create); !r.ok() {
					t.Fatal(r)
				}
				args = []string{"start", id}
			}
			cmd := p.cmd(args...)
			cmd.Env = append(cmd.Environ(), "NOTIFY_SOCKET="+manager.LocalAddr().String())
			running := p.start(cmd)
			sayReady(t, filepath.Join(state.Root(p.root).NotifyFolder(id), state.NotifySocket))
			want := []string{"READY=1\n", "", "BARRIER=1"}
			for i, text := range want {
				got := hear(t, manager)
				if i == 1 {
					text = fmt.Sprintf("MAINPID=%d\n", p.info(id).Pid)
				}
				if got != text {
					t.Errorf("message %d is %q, want %q", i, got, text)
				}
			}
			if r := running.wait(); !r.ok() {
				t.Error(r)
			}
			p.remove(id)
		})
	}
}

func listenUnixgram(t *testing.T) *net.UnixConn {
	t.Helper()
	address := &net.UnixAddr{Name: filepath.Join(t.TempDir(), "manager"), Net: "unixgram"}
	conn, err := net.ListenUnixgram("unixgram", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// sayReady does what a container's process does, as soon as the socket is there.
func sayReady(t *testing.T, path string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
		if err == nil {
			_, err = conn.Write([]byte("STATUS=begun\nREADY=1\n"))
			conn.Close()
		}
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// hear receives a message and closes the descriptors that come with it.
func hear(t *testing.T, conn *net.UnixConn) string {
	t.Helper()
	var data, control [256]byte
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	n, controls, _, _, err := conn.ReadMsgUnix(data[:], control[:])
	if err != nil {
		t.Fatal(err)
	}
	messages, _ := unix.ParseSocketControlMessage(control[:controls])
	for i := range messages {
		fds, _ := unix.ParseUnixRights(&messages[i])
		for _, fd := range fds {
			unix.Close(fd)
		}
	}
	return string(data[:n])
}
