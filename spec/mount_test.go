package spec

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// specOptions is the table of Linux mount options of the specification's config.md, version 1.3.0.
const specOptions = `async atime bind defaults dev diratime dirsync exec iversion lazytime loud mand noatime nodev
nodiratime noexec noiversion nolazytime nomand norelatime nostrictatime nosuid nosymfollow private ratime rbind rdev
rdiratime relatime remount rexec rnoatime rnodiratime rnoexec rnorelatime rnostrictatime rnosuid rnosymfollow ro rprivate
rrelatime rro rrw rshared rslave rstrictatime rsuid rsymfollow runbindable rw shared silent slave strictatime suid
symfollow sync tmpcopyup unbindable idmap ridmap`

func TestMountOptionTable(t *testing.T) {
	for _, name := range strings.Fields(specOptions) {
		if findMountOption(name) == nil {
			t.Errorf("option %s of the specification is missing", name)
		}
	}
	if !slices.IsSortedFunc(mountOptions[:], func(a, b mountOption) int { return strings.Compare(a.name, b.name) }) {
		t.Error("the table is not sorted")
	}
}

func TestParseMountOptions(t *testing.T) {
	const (
		ro, nosuid, nodev, noexec = unix.MOUNT_ATTR_RDONLY, unix.MOUNT_ATTR_NOSUID, unix.MOUNT_ATTR_NODEV, unix.MOUNT_ATTR_NOEXEC
		atime, noatime, strict    = unix.MOUNT_ATTR__ATIME, unix.MOUNT_ATTR_NOATIME, unix.MOUNT_ATTR_STRICTATIME
	)
	for _, test := range []struct {
		options string // separated by spaces
		want    Mount
	}{
		{"", Mount{}},
		{"defaults silent loud iversion noiversion", Mount{}},
		{"bind", Mount{Bind: true}},
		{"rbind bind", Mount{Bind: true, Recursive: true}},
		{"remount", Mount{Remount: true}},
		{"tmpcopyup", Mount{CopyUp: true}},

		{"nosuid nodev noexec", Mount{Attr: MountAttr{Set: nosuid | nodev | noexec}}},
		{"nosuid suid", Mount{Attr: MountAttr{Clear: nosuid}}},
		{"suid nosuid", Mount{Attr: MountAttr{Set: nosuid}}},
		{"nodiratime nosymfollow", Mount{Attr: MountAttr{Set: unix.MOUNT_ATTR_NODIRATIME | unix.MOUNT_ATTR_NOSYMFOLLOW}}},
		{"rro rnosuid rnodev rnoexec", Mount{RecAttr: MountAttr{Set: ro | nosuid | nodev | noexec}}},
		{"rrw rsuid rdev rexec", Mount{RecAttr: MountAttr{Clear: ro | nosuid | nodev | noexec}}},
		{"rro ro", Mount{Attr: MountAttr{Set: ro}, RecAttr: MountAttr{Set: ro}, SBFlags: []string{"ro"}}},

		// One of the three atime modes counts, the last one asked for.
		{"relatime", Mount{Attr: MountAttr{Clear: atime}}},
		{"noatime", Mount{Attr: MountAttr{Set: noatime, Clear: atime}}},
		{"noatime strictatime", Mount{Attr: MountAttr{Set: strict, Clear: atime}}},
		{"strictatime relatime", Mount{Attr: MountAttr{Clear: atime}}},
		// Negations leave the mode that they name, no other.
		{"atime", Mount{Attr: MountAttr{Clear: atime}}},
		{"noatime atime", Mount{Attr: MountAttr{Clear: atime}}},
		{"strictatime atime", Mount{Attr: MountAttr{Set: strict, Clear: atime}}},
		{"noatime norelatime nostrictatime", Mount{Attr: MountAttr{Set: noatime, Clear: atime}}},
		{"strictatime nostrictatime", Mount{Attr: MountAttr{Clear: atime}}},
		{"rnoatime", Mount{RecAttr: MountAttr{Set: noatime, Clear: atime}}},
		{"rnoatime rrelatime", Mount{RecAttr: MountAttr{Clear: atime}}},
		{"rstrictatime rnorelatime ratime", Mount{RecAttr: MountAttr{Set: strict, Clear: atime}}},
		{"rnodiratime rnosymfollow", Mount{RecAttr: MountAttr{Set: unix.MOUNT_ATTR_NODIRATIME | unix.MOUNT_ATTR_NOSYMFOLLOW}}},

		{"ro", Mount{Attr: MountAttr{Set: ro}, SBFlags: []string{"ro"}}},
		{"ro rw", Mount{Attr: MountAttr{Clear: ro}}},
		{"sync dirsync mand lazytime sync", Mount{SBFlags: []string{"dirsync", "mand", "lazytime", "sync"}}},
		{"sync mand lazytime async nomand nolazytime", Mount{}},
		{"remount ro rw async", Mount{Remount: true, Attr: MountAttr{Clear: ro}, SBFlags: []string{"rw", "async"}}},

		{"rslave shared unbindable rprivate", Mount{Propagation: []uint64{
			unix.MS_SLAVE | unix.MS_REC, unix.MS_SHARED, unix.MS_UNBINDABLE, unix.MS_PRIVATE | unix.MS_REC,
		}}},

		{"mode=755 newinstance nosuid size=64k", Mount{Attr: MountAttr{Set: nosuid}, Data: []string{"mode=755", "newinstance", "size=64k"}}},
		{"mode=755,size=64k, ,", Mount{Data: []string{"mode=755", "size=64k"}}},
		{`lowerdir=/a\,b:/c,upperdir=/u`, Mount{Data: []string{`lowerdir=/a\,b:/c`, "upperdir=/u"}}},
		{`context="u:r:t:s0:c1,c2",size=1`, Mount{Data: []string{"context=u:r:t:s0:c1,c2", "size=1"}}},
		{`note="a,b`, Mount{Data: []string{`note="a,b`}}},
		{"RO Bind", Mount{Data: []string{"RO", "Bind"}}},
	} {
		var options []string
		if test.options != "" {
			options = strings.Split(test.options, " ")
		}
		got := parseMountOptions(options)
		if len(got.SBFlags) == 0 {
			got.SBFlags = nil
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.options, diff)
		}
	}
}
