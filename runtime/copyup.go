package runtime

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/thread"
)

// copyUp copies what is in the folder at one path into the folder at another: both are descriptors of init's, seen
// through /proc, so they stand for what init has opened and nothing can take their place. Everything below is opened
// relative to its folder and without following links: the content is the image's.
func copyUp(from, to string) error {
	source, err := openAs(from, "the image's folder")
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := openAs(to, "the tmpfs")
	if err != nil {
		return err
	}
	defer target.Close()
	return asOwner(target, func() error { return copyFolder(source, target) })
}

// openAs opens a folder that errors shall call by another name than its path, which tells nobody anything.
func openAs(path, name string) (*os.File, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	return os.NewFile(uintptr(fd), name), nil
}

// asOwner calls work as the owner of a folder, but with all of this process's capabilities: in a file system that belongs
// to a user namespace nobody can make a file whose id is not mapped there, and that of crabcan's is not.
func asOwner(folder *os.File, work func() error) (err error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(folder.Fd()), &st); err != nil {
		return err
	}
	if int(st.Uid) == os.Geteuid() && int(st.Gid) == os.Getegid() || unprivileged() {
		return work()
	}
	thread.Run(func() (keep bool) {
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var caps [2]unix.CapUserData
		if err = unix.Capget(&header, &caps[0]); err != nil {
			return true
		}
		// The calls of Go's syscall would change all threads. These don't fail (setfsuid(2)), but drop capabilities.
		_, _, _ = unix.RawSyscall(unix.SYS_SETFSGID, uintptr(st.Gid), 0, 0)
		_, _, _ = unix.RawSyscall(unix.SYS_SETFSUID, uintptr(st.Uid), 0, 0)
		if err = unix.Capset(&header, &caps[0]); err == nil {
			err = work()
		}
		return false
	})
	return err
}

// isForeign reports whether an owner could not be given because the file system's user namespace does not have it, or
// because crabcan may not: inside it would be nobody, and so the copy is left to the container's root.
func isForeign(err error) bool {
	return errors.Is(err, unix.EOVERFLOW) || errors.Is(err, unix.EPERM) && unprivileged()
}

// copyFolder copies all entries of one open folder into another, and its owner and mode.
func copyFolder(from, to *os.File) error {
	names, err := from.Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := copyEntry(from, to, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(from.Fd()), &st); err != nil {
		return err
	}
	return copyOwner(to, &st)
}

// copyEntry copies one entry by its kind.
func copyEntry(from, to *os.File, name string) error {
	src, dst := int(from.Fd()), int(to.Fd())
	var st unix.Stat_t
	if err := unix.Fstatat(src, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		if err := unix.Mkdirat(dst, name, 0o700); err != nil && !errors.Is(err, unix.EEXIST) {
			return err
		}
		return withBoth(src, dst, name, unix.O_RDONLY|unix.O_DIRECTORY, unix.O_RDONLY|unix.O_DIRECTORY, copyFolder)
	case unix.S_IFREG:
		return withBoth(src, dst, name, unix.O_RDONLY, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, func(from, to *os.File) error {
			if _, err := io.Copy(to, from); err != nil {
				return err
			}
			return copyOwner(to, &st)
		})
	case unix.S_IFLNK:
		return copyLink(src, dst, name, &st)
	default:
		if err := unix.Mknodat(dst, name, st.Mode, int(st.Rdev)); err != nil {
			return err
		}
		return chownEntry(dst, name, &st)
	}
}

// withBoth opens an entry in both folders, neither through a link, and hands the two to work.
func withBoth(src, dst int, name string, srcFlags, dstFlags int, work func(from, to *os.File) error) error {
	open := func(at, flags int) (*os.File, error) {
		fd, err := unix.Openat(at, name, flags|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o600)
		if err != nil {
			return nil, err
		}
		return os.NewFile(uintptr(fd), name), nil
	}
	from, err := open(src, srcFlags)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := open(dst, dstFlags)
	if err != nil {
		return err
	}
	defer to.Close()
	return work(from, to)
}

func copyLink(src, dst int, name string, st *unix.Stat_t) error {
	text := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(src, name, text)
	if err != nil {
		return err
	}
	if err := unix.Symlinkat(string(text[:n]), dst, name); err != nil {
		return err
	}
	return chownEntry(dst, name, st)
}

func chownEntry(folder int, name string, st *unix.Stat_t) error {
	err := unix.Fchownat(folder, name, int(st.Uid), int(st.Gid), unix.AT_SYMLINK_NOFOLLOW)
	if isForeign(err) {
		return nil
	}
	return err
}

// copyOwner comes last: the mode may take the right to write away, and chown clears setuid.
func copyOwner(to *os.File, st *unix.Stat_t) error {
	if err := to.Chown(int(st.Uid), int(st.Gid)); err != nil && !isForeign(err) {
		return err
	}
	return unix.Fchmod(int(to.Fd()), st.Mode&0o7777)
}
