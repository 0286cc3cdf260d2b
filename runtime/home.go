package runtime

import (
	"errors"
	"io"
	"os"
	"strconv"

	"github.com/moby/sys/user"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/spec"
)

const passwdPath = "etc/passwd"

// maxPasswd is as much of the container's passwd file, in bytes, as is looked at: an image may hold anything.
const maxPasswd = 4 << 20

// homeBefore finds the container's HOME in the root folder. unknown says that it can't be known before all mounts are
// done: one of them covers the file, or a symbolic link leads to where one might.
func homeBefore(root *os.File, o *spec.ContainerOpts) (home string, unknown bool, err error) {
	if coveredBy(o.Mounts, "/"+passwdPath) {
		return "", true, nil
	}
	home, err = homeIn(root, o.UID, unix.RESOLVE_NO_SYMLINKS)
	if errors.Is(err, unix.ELOOP) {
		return "", true, nil
	}
	return home, false, err
}

// homeIn is the home folder of a user by the passwd file below root; "/" if there is no such file or user, as runc
// has it. The file is the image's: it is opened without leaving root, and only if it is a file.
func homeIn(root *os.File, uid uint32, resolve uint64) (string, error) {
	// A look first, and only a file is opened: opening a device may do things, to the host.
	fd, err := openat2(root, passwdPath, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS | resolve,
	})
	if errors.Is(err, unix.ELOOP) && resolve != 0 {
		return "", err
	}
	if err != nil {
		return "/", nil // whatever the image has there, it is no passwd file
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return "/", err
	}
	f, err := os.Open("/proc/self/fd/" + strconv.Itoa(fd))
	if err != nil {
		return "/", nil // it may not be read, by an unprivileged crabcan for one
	}
	defer f.Close()
	users, err := user.ParsePasswdFilter(io.LimitReader(f, maxPasswd), func(u user.User) bool {
		// The parser takes a comment for a user 0 without a home.
		return u.Uid == int(uid) && u.Home != ""
	})
	if err != nil || len(users) == 0 || len(users[0].Home) >= unix.PathMax {
		return "/", nil // a malformed file is the image's business; it decides nothing but HOME
	}
	return users[0].Home, nil
}
