package spec

import (
	"slices"

	"golang.org/x/sys/unix"
)

// bindClears are the attributes that a bind mount does not take over from its source once any is asked for, or asked
// not to be.
const bindClears = unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV | unix.MOUNT_ATTR_NOEXEC |
	unix.MOUNT_ATTR_NOSYMFOLLOW

// bindAttr gives options the meaning that they have for a bind mount, which is runc's: without any, all attributes are
// those of the source; with some, the mount has these and no others.
func (m *Mount) bindAttr(options []string) {
	if m.Attr.IsZero() && len(m.SBFlags) == 0 {
		return
	}
	m.Attr.bindAtime(options)
	m.Implied = bindClears &^ (m.Attr.Set | m.Attr.Clear)
}

// atimeOptions are the options about access times, each before the one that takes it back.
var atimeOptions = [...][2]string{
	{"noatime", "atime"}, {"strictatime", "nostrictatime"}, {"relatime", "norelatime"}, {"nodiratime", "diratime"},
}

// bindAtime sets the mode of access times as mount(2) does it in a remount: it stays as it is unless one is asked for,
// and nodiratime asks for relatime as well.
func (a *MountAttr) bindAtime(options []string) {
	var asked [len(atimeOptions)]bool
	for _, name := range options {
		for i, pair := range atimeOptions {
			asked[i] = name == pair[0] || asked[i] && name != pair[1]
		}
	}
	const all = unix.MOUNT_ATTR__ATIME | unix.MOUNT_ATTR_NODIRATIME
	a.Set, a.Clear = a.Set&^all, a.Clear&^all
	if !slices.Contains(asked[:], true) {
		return
	}
	a.Clear |= unix.MOUNT_ATTR__ATIME
	switch {
	case asked[1]:
		a.Set |= unix.MOUNT_ATTR_STRICTATIME
	case asked[0]:
		a.Set |= unix.MOUNT_ATTR_NOATIME
	}
	if asked[3] {
		a.Set |= unix.MOUNT_ATTR_NODIRATIME
	} else {
		a.Clear |= unix.MOUNT_ATTR_NODIRATIME
	}
}
