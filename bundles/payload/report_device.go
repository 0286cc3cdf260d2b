package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// deviceRow is a device node or fifo in /dev.
type deviceRow struct {
	Path  string `json:"path"`
	Type  string `json:"type"` // "char", "block" or "fifo"
	Major uint32 `json:"major"`
	Minor uint32 `json:"minor"`
	Mode  string `json:"mode"` // octal, four digits
	UID   uint32 `json:"uid"`
	GID   uint32 `json:"gid"`
}

func (d deviceRow) cells() []string {
	return []string{d.Path, fmt.Sprintf("%s %d:%d mode=%s uid=%d gid=%d", d.Type, d.Major, d.Minor, d.Mode, d.UID, d.GID)}
}

func readDevices([]string) (view, error) {
	rows := table[deviceRow]{}
	err := walkDev(fs.ModeDevice|fs.ModeNamedPipe, func(path string) error {
		var s unix.Stat_t
		if err := unix.Lstat(path, &s); err != nil {
			return err
		}
		rows = append(rows, deviceRow{
			Path: path, Type: fileType(s.Mode), Major: unix.Major(s.Rdev), Minor: unix.Minor(s.Rdev),
			Mode: fmt.Sprintf("%04o", s.Mode&0o7777), UID: s.Uid, GID: s.Gid,
		})
		return nil
	})
	return rows, err
}

type linkRow struct {
	Path   string `json:"path"`
	Target string `json:"target"`
}

func (l linkRow) cells() []string { return []string{l.Path, "-> " + l.Target} }

func readLinks([]string) (view, error) {
	rows := table[linkRow]{}
	err := walkDev(fs.ModeSymlink, func(path string) error {
		target, err := os.Readlink(path)
		rows = append(rows, linkRow{path, target})
		return err
	})
	return rows, err
}

// walkDev visits what is of one of the types in /dev, in the order of the names.
func walkDev(types fs.FileMode, visit func(path string) error) error {
	return filepath.WalkDir("/dev", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type()&types == 0 {
			return err
		}
		return visit(path)
	})
}
