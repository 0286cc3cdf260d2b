package spec

import (
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// mountOption is one option of the specification's table of Linux mount options.
type mountOption struct {
	name  string
	apply func(*Mount, *mountOption)
	// bits are MOUNT_ATTR_* or MS_* bits, as apply takes them.
	bits uint64
	// flag is how fsconfig(2) spells the option if it belongs to the superblock.
	flag string
}

// mountOptions is sorted by name. mount(8) says what each means; the forms with a leading r are recursive.
var mountOptions = [...]mountOption{
	{name: "async", apply: setFlag, flag: "async"},
	{name: "atime", apply: leaveAtime, bits: unix.MOUNT_ATTR_NOATIME},
	{name: "bind", apply: setBind},
	{name: "defaults", apply: setNothing},
	{name: "dev", apply: clearAttr, bits: unix.MOUNT_ATTR_NODEV},
	{name: "diratime", apply: clearAttr, bits: unix.MOUNT_ATTR_NODIRATIME},
	{name: "dirsync", apply: setFlag, flag: "dirsync"},
	{name: "exec", apply: clearAttr, bits: unix.MOUNT_ATTR_NOEXEC},
	{name: "idmap", apply: setIDMap},
	// Every file system that counts versions does so unasked since Linux 6.1, and fsconfig(2) has no word for it.
	{name: "iversion", apply: setNothing},
	{name: "lazytime", apply: setFlag, flag: "lazytime"},
	{name: "loud", apply: setNothing},
	{name: "mand", apply: setFlag, flag: "mand"},
	{name: "noatime", apply: setAtime, bits: unix.MOUNT_ATTR_NOATIME},
	{name: "nodev", apply: setAttr, bits: unix.MOUNT_ATTR_NODEV},
	{name: "nodiratime", apply: setAttr, bits: unix.MOUNT_ATTR_NODIRATIME},
	{name: "noexec", apply: setAttr, bits: unix.MOUNT_ATTR_NOEXEC},
	{name: "noiversion", apply: setNothing},
	{name: "nolazytime", apply: setFlag, flag: "nolazytime"},
	{name: "nomand", apply: setFlag, flag: "nomand"},
	{name: "norelatime", apply: leaveAtime, bits: unix.MOUNT_ATTR_RELATIME},
	{name: "nostrictatime", apply: leaveAtime, bits: unix.MOUNT_ATTR_STRICTATIME},
	{name: "nosuid", apply: setAttr, bits: unix.MOUNT_ATTR_NOSUID},
	{name: "nosymfollow", apply: setAttr, bits: unix.MOUNT_ATTR_NOSYMFOLLOW},
	{name: "private", apply: setPropagation, bits: unix.MS_PRIVATE},
	{name: "ratime", apply: leaveRecAtime, bits: unix.MOUNT_ATTR_NOATIME},
	{name: "rbind", apply: setRecBind},
	{name: "rdev", apply: clearRecAttr, bits: unix.MOUNT_ATTR_NODEV},
	{name: "rdiratime", apply: clearRecAttr, bits: unix.MOUNT_ATTR_NODIRATIME},
	{name: "relatime", apply: setAtime, bits: unix.MOUNT_ATTR_RELATIME},
	{name: "remount", apply: setRemount},
	{name: "rexec", apply: clearRecAttr, bits: unix.MOUNT_ATTR_NOEXEC},
	{name: "ridmap", apply: setRecIDMap},
	{name: "rnoatime", apply: setRecAtime, bits: unix.MOUNT_ATTR_NOATIME},
	{name: "rnodev", apply: setRecAttr, bits: unix.MOUNT_ATTR_NODEV},
	{name: "rnodiratime", apply: setRecAttr, bits: unix.MOUNT_ATTR_NODIRATIME},
	{name: "rnoexec", apply: setRecAttr, bits: unix.MOUNT_ATTR_NOEXEC},
	{name: "rnorelatime", apply: leaveRecAtime, bits: unix.MOUNT_ATTR_RELATIME},
	{name: "rnostrictatime", apply: leaveRecAtime, bits: unix.MOUNT_ATTR_STRICTATIME},
	{name: "rnosuid", apply: setRecAttr, bits: unix.MOUNT_ATTR_NOSUID},
	{name: "rnosymfollow", apply: setRecAttr, bits: unix.MOUNT_ATTR_NOSYMFOLLOW},
	{name: "ro", apply: setReadonly, bits: unix.MOUNT_ATTR_RDONLY, flag: "ro"},
	{name: "rprivate", apply: setPropagation, bits: unix.MS_PRIVATE | unix.MS_REC},
	{name: "rrelatime", apply: setRecAtime, bits: unix.MOUNT_ATTR_RELATIME},
	{name: "rro", apply: setRecAttr, bits: unix.MOUNT_ATTR_RDONLY},
	{name: "rrw", apply: clearRecAttr, bits: unix.MOUNT_ATTR_RDONLY},
	{name: "rshared", apply: setPropagation, bits: unix.MS_SHARED | unix.MS_REC},
	{name: "rslave", apply: setPropagation, bits: unix.MS_SLAVE | unix.MS_REC},
	{name: "rstrictatime", apply: setRecAtime, bits: unix.MOUNT_ATTR_STRICTATIME},
	{name: "rsuid", apply: clearRecAttr, bits: unix.MOUNT_ATTR_NOSUID},
	{name: "rsymfollow", apply: clearRecAttr, bits: unix.MOUNT_ATTR_NOSYMFOLLOW},
	{name: "runbindable", apply: setPropagation, bits: unix.MS_UNBINDABLE | unix.MS_REC},
	{name: "rw", apply: clearReadonly, bits: unix.MOUNT_ATTR_RDONLY, flag: "rw"},
	{name: "shared", apply: setPropagation, bits: unix.MS_SHARED},
	{name: "silent", apply: setNothing},
	{name: "slave", apply: setPropagation, bits: unix.MS_SLAVE},
	{name: "strictatime", apply: setAtime, bits: unix.MOUNT_ATTR_STRICTATIME},
	{name: "suid", apply: clearAttr, bits: unix.MOUNT_ATTR_NOSUID},
	{name: "symfollow", apply: clearAttr, bits: unix.MOUNT_ATTR_NOSYMFOLLOW},
	{name: "sync", apply: setFlag, flag: "sync"},
	{name: "tmpcopyup", apply: setCopyUp},
	{name: "unbindable", apply: setPropagation, bits: unix.MS_UNBINDABLE},
}

// findMountOption is nil for an option that is the file system's own.
func findMountOption(name string) *mountOption {
	i, ok := slices.BinarySearchFunc(mountOptions[:], name, func(o mountOption, name string) int {
		return strings.Compare(o.name, name)
	})
	if !ok {
		return nil
	}
	return &mountOptions[i]
}

// parseMountOptions applies options in order: of two that contradict each other the later one counts. What is not in the
// table is data, as the specification says.
func parseMountOptions(options []string) Mount {
	var m Mount
	for _, name := range options {
		if option := findMountOption(name); option != nil {
			option.apply(&m, option)
		} else {
			m.Data = appendData(m.Data, name)
		}
	}
	m.SBFlags = superblockFlags(m.SBFlags, m.Remount)
	return m
}

func setNothing(*Mount, *mountOption)     {}
func setBind(m *Mount, _ *mountOption)    { m.Bind = true }
func setRecBind(m *Mount, _ *mountOption) { m.Bind, m.Recursive = true, true }
func setRemount(m *Mount, _ *mountOption) { m.Remount = true }
func setCopyUp(m *Mount, _ *mountOption)  { m.CopyUp = true }

func setIDMap(m *Mount, _ *mountOption)    { m.IDMap = &IDMap{} }
func setRecIDMap(m *Mount, _ *mountOption) { m.IDMap = &IDMap{Recursive: true} }

func setPropagation(m *Mount, o *mountOption) { m.Propagation = append(m.Propagation, o.bits) }

func setAttr(m *Mount, o *mountOption)       { m.Attr.set(o.bits) }
func clearAttr(m *Mount, o *mountOption)     { m.Attr.clear(o.bits) }
func setAtime(m *Mount, o *mountOption)      { m.Attr.setAtime(o.bits) }
func leaveAtime(m *Mount, o *mountOption)    { m.Attr.leaveAtime(o.bits) }
func setRecAttr(m *Mount, o *mountOption)    { m.RecAttr.set(o.bits) }
func clearRecAttr(m *Mount, o *mountOption)  { m.RecAttr.clear(o.bits) }
func setRecAtime(m *Mount, o *mountOption)   { m.RecAttr.setAtime(o.bits) }
func leaveRecAtime(m *Mount, o *mountOption) { m.RecAttr.leaveAtime(o.bits) }

// setReadonly and clearReadonly change mount and superblock both, as mount(2) does.
func setReadonly(m *Mount, o *mountOption) {
	setAttr(m, o)
	setFlag(m, o)
}

func clearReadonly(m *Mount, o *mountOption) {
	clearAttr(m, o)
	setFlag(m, o)
}
