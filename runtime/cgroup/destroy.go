package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/opencontainers/cgroups"
	"golang.org/x/sys/unix"
)

const (
	// destroyTimeout is how long Destroy waits for processes that were killed to be gone.
	destroyTimeout = 2 * time.Second
	// retryFirst and retryMost bound the waits on v1, which has no event to wait for; each is twice the last.
	retryFirst = 50 * time.Microsecond
	retryMost  = 10 * time.Millisecond
)

// Destroy removes the cgroup and all cgroups below it. It kills nothing, but waits up to two seconds for processes
// that are about to end. A cgroup that is gone already is no error.
func (m *Manager) Destroy() error {
	if m.saved.Systemd {
		d, err := m.manager()
		if err != nil {
			return err
		}
		if err := d.Destroy(); err != nil {
			return fmt.Errorf("systemd unit %s: %w", m.saved.Path, err)
		}
		return nil
	}
	deadline := time.Now().Add(destroyTimeout)
	var errs []error
	for _, dir := range m.folders() {
		errs = append(errs, removeTree(dir, deadline))
	}
	return errors.Join(errs...)
}

// removeTree removes the cgroup at dir. As a rule the first rmdir does it.
func removeTree(dir string, deadline time.Time) error {
	for wait := retryFirst; ; wait = min(2*wait, retryMost) {
		err := rmdir(unix.AT_FDCWD, dir)
		if err == nil || isGone(err) {
			return nil
		}
		// EBUSY stands for processes as well as for cgroups below.
		if errors.Is(err, unix.EBUSY) {
			err = removeChildren(unix.AT_FDCWD, dir)
		} else if !exists(dir) {
			// On a read-only mount even a folder that is gone can't be removed.
			return nil
		}
		if err == nil && rmdir(unix.AT_FDCWD, dir) == nil {
			return nil
		}
		if err != nil && !errors.Is(err, unix.EBUSY) {
			return fmt.Errorf("removing cgroup %s: %w", dir, err)
		}
		if time.Now().After(deadline) {
			pids, _ := cgroups.GetAllPids(dir)
			return fmt.Errorf("removing cgroup %s: %w: it still holds processes %v", dir, unix.EBUSY, pids)
		}
		awaitEmpty(dir, wait, deadline)
	}
}

// removeChildren removes every cgroup below a folder, deepest first. Only real folders of the same file system count:
// what someone mounted below is not touched.
func removeChildren(at int, name string) error {
	fd, err := openBeneath(at, name)
	if err != nil {
		return ignoreGone(err)
	}
	dir := os.NewFile(uintptr(fd), name)
	defer dir.Close()
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return ignoreGone(err)
	}
	var errs []error
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		if rmdir(fd, e.Name()) == nil {
			continue
		}
		if err := removeChildren(fd, e.Name()); err != nil {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, ignoreGone(rmdir(fd, e.Name())))
	}
	return errors.Join(errs...)
}

func openBeneath(at int, name string) (int, error) {
	how := unix.OpenHow{Flags: unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC | unix.O_NOFOLLOW}
	if at != unix.AT_FDCWD {
		how.Resolve = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_XDEV | unix.RESOLVE_NO_SYMLINKS
	}
	fd, err := again(func() (int, error) { return unix.Openat2(at, name, &how) })
	if err != nil {
		return -1, &fs.PathError{Op: "openat2", Path: name, Err: err}
	}
	return fd, nil
}

func rmdir(at int, name string) error {
	_, err := again(func() (int, error) { return 0, unix.Unlinkat(at, name, unix.AT_REMOVEDIR) })
	if err != nil {
		return &fs.PathError{Op: "rmdir", Path: name, Err: err}
	}
	return nil
}

// awaitEmpty waits until the kernel says that a v2 cgroup has no processes anymore, on v1 for the time given.
func awaitEmpty(dir string, wait time.Duration, deadline time.Time) {
	err := awaitEvent(dir, "populated 0", deadline)
	if errors.Is(err, fs.ErrNotExist) || err == nil {
		time.Sleep(wait)
	}
}

// isGone reports whether err says that a cgroup is not there, or no longer: its open files give ENODEV then.
func isGone(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENODEV)
}

func ignoreGone(err error) error {
	if isGone(err) {
		return nil
	}
	return err
}
