package cgroup

import (
	"fmt"

	"github.com/opencontainers/cgroups"
	"github.com/opencontainers/cgroups/devices/config"
)

// setDevicesV1 writes the rules to a v1 devices cgroup. The kernel's list knows one default and exceptions of the
// opposite kind; a rule of the default's own kind removes the exception for exactly the same devices.
func setDevicesV1(dir string, r *cgroups.Resources) error {
	if r.SkipDevices {
		return nil
	}
	allow, rules := splitRules(r.Devices)
	if err := checkHoles(allow, rules); err != nil {
		return &Error{devicesPointer, err}
	}
	lists, err := openLists(dir)
	defer lists.close()
	if err == nil {
		err = lists.write(allow, "a *:* rwm")
	}
	if withoutDeviceRules(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, rule := range rules {
		if err := lists.write(rule.Allow, rule.CgroupString()); err != nil {
			return err
		}
	}
	return nil
}

// deviceLists are the files devices.allow and devices.deny, which take a rule with each write.
type deviceLists struct{ allow, deny writer }

func openLists(dir string) (l deviceLists, err error) {
	if l.allow, err = openWriter(dir + "/devices.allow"); err != nil {
		return l, err
	}
	l.deny, err = openWriter(dir + "/devices.deny")
	return l, err
}

func (l deviceLists) write(allow bool, rule string) error {
	if allow {
		return l.allow.write(rule)
	}
	return l.deny.write(rule)
}

func (l deviceLists) close() {
	l.allow.close()
	l.deny.close()
}

// checkHoles refuses what a v1 list can't hold: a rule that takes back a part of an earlier exception. The kernel
// would ignore it in silence (security/device_cgroup.c compares exceptions as wholes).
func checkHoles(allow bool, rules []*config.Rule) error {
	for i, later := range rules {
		if later.Allow != allow {
			continue
		}
		for _, earlier := range rules[:i] {
			if earlier.Allow != allow && overlap(earlier, later) && !sameDevices(earlier, later) {
				return fmt.Errorf("%s %q changes a part of %s %q, which cgroup v1 can't do",
					verb(later), later.CgroupString(), verb(earlier), earlier.CgroupString())
			}
		}
	}
	return nil
}

func overlap(a, b *config.Rule) bool {
	meet := func(x, y int64) bool { return x == y || x == wildcard || y == wildcard }
	return a.Type == b.Type && meet(a.Major, b.Major) && meet(a.Minor, b.Minor) &&
		!a.Permissions.Intersection(b.Permissions).IsEmpty()
}

func sameDevices(a, b *config.Rule) bool {
	return a.Type == b.Type && a.Major == b.Major && a.Minor == b.Minor
}

func verb(r *config.Rule) string {
	if r.Allow {
		return "allow"
	}
	return "deny"
}
