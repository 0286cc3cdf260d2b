package runtime

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/plan"
)

// mountRoot mounts the root folder of a container without a mount namespace on itself, for the container's mounts to lie
// on: so they can be told from the host's, and go with it. They are private, so that nothing of them is seen in
// other namespaces. That takes two mounts: what is put on a shared mount becomes shared and is put on its peers and slaves
// too (mount_namespaces(7)). So the first is a bare one, made private where it is, and what the root folder has mounted
// below it is on the second. The copies of the bare one are empty, and go when it goes.
func (c *Container) mountRoot() error {
	if !plan.MountsOnHost(c.opts) {
		return nil
	}
	if err := c.resolveRoot(); err != nil {
		return c.placed(&plan.Error{Pointer: "/root/path", Err: err})
	}
	base, err := clonePrivate(c.opts.MountDir, 0)
	if err != nil {
		return fmt.Errorf("root.path: %w", err)
	}
	defer unix.Close(base)
	top, err := clonePrivate(c.opts.MountDir, unix.AT_RECURSIVE)
	if err != nil {
		return fmt.Errorf("root.path: %w", err)
	}
	defer unix.Close(top)
	if err := c.saveRootMount(base, top); err != nil {
		return err
	}
	c.undo.push(func() error {
		err := c.unmountRoot()
		c.stuck = c.stuck || err != nil
		return err
	})
	for _, mount := range []int{base, top} {
		if err := unix.MoveMount(mount, "", unix.AT_FDCWD, c.opts.MountDir, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
			return fmt.Errorf("root.path: move_mount to %s: %w", c.opts.MountDir, err)
		}
		if err := makePrivate(mount); err != nil {
			return fmt.Errorf("root.path: %w", err)
		}
	}
	return nil
}

// resolveRoot follows the symbolic links in the path of the root folder, as what is mounted has no links in its path.
func (c *Container) resolveRoot() (err error) {
	c.opts.MountDir, err = filepath.EvalSymlinks(c.opts.MountDir)
	if err == nil && c.opts.MountDir == "/" {
		err = errors.New("is the host's root folder: without a mount namespace it would be changed")
	}
	c.state.Rootfs = c.opts.MountDir
	return err
}

func (c *Container) saveRootMount(base, top int) error {
	var err [3]error
	c.state.RootMount.Base, err[0] = mountID(base, "", unix.AT_EMPTY_PATH, uniqueID)
	c.state.RootMount.Top, err[1] = mountID(top, "", unix.AT_EMPTY_PATH, uniqueID)
	c.state.RootMount.BaseNumber, err[2] = mountID(base, "", unix.AT_EMPTY_PATH, unix.STATX_MNT_ID)
	if err := errors.Join(err[:]...); err != nil {
		return fmt.Errorf("root.path: %w", err)
	}
	return c.dir.Save(c.state)
}

// unmountRoot takes the mounts of a container without a mount namespace away, unless somebody else did. It is an error if
// they are covered, by those of another container in the same root folder, say: unmounting reaches only the topmost.
func (c *Container) unmountRoot() error {
	if c.state.RootMount.Base == 0 {
		return nil
	}
	for {
		topmost, err := mountID(unix.AT_FDCWD, c.state.Rootfs, unix.AT_SYMLINK_NOFOLLOW, uniqueID)
		if errors.Is(err, unix.ENOENT) {
			return nil
		}
		if err != nil {
			return err
		}
		if !c.ownsMount(topmost) {
			return c.checkUnmounted()
		}
		if err := unmountTree(c.state.Rootfs); err != nil {
			return fmt.Errorf("unmount %s: %w", c.state.Rootfs, err)
		}
	}
}

func (c *Container) ownsMount(id uint64) bool {
	return id != 0 && (id == c.state.RootMount.Top || id == c.state.RootMount.Base)
}

// checkUnmounted is an error if the lower mount of the root folder is there, under another.
func (c *Container) checkUnmounted() error {
	covered, err := mountinfo.GetMounts(func(i *mountinfo.Info) (skip, stop bool) {
		return uint64(i.ID) != c.state.RootMount.BaseNumber || i.Mountpoint != c.state.Rootfs, false
	})
	if err == nil && len(covered) > 0 {
		err = fmt.Errorf("unmount %s: something else is mounted over the container's mounts", c.state.Rootfs)
	}
	return err
}

// unmountTree unmounts what is topmost on a folder, and all below it.
func unmountTree(path string) error {
	root, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(root)
	// What the container has bound there by itself may have peers among the host's, where the same would be unmounted.
	if err := makePrivate(root); err != nil {
		return err
	}
	return unix.Unmount(path, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
}

// clonePrivate is a copy of the mount that a folder is on, from that folder on, with unix.AT_RECURSIVE of all below it. It is
// no peer of the original.
func clonePrivate(path string, recursive uint) (int, error) {
	clone, err := unix.OpenTree(unix.AT_FDCWD, path, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|recursive)
	if err != nil {
		return 0, fmt.Errorf("open_tree %s: %w", path, err)
	}
	if err := makePrivate(clone); err != nil {
		unix.Close(clone)
		return 0, err
	}
	return clone, nil
}

// makePrivate changes a mount and all below it.
func makePrivate(mount int) error {
	err := unix.MountSetattr(mount, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &unix.MountAttr{Propagation: unix.MS_PRIVATE})
	if err != nil {
		return fmt.Errorf("mount_setattr: %w", err)
	}
	return nil
}

// uniqueID asks for an id that no other mount gets (Linux 6.8). Kernels before answer with the number, which the next
// mount gets when this one is gone.
const uniqueID = unix.STATX_MNT_ID_UNIQUE

// mountID is the id or, with STATX_MNT_ID, the number (as /proc/self/mountinfo has it) of the mount whose root a file is; 0
// if it is none's.
func mountID(dir int, path string, flags, mask int) (uint64, error) {
	var st unix.Statx_t
	if err := unix.Statx(dir, path, flags|unix.AT_NO_AUTOMOUNT, mask, &st); err != nil {
		return 0, fmt.Errorf("statx %s: %w", path, err)
	}
	if st.Mask&(unix.STATX_MNT_ID|uniqueID) == 0 {
		return 0, errors.New("statx does not tell the mount")
	}
	if st.Attributes&unix.STATX_ATTR_MOUNT_ROOT == 0 {
		return 0, nil
	}
	return st.Mnt_id, nil
}
