package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const (
	notifyFolder = "notify"
	// NotifySocket is the name of the socket in the folder that MakeNotify makes.
	NotifySocket = "notify.sock"
)

// NotifyFolder is the folder for a container's notify socket. It is a folder because that can be mounted into the
// container by create, while the socket is made by start.
func (r Root) NotifyFolder(id string) string { return filepath.Join(string(r), id, notifyFolder) }

// MakeNotify makes that folder.
func (d *Dir) MakeNotify() error {
	if err := unix.Mkdirat(d.fd, notifyFolder, 0o755); err != nil {
		return d.pathError("mkdir", notifyFolder, err)
	}
	return nil
}

// ListenNotify makes the notify socket, to which everybody in the container may write. The error is unix.ENOENT if
// there is no folder for it.
func (d *Dir) ListenNotify() (fd int, err error) {
	folder, err := openat(d.fd, notifyFolder, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return -1, d.pathError("open", notifyFolder, err)
	}
	defer unix.Close(folder)
	if fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	// The real path may be longer than the 107 bytes that an address holds.
	path := fmt.Sprintf("/proc/self/fd/%d/%s", folder, NotifySocket)
	err = unix.Bind(fd, &unix.SockaddrUnix{Name: path})
	if err == nil {
		err = openToAll(folder)
	}
	if err != nil {
		unix.Close(fd)
		return -1, d.pathError("bind", notifyFolder+"/"+NotifySocket, err)
	}
	return fd, nil
}

// openToAll lets everybody write to the socket. The container may have the folder to itself, so what lies there is
// looked at first and changed by descriptor.
func openToAll(folder int) error {
	fd, err := openat(folder, NotifySocket, unix.O_PATH|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return errors.New("something else has taken its place")
	}
	return os.Chmod(fmt.Sprintf("/proc/self/fd/%d", fd), 0o777)
}

// removeNotify removes the folder, if it is there, with whatever the container has put into it.
func (d *Dir) removeNotify() error { return os.RemoveAll(filepath.Join(d.Path(), notifyFolder)) }
