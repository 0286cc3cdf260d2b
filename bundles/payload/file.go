package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

func cat(args []string) error {
	if len(args) == 0 {
		_, err := io.Copy(os.Stdout, os.Stdin)
		return err
	}
	for _, path := range args {
		if err := catFile(path); err != nil {
			return err
		}
	}
	return nil
}

func catFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(os.Stdout, f)
	return err
}

func ls(args []string) error {
	if len(args) != 1 {
		return errArguments
	}
	entries, err := os.ReadDir(args[0])
	for _, entry := range entries {
		fmt.Println(entry.Name())
	}
	return err
}

func write(args []string) error {
	if len(args) != 2 {
		return errArguments
	}
	return os.WriteFile(args[0], []byte(args[1]+"\n"), 0o666)
}

func mkdir(args []string) error {
	if len(args) != 1 {
		return errArguments
	}
	return os.MkdirAll(args[0], 0o777)
}

func statFile(args []string) error {
	if len(args) != 1 {
		return errArguments
	}
	var s unix.Stat_t
	if err := unix.Lstat(args[0], &s); err != nil {
		return &os.PathError{Op: "stat", Path: args[0], Err: err}
	}
	_, err := fmt.Printf("type=%s mode=%04o uid=%d gid=%d size=%d device=%d:%d\n", fileType(s.Mode), s.Mode&0o7777, s.Uid,
		s.Gid, s.Size, unix.Major(s.Rdev), unix.Minor(s.Rdev))
	return err
}

// fileTypes names the S_IFMT part of a mode.
var fileTypes = map[uint32]string{
	unix.S_IFREG:  "file",
	unix.S_IFDIR:  "folder",
	unix.S_IFLNK:  "link",
	unix.S_IFCHR:  "char",
	unix.S_IFBLK:  "block",
	unix.S_IFIFO:  "fifo",
	unix.S_IFSOCK: "socket",
}

func fileType(mode uint32) string { return fileTypes[mode&unix.S_IFMT] }
