// Package state keeps the folder of a container under the root: state.json, the lock, and the fifos between a waiting
// init and the start that releases it.
//
// A folder holds at most these, and delete can remove it in whatever state a killed crabcan left it:
//
//	state.json      what is known of the container; replaced as a whole, so readers need no lock
//	state.json.new  the next state.json while it is written
//	exec.fifo       init waits here for one byte from start
//	result.fifo     start reads here: nothing if execve happened, else why it failed
//
// The lock is a flock on the folder itself. The kernel drops it when its holder dies, so there is no stale lock.
package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

var (
	// ErrExist says that the root has a folder for that id already.
	ErrExist = errors.New("container with given ID already exists")
	// ErrNotExist says that there is no such container, or no longer. Clients match its words.
	ErrNotExist = errors.New("does not exist")
	// ErrIncomplete says that the folder has no state.json: a create is under way or was killed at its very start.
	ErrIncomplete = errors.New("has no state yet: its create is under way or was killed")
	// ErrLocked says that another process holds the lock.
	ErrLocked = errors.New("is busy: another operation on it is under way")
)

// Dir is the open folder of one container. It is used by descriptor, so it stays the same folder whatever happens
// to its name meanwhile. The zero value is not useful: see Create and Open.
type Dir struct {
	root   Root
	id     string
	rootFD int
	fd     int
	stat   unix.Stat_t // of fd, when it was opened
}

// Create makes the folder for a new container, mode 0700, together with the root if need be, and locks it. The error
// is ErrExist when there is a container of that id, finished or not.
func Create(root Root, id string) (*Dir, error) {
	if err := CheckID(id); err != nil {
		return nil, err
	}
	rootFD, err := root.make()
	if err != nil {
		return nil, err
	}
	d := &Dir{root: root, id: id, rootFD: rootFD, fd: -1}
	// Between making and locking the folder a forced delete may take it for the remains of a killed create and
	// remove it. That is the same as if the delete had come first, so the create begins anew.
	for {
		err = d.createOnce()
		if !errors.Is(err, ErrNotExist) {
			break
		}
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// createOnce makes, opens and locks the folder, or leaves none.
func (d *Dir) createOnce() error {
	err := unix.Mkdirat(d.rootFD, d.id, 0o700)
	if err == unix.EEXIST {
		return fmt.Errorf("%w: %s", ErrExist, d.id)
	}
	if err != nil {
		return d.pathError("mkdir", "", err)
	}
	if err = d.open(); err == nil {
		err = d.Lock()
	}
	if err != nil && !errors.Is(err, ErrNotExist) {
		err = errors.Join(err, d.rmdir())
	}
	return err
}

// Open opens the folder of an existing container without locking it. The error is ErrNotExist when there is none.
func Open(root Root, id string) (*Dir, error) {
	if err := CheckID(id); err != nil {
		return nil, err
	}
	rootFD, err := root.open()
	if errors.Is(err, unix.ENOENT) {
		return nil, containerError(id, ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	d := &Dir{root: root, id: id, rootFD: rootFD, fd: -1}
	if err := d.open(); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// open sets fd, after checking that the folder is one that crabcan made. O_NOFOLLOW refuses a symbolic link, and the
// owner must be the caller or the root's own owner: in a root that others can write to (--root /tmp), state.json
// planted by one of them would choose which process a privileged caller signals.
func (d *Dir) open() error {
	d.closeFD()
	fd, err := openat(d.rootFD, d.id, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err == unix.ENOENT {
		return containerError(d.id, ErrNotExist)
	}
	if err != nil {
		return d.pathError("open", "", err)
	}
	d.fd = fd
	if err := unix.Fstat(fd, &d.stat); err != nil {
		return d.pathError("stat", "", err)
	}
	if int(d.stat.Uid) == os.Geteuid() {
		return nil
	}
	var root unix.Stat_t
	if err := unix.Fstat(d.rootFD, &root); err != nil {
		return &os.PathError{Op: "stat", Path: string(d.root), Err: err}
	}
	if d.stat.Uid != root.Uid {
		return fmt.Errorf("%s belongs to user %d, who may not keep containers here", d.Path(), d.stat.Uid)
	}
	return nil
}

// Close releases the folder, and the lock with it.
func (d *Dir) Close() {
	d.closeFD()
	unix.Close(d.rootFD)
	d.rootFD = -1
}

func (d *Dir) closeFD() {
	if d.fd >= 0 {
		unix.Close(d.fd)
		d.fd = -1
	}
}

// ID returns the container's id.
func (d *Dir) ID() string { return d.id }

// Path returns the folder's path, to be shown or to be handed to others; nothing here uses it.
func (d *Dir) Path() string { return filepath.Join(string(d.root), d.id) }

// Remove deletes the files that crabcan keeps here and the folder; the caller holds the lock. It is an error if
// anything else lies in the folder. state.json goes last, so that a killed delete can be told to finish its work.
func (d *Dir) Remove() error {
	if err := d.removeNotify(); err != nil {
		return err
	}
	if err := d.unlink(execFifo, resultFifo, configFile, newStateFile, stateFile); err != nil {
		return err
	}
	return d.rmdir()
}

// rmdir removes the folder if it is empty.
func (d *Dir) rmdir() error {
	err := unix.Unlinkat(d.rootFD, d.id, unix.AT_REMOVEDIR)
	if err != nil && err != unix.ENOENT {
		return d.pathError("rmdir", "", err)
	}
	return nil
}

// unlink removes files of the folder; it is content when they aren't there.
func (d *Dir) unlink(names ...string) error {
	for _, name := range names {
		err := unix.Unlinkat(d.fd, name, 0)
		if err != nil && err != unix.ENOENT {
			return d.pathError("unlink", name, err)
		}
	}
	return nil
}

// openFile opens a file of the folder, never through a symbolic link.
func (d *Dir) openFile(name string, flags int, mode uint32) (*os.File, error) {
	fd, err := openat(d.fd, name, flags|unix.O_NOFOLLOW, mode)
	if err != nil {
		return nil, d.pathError("open", name, err)
	}
	return os.NewFile(uintptr(fd), filepath.Join(d.Path(), name)), nil
}

func (d *Dir) pathError(op, name string, err error) error {
	return &os.PathError{Op: op, Path: filepath.Join(d.Path(), name), Err: err}
}

func containerError(id string, err error) error {
	return fmt.Errorf("container %q %w", id, err)
}

// openat is openat(2) with close-on-exec, tried again when a signal interrupts it.
func openat(at int, path string, flags int, mode uint32) (int, error) {
	for {
		fd, err := unix.Openat(at, path, flags|unix.O_CLOEXEC, mode)
		if err != unix.EINTR {
			return fd, err
		}
	}
}
