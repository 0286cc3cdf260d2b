package spec

import (
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// capabilityNames holds the capability of each number, from linux/capability.h.
var capabilityNames = [...]string{
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
	"CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN",
	"CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE",
	"CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL",
	"CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
}

// capabilities turns the five lists into masks. The specification wants capabilities that cannot be granted to be warned
// of and left out; the kernel grants none of a set when one of it breaks these rules (capset(2), capabilities(7)):
// inheritable stays within bounding, effective within permitted, ambient within permitted and inheritable.
func (c *checker) capabilities(sets *specs.LinuxCapabilities) Caps {
	const pointer = "/process/capabilities"
	var caps Caps
	caps.Bounding = c.capabilitySet(pointer+"/bounding", sets.Bounding)
	caps.Permitted = c.capabilitySet(pointer+"/permitted", sets.Permitted)
	caps.Inheritable = c.capabilitySet(pointer+"/inheritable", sets.Inheritable)
	caps.Effective = c.capabilitySet(pointer+"/effective", sets.Effective)
	caps.Ambient = c.capabilitySet(pointer+"/ambient", sets.Ambient)

	caps.Inheritable = c.grantable(pointer, "inheritable", caps.Inheritable, caps.Bounding, "bounding")
	caps.Effective = c.grantable(pointer, "effective", caps.Effective, caps.Permitted, "permitted")
	caps.Ambient = c.grantable(pointer, "ambient", caps.Ambient, caps.Permitted&caps.Inheritable, "permitted and inheritable")
	return caps
}

func (c *checker) capabilitySet(pointer string, names []string) uint64 {
	var mask uint64
	for i, name := range names {
		number := slices.Index(capabilityNames[:], name)
		if number < 0 {
			c.warnf(element(pointer, i), "unknown capability %q is ignored", name)
			continue
		}
		mask |= 1 << number
	}
	return mask
}

// grantable is the part of set that lies within limit; the rest is warned of.
func (c *checker) grantable(pointer, name string, set, limit uint64, limitName string) uint64 {
	if set&^limit != 0 {
		c.warnf(member(pointer, name), "can't raise %s capability %s: not in %s", name, capabilityList(set&^limit), limitName)
	}
	return set & limit
}

func capabilityList(mask uint64) string {
	var names []string
	for number, name := range capabilityNames {
		if mask&(1<<number) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
