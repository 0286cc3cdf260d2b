package runtime

import (
	"errors"
	"fmt"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/plan"
)

// mountRoot mounts the root folder of a container without a mount namespace on itself, for the container's mounts to lie
// on: so they can be told from the host's, and go with one call. They are private, so that nothing of them is seen in
// other namespaces.
func (c *Container) mountRoot() error {
	if !plan.MountsOnHost(c.opts) {
		return nil
	}
	flags := uint(unix.OPEN_TREE_CLONE | unix.AT_RECURSIVE | unix.OPEN_TREE_CLOEXEC)
	tree, err := unix.OpenTree(unix.AT_FDCWD, c.opts.MountDir, flags)
	if err != nil {
		return fmt.Errorf("root.path: open_tree %s: %w", c.opts.MountDir, err)
	}
	defer unix.Close(tree)
	if err := makePrivate(tree); err != nil {
		return fmt.Errorf("root.path: %w", err)
	}
	if c.state.RootMount, err = mountID(tree, "", unix.AT_EMPTY_PATH); err != nil {
		return fmt.Errorf("root.path: %w", err)
	}
	if err := c.dir.Save(c.state); err != nil {
		return err
	}
	c.undo.push(c.unmountRoot)
	if err := unix.MoveMount(tree, "", unix.AT_FDCWD, c.opts.MountDir, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return fmt.Errorf("root.path: move_mount to %s: %w", c.opts.MountDir, err)
	}
	return nil
}

// unmountRoot takes the mounts of a container without a mount namespace away, unless somebody else did. It is an error if
// they are covered, by those of another container in the same root folder, say: unmounting reaches only the topmost.
func (c *Container) unmountRoot() error {
	path := c.state.Rootfs
	if c.state.RootMount == 0 {
		return nil
	}
	top, err := mountID(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return err
	}
	if top != c.state.RootMount {
		return c.checkUnmounted()
	}
	root, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("unmount %s: %w", path, err)
	}
	defer unix.Close(root)
	// What the container has bound there by itself may have peers among the host's, where the same would be unmounted.
	if err := makePrivate(root); err != nil {
		return fmt.Errorf("unmount %s: %w", path, err)
	}
	if err := unix.Unmount(path, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil {
		return fmt.Errorf("unmount %s: %w", path, err)
	}
	return nil
}

// checkUnmounted is an error if the mount of the root folder is there, under another.
func (c *Container) checkUnmounted() error {
	covered, err := mountinfo.GetMounts(func(i *mountinfo.Info) (skip, stop bool) {
		return uint64(i.ID) != c.state.RootMount || i.Mountpoint != c.state.Rootfs, false
	})
	if err == nil && len(covered) > 0 {
		err = fmt.Errorf("unmount %s: something else is mounted over the container's mounts", c.state.Rootfs)
	}
	return err
}

// makePrivate changes a mount and all below it.
func makePrivate(mount int) error {
	err := unix.MountSetattr(mount, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &unix.MountAttr{Propagation: unix.MS_PRIVATE})
	if err != nil {
		return fmt.Errorf("mount_setattr: %w", err)
	}
	return nil
}

// mountID is the number of the mount that a file is on, as /proc/self/mountinfo has it.
func mountID(dir int, path string, flags int) (uint64, error) {
	var st unix.Statx_t
	if err := unix.Statx(dir, path, flags|unix.AT_NO_AUTOMOUNT, unix.STATX_MNT_ID, &st); err != nil {
		return 0, fmt.Errorf("statx %s: %w", path, err)
	}
	if st.Mask&unix.STATX_MNT_ID == 0 {
		return 0, errors.New("statx does not tell the mount")
	}
	return st.Mnt_id, nil
}
