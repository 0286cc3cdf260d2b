package spec

import "golang.org/x/sys/unix"

func (a *MountAttr) set(bits uint64) {
	a.Set |= bits
	a.Clear &^= bits
}

func (a *MountAttr) clear(bits uint64) {
	a.Set &^= bits
	a.Clear |= bits
}

// setAtime makes mode the atime mode. The modes are one field of three bits, not flags: mount_setattr(2) wants the whole
// field in Clear whenever the mode changes.
func (a *MountAttr) setAtime(mode uint64) {
	a.Set = a.Set&^unix.MOUNT_ATTR__ATIME | mode
	a.Clear |= unix.MOUNT_ATTR__ATIME
}

// leaveAtime is the option that negates mode: if no other mode was asked for, it means the kernel's default, relatime.
func (a *MountAttr) leaveAtime(mode uint64) {
	asked := a.Clear&unix.MOUNT_ATTR__ATIME != 0
	if !asked || a.Set&unix.MOUNT_ATTR__ATIME == mode {
		a.setAtime(unix.MOUNT_ATTR_RELATIME)
	}
}
