package state

import (
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
		err = os.Chmod(path, 0o777)
	}
	if err != nil {
		unix.Close(fd)
		return -1, d.pathError("bind", notifyFolder+"/"+NotifySocket, err)
	}
	return fd, nil
}

// removeNotify removes the socket and its folder, if they are there.
func (d *Dir) removeNotify() error {
	if err := d.unlink(notifyFolder + "/" + NotifySocket); err != nil {
		return err
	}
	if err := unix.Unlinkat(d.fd, notifyFolder, unix.AT_REMOVEDIR); err != nil && err != unix.ENOENT {
		return d.pathError("rmdir", notifyFolder, err)
	}
	return nil
}
