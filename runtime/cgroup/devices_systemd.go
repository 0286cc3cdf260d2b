package cgroup

import (
	"fmt"

	systemd "github.com/coreos/go-systemd/v22/dbus"
	"github.com/godbus/dbus/v5"
	"github.com/opencontainers/cgroups"
	"github.com/opencontainers/cgroups/devices/config"
)

// deviceAllow is an entry of systemd's DeviceAllow (dbus type "(ss)").
type deviceAllow struct {
	Path  string
	Perms string
}

// deviceProperties tells systemd the rules too: else it would allow all devices again when it next applies the
// scope's settings. What its list can't say (denied devices, a minor with any major) is left to setDevicesV1 and
// setDevicesV2, which run after it. The syntax is that of systemd 240; no distribution with a kernel that crabcan
// supports has an older one.
func deviceProperties(r *cgroups.Resources, _ int) ([]systemd.Property, error) {
	if r.SkipDevices {
		return nil, nil
	}
	// DeviceAllow appends, so an empty one comes first.
	properties := []systemd.Property{property("DeviceAllow", []deviceAllow{})}
	allow, rules := splitRules(r.Devices)
	if allow {
		return append(properties, property("DevicePolicy", "auto")), nil
	}
	return append(properties, property("DevicePolicy", "strict"), property("DeviceAllow", allowList(rules))), nil
}

func property(name string, value any) systemd.Property {
	return systemd.Property{Name: name, Value: dbus.MakeVariant(value)}
}

// allowList lists what is left allowed after every rule.
func allowList(rules []*config.Rule) []deviceAllow {
	var list []deviceAllow
	for i, rule := range rules {
		left := rule.Permissions
		for _, later := range rules[i+1:] {
			if !later.Allow && sameDevices(rule, later) {
				left = left.Difference(later.Permissions)
			}
		}
		if path := systemdDevice(rule); rule.Allow && path != "" && !left.IsEmpty() {
			list = append(list, deviceAllow{path, string(left)})
		}
	}
	return list
}

// systemdDevice spells a rule's devices (systemd.resource-control(5), DeviceAllow=), "" if it can't be said.
func systemdDevice(r *config.Rule) string {
	class := "char"
	if r.Type == config.BlockDevice {
		class = "block"
	}
	switch {
	case r.Major != wildcard && r.Minor != wildcard:
		return fmt.Sprintf("/dev/%s/%d:%d", class, r.Major, r.Minor)
	case r.Major != wildcard:
		return fmt.Sprintf("%s-%d", class, r.Major)
	case r.Minor != wildcard:
		return ""
	}
	return class + "-*"
}
