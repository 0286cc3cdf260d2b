package runtime

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strings"

	securejoin "github.com/cyphar/filepath-securejoin"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/plan"
	"github.com/crabcan/crabcan/runtime/thread"
	"github.com/crabcan/crabcan/spec"
)

// mountsFromOutside are the mounts of the config whose content is the host's, with what is mounted there. More of them
// than the container really has do no harm.
func (c *Container) mountsFromOutside() (list []ExternalMount) {
	for _, m := range c.opts.Mounts {
		inside := resolved(c.opts.MountDir, m.Destination)
		switch {
		case m.Remount:
		case m.Bind:
			list = append(list, ExternalMount{inside, m.Source})
		case m.Type == "cgroup" && !c.hasNamespace(unix.CLONE_NEWCGROUP):
			// On v2 there are none, and it is a file system like others.
			for _, h := range c.cgroup.Mounts() {
				list = append(list, ExternalMount{path.Join(inside, h.Name), h.Path})
			}
		}
	}
	for _, d := range plan.Devices(c.opts) {
		// In a user namespace the host's are bound.
		list = append(list, ExternalMount{d.Path, d.Path})
	}
	return list
}

// resolved is where the symbolic links of a path in the root folder lead, as a path in the container.
func resolved(root, path string) string {
	full, err := securejoin.SecureJoin(root, path)
	if err != nil {
		return path
	}
	return "/" + strings.TrimPrefix(strings.TrimPrefix(full, root), "/")
}

// inOwnMounts calls f on a thread with a mount namespace of its own, which ends with the thread and with the processes
// that f has started: not even a crabcan that is killed leaves a mount behind. propagation is MS_SLAVE or MS_PRIVATE.
func inOwnMounts(propagation uintptr, f func() error) (err error) {
	thread.Run(func() (keep bool) {
		if err = unix.Unshare(unix.CLONE_NEWNS); err != nil {
			err = fmt.Errorf("make a mount namespace: %w", err)
			return false
		}
		if err = unix.Mount("", "/", "", unix.MS_REC|propagation, ""); err == nil {
			err = f()
		}
		return false
	})
	return err
}

// makeMountPoints makes the mount points that are missing in the root folder and in what is bound there, as a create
// would; CRIU makes none.
func makeMountPoints(o *spec.ContainerOpts) error {
	return inOwnMounts(unix.MS_PRIVATE, func() error {
		root, err := os.OpenFile(o.MountDir, unix.O_PATH|unix.O_DIRECTORY, 0)
		if err != nil {
			return fmt.Errorf("root.path: %w", err)
		}
		defer root.Close()
		var fresh []spec.Mount
		for _, m := range o.Mounts {
			if m.Remount || m.Destination == "/" || coveredBy(fresh, m.Destination) {
				continue // what a new file system holds comes from the image or from the kernel
			}
			if err := makeMountPoint(root, m); err != nil {
				return &plan.Error{Pointer: m.Pointer, Err: fmt.Errorf("make the mount point %s: %w", m.Destination, err)}
			}
			if !m.Bind {
				fresh = append(fresh, m)
			}
		}
		return nil
	})
}

// makeMountPoint makes the mount point of one mount, and binds there what is to be bound: the next may lie in it.
func makeMountPoint(root *os.File, m spec.Mount) error {
	folder, source := true, -1
	if m.Bind {
		var err error
		if source, err = unix.OpenTree(unix.AT_FDCWD, m.Source, unix.OPEN_TREE_CLONE|unix.AT_RECURSIVE|unix.OPEN_TREE_CLOEXEC); err != nil {
			return fmt.Errorf("%s: %w", m.Source, err)
		}
		defer unix.Close(source)
		var st unix.Stat_t
		if err := unix.Fstat(source, &st); err != nil {
			return err
		}
		folder = st.Mode&unix.S_IFMT == unix.S_IFDIR
	}
	target, err := openOrMake(root, m.Destination, folder)
	if err != nil {
		return err
	}
	defer target.Close()
	if !m.Bind {
		return nil
	}
	return unix.MoveMount(source, "", int(target.Fd()), "", unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH)
}

// openOrMake opens a file or folder below root, after making it if it is missing.
func openOrMake(root *os.File, name string, folder bool) (*os.File, error) {
	fd, err := openIn(root, name, unix.O_PATH)
	if err == nil {
		return os.NewFile(uintptr(fd), name), nil
	}
	if !errors.Is(err, unix.ENOENT) {
		return nil, err
	}
	name = resolved(root.Name(), name)
	if folder {
		return securejoin.MkdirAllHandle(root, name, 0o755)
	}
	parent, err := securejoin.MkdirAllHandle(root, path.Dir(name), 0o755)
	if err != nil {
		return nil, err
	}
	defer parent.Close()
	if err := unix.Mknodat(int(parent.Fd()), path.Base(name), unix.S_IFREG|0o755, 0); err != nil {
		return nil, err
	}
	if fd, err = openIn(root, name, unix.O_PATH); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}
