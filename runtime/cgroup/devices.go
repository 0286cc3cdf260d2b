package cgroup

import (
	"errors"
	"fmt"
	"slices"

	"github.com/moby/sys/userns"
	"github.com/opencontainers/cgroups/devices/config"
	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/crabcan/crabcan/spec"
)

// withoutDeviceRules says that the kernel takes no device rules from this process, whose user namespace is not the first:
// bpf(2) and devices.allow need CAP_SYS_ADMIN there (security/device_cgroup.c). Such a process can make no devices, and a
// systemd that it asked has the rules from the scope's properties.
func withoutDeviceRules(err error) bool { return permission(err) && userns.RunningInUserNS() }

// wildcard stands for every major or minor number in a rule.
const wildcard = config.Wildcard

const allAccess config.Permissions = "rwm"

// defaultDevices are allowed behind the config's own rules, as runc does it: making any node, the nodes that the
// specification has runtimes make, terminals, and /dev/net/tun, which users came to rely on.
var defaultDevices = [...]struct {
	path string
	rule config.Rule
}{
	{"", config.Rule{Type: 'c', Major: wildcard, Minor: wildcard, Permissions: "m", Allow: true}},
	{"", config.Rule{Type: 'b', Major: wildcard, Minor: wildcard, Permissions: "m", Allow: true}},
	{"/dev/null", config.Rule{Type: 'c', Major: 1, Minor: 3, Permissions: allAccess, Allow: true}},
	{"/dev/random", config.Rule{Type: 'c', Major: 1, Minor: 8, Permissions: allAccess, Allow: true}},
	{"/dev/full", config.Rule{Type: 'c', Major: 1, Minor: 7, Permissions: allAccess, Allow: true}},
	{"/dev/tty", config.Rule{Type: 'c', Major: 5, Minor: 0, Permissions: allAccess, Allow: true}},
	{"/dev/zero", config.Rule{Type: 'c', Major: 1, Minor: 5, Permissions: allAccess, Allow: true}},
	{"/dev/urandom", config.Rule{Type: 'c', Major: 1, Minor: 9, Permissions: allAccess, Allow: true}},
	// The slave ends of ptys, /dev/ptmx and /dev/net/tun have no node among the default ones.
	{"", config.Rule{Type: 'c', Major: 136, Minor: wildcard, Permissions: allAccess, Allow: true}},
	{"", config.Rule{Type: 'c', Major: 5, Minor: 2, Permissions: allAccess, Allow: true}},
	{"", config.Rule{Type: 'c', Major: 10, Minor: 200, Permissions: allAccess, Allow: true}},
}

// deviceRules are the rules of a container in order: the config's, then the default devices but those that a node of
// the config replaces. Without any rule, every device is denied. Where the config allows all devices, the default
// ones are allowed already, and naming them again would take back what the config denies after that.
func deviceRules(rules []specs.LinuxDeviceCgroup, nodes []spec.Device) []*config.Rule {
	var list []*config.Rule
	for _, r := range rules {
		list = append(list, convertRule(r)...)
	}
	if allowsAll, _ := splitRules(list); allowsAll {
		return list
	}
	for i := range defaultDevices {
		d := &defaultDevices[i]
		replaced := func(node spec.Device) bool { return node.Path == d.path }
		if !slices.ContainsFunc(nodes, replaced) {
			list = append(list, &d.rule)
		}
	}
	return list
}

// convertRule gives a rule for both kinds of devices in two parts, unless it means all devices with all access: that
// one sets what holds for every device without a rule.
func convertRule(r specs.LinuxDeviceCgroup) []*config.Rule {
	rule := config.Rule{Type: config.WildcardDevice, Major: wildcard, Minor: wildcard, Allow: r.Allow}
	rule.Permissions = config.Permissions(r.Access).Union("")
	if r.Major != nil {
		rule.Major = *r.Major
	}
	if r.Minor != nil {
		rule.Minor = *r.Minor
	}
	if r.Type != "" {
		rule.Type = config.Type(r.Type[0])
	}
	if rule.Type != config.WildcardDevice || isReset(&rule) {
		return []*config.Rule{&rule}
	}
	char, block := rule, rule
	char.Type, block.Type = config.CharDevice, config.BlockDevice
	return []*config.Rule{&char, &block}
}

// isReset reports whether a rule is about every access to every device: rules before it don't matter.
func isReset(r *config.Rule) bool {
	return r.Type == config.WildcardDevice && r.Major == wildcard && r.Minor == wildcard && r.Permissions == allAccess
}

// splitRules separates what holds for a device without a rule from the rules that still matter.
func splitRules(rules []*config.Rule) (allow bool, exceptions []*config.Rule) {
	for i := len(rules) - 1; i >= 0; i-- {
		if isReset(rules[i]) {
			return rules[i].Allow, rules[i+1:]
		}
	}
	return false, rules
}

// checkNumbers refuses rules with numbers that no device has: the filter compares 12 bits of major and 20 of minor.
func checkNumbers(rules []specs.LinuxDeviceCgroup) error {
	var errs []error
	for i, r := range rules {
		if r.Major != nil && (*r.Major < wildcard || *r.Major > maxMajor) {
			errs = append(errs, &Error{fmt.Sprintf("%s/%d/major", devicesPointer, i),
				fmt.Errorf("must be -1 (any) to %d, not %d", maxMajor, *r.Major)})
		}
		if r.Minor != nil && (*r.Minor < wildcard || *r.Minor > maxMinor) {
			errs = append(errs, &Error{fmt.Sprintf("%s/%d/minor", devicesPointer, i),
				fmt.Errorf("must be -1 (any) to %d, not %d", maxMinor, *r.Minor)})
		}
	}
	return errors.Join(errs...)
}
