package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// Root is the folder that holds one folder for each container, named after its id.
type Root string

// rootMode keeps other users out (CVE-2024-25621). The sticky bit is how the XDG base directory specification lets a
// folder in XDG_RUNTIME_DIR survive the periodic clean-up.
const rootMode = unix.S_ISVTX | 0o700

// DefaultRoot returns the root for the user with the effective id uid: /run/crabcan for root, else crabcan in the
// user's runtime folder. Root of a user namespace is an ordinary user outside, with a runtime folder in the
// environment, unless USER says that everything in there is root's; inUserNS, which reads /proc, is asked only then.
func DefaultRoot(uid int, env func(string) string, inUserNS func() bool) Root {
	runtimeDir := env("XDG_RUNTIME_DIR")
	if uid == 0 && (runtimeDir == "" || env("USER") == "root" || !inUserNS()) {
		return "/run/crabcan"
	}
	if runtimeDir == "" {
		runtimeDir = filepath.Join("/run/user", strconv.Itoa(uid))
	}
	return Root(filepath.Join(runtimeDir, "crabcan"))
}

// List returns the ids of all containers in the root, sorted, half-made ones included: they are there to be deleted.
// A root that does not exist has none. A container listed here may be gone when it is opened.
func (r Root) List() ([]string, error) {
	entries, err := os.ReadDir(string(r))
	if errors.Is(err, unix.ENOENT) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list containers: %w", err)
	}
	entries = slices.DeleteFunc(entries, func(entry os.DirEntry) bool {
		return !entry.IsDir() || CheckID(entry.Name()) != nil
	})
	ids := make([]string, len(entries))
	for i, entry := range entries {
		ids[i] = entry.Name()
	}
	return ids, nil
}

// open returns a descriptor of the root itself, good for the ...at calls only.
func (r Root) open() (int, error) {
	fd, err := openat(unix.AT_FDCWD, string(r), unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return -1, &os.PathError{Op: "open", Path: string(r), Err: err}
	}
	return fd, nil
}

// make opens the root and creates it when it isn't there yet.
func (r Root) make() (int, error) {
	fd, err := r.open()
	if !errors.Is(err, unix.ENOENT) {
		return fd, err
	}
	if err := os.MkdirAll(filepath.Dir(string(r)), 0o755); err != nil {
		return -1, err
	}
	if err := unix.Mkdir(string(r), rootMode); err != nil && err != unix.EEXIST {
		return -1, &os.PathError{Op: "mkdir", Path: string(r), Err: err}
	}
	return r.open()
}
