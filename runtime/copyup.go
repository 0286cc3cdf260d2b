package runtime

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// copyUp copies what is in the folder at one path into the folder at another: both are descriptors of init's, seen
// through /proc, so they stand for what init has opened and nothing can take their place. Everything below is opened
// relative to its folder and without following links: the content is the image's.
func copyUp(from, to string) error {
	source, err := os.OpenFile(from, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer target.Close()
	return copyFolder(source, target)
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
		return unix.Fchownat(dst, name, int(st.Uid), int(st.Gid), unix.AT_SYMLINK_NOFOLLOW)
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
	return unix.Fchownat(dst, name, int(st.Uid), int(st.Gid), unix.AT_SYMLINK_NOFOLLOW)
}

// copyOwner comes last: the mode may take the right to write away, and chown clears setuid.
func copyOwner(to *os.File, st *unix.Stat_t) error {
	if err := to.Chown(int(st.Uid), int(st.Gid)); err != nil {
		return err
	}
	return unix.Fchmod(int(to.Fd()), st.Mode&0o7777)
}
