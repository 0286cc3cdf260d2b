package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/spec"
)

const (
	pathPointer         = "/linux/cgroupsPath"
	devicesPointer      = "/linux/resources/devices"
	weightDevicePointer = "/linux/resources/blockIO/weightDevice"
)

// Error is a setting of config.json that can't be had.
type Error struct {
	// Pointer is the JSON pointer (RFC 6901) of the setting.
	Pointer string
	Err     error
}

// Error is "linux.resources.pids.limit: why".
func (e *Error) Error() string { return spec.Dotted(e.Pointer) + ": " + e.Err.Error() }

// Unwrap is the reason.
func (e *Error) Unwrap() error { return e.Err }

func unifiedPointer(file string) string {
	return "/linux/resources/unified/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(file)
}

// sharedFiles are the files that several settings are written to, with what these have in common.
var sharedFiles = [...]struct{ name, pointer string }{
	{"cpu.max", "/linux/resources/cpu"},
	{"io.max", "/linux/resources/blockIO"},
	{"devices.allow", devicesPointer},
	{"devices.deny", devicesPointer},
}

// explainLimit turns the failure to write a cgroup file into the failure of the setting that the file stands for.
func (l *limits) explainLimit(err error) error {
	var file *fs.PathError
	var told *Error
	if !errors.As(err, &file) || errors.As(err, &told) {
		return err
	}
	if errors.Is(err, unix.EPERM) {
		err = fmt.Errorf("%w (this needs CAP_SYS_ADMIN)", err)
	}
	name := path.Base(file.Path)
	if _, ok := l.resources.Unified[name]; ok {
		return &Error{unifiedPointer(name), err}
	}
	for _, s := range sharedFiles {
		if s.name == name {
			return &Error{s.pointer, err}
		}
	}
	for _, s := range settings {
		if slices.ContainsFunc(s.files, func(f string) bool { return f == name || isPrefix(f, name) }) {
			return &Error{s.pointer, err}
		}
	}
	return err
}

func isPrefix(file, name string) bool {
	return strings.HasSuffix(file, ".") && strings.HasPrefix(name, file)
}

// reasons say what an errno means when a cgroup is made, where strerror(3) alone would mislead.
var reasons = [...]struct {
	errno unix.Errno
	words string
}{
	{unix.EROFS, "the cgroup file system is mounted read-only"},
	{unix.EAGAIN, "cgroup.max.depth or cgroup.max.descendants of a parent cgroup is reached"},
	{unix.ENODEV, "its parent is being removed"},
}

// explainCreate adds to the failure to make a cgroup what its errno means there. The first words are runc's.
func explainCreate(err error) error {
	const what = "unable to apply cgroup configuration"
	for _, r := range reasons {
		if errors.Is(err, r.errno) {
			return fmt.Errorf("%s: %s: %w", what, r.words, err)
		}
	}
	return fmt.Errorf("%s: %w", what, err)
}

// permission reports whether err is the kind of failure that a rootless Create may live with.
func permission(err error) bool {
	return errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EROFS)
}
