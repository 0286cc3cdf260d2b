package state

import "golang.org/x/sys/unix"

// Lock waits until no other Dir, here or in another process, holds the lock, and takes it until Close or Unlock.
// The error is ErrNotExist when the container was deleted meanwhile, also if a new one bears its id by then.
func (d *Dir) Lock() error { return d.lock(unix.LOCK_EX) }

// TryLock is Lock without waiting: the error is ErrLocked when the lock is held by another.
func (d *Dir) TryLock() error { return d.lock(unix.LOCK_EX | unix.LOCK_NB) }

// Share is Lock for several at a time: only who wants the lock for itself waits for them, and they for it.
func (d *Dir) Share() error { return d.lock(unix.LOCK_SH) }

// TryShare is Share without waiting, like TryLock.
func (d *Dir) TryShare() error { return d.lock(unix.LOCK_SH | unix.LOCK_NB) }

// Unlock lets others have the lock while this Dir stays open.
func (d *Dir) Unlock() error { return d.lock(unix.LOCK_UN) }

func (d *Dir) lock(how int) error {
	err := unix.Flock(d.fd, how)
	for err == unix.EINTR {
		err = unix.Flock(d.fd, how)
	}
	if err == unix.EWOULDBLOCK {
		return containerError(d.id, ErrLocked)
	}
	if err != nil {
		return d.pathError("flock", "", err)
	}
	// The previous holder may have removed the folder that this lock belongs to.
	return d.checkLinked()
}

// checkLinked reports ErrNotExist unless the container's name in the root still leads to this very folder. The open
// descriptor keeps the inode number from being given to another folder.
func (d *Dir) checkLinked() error {
	var now unix.Stat_t
	err := unix.Fstatat(d.rootFD, d.id, &now, unix.AT_SYMLINK_NOFOLLOW)
	if err == unix.ENOENT || err == nil && (now.Dev != d.stat.Dev || now.Ino != d.stat.Ino) {
		return containerError(d.id, ErrNotExist)
	}
	if err != nil {
		return d.pathError("stat", "", err)
	}
	return nil
}
