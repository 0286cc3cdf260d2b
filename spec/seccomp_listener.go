package spec

import (
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// seccompListener checks what belongs to SCMP_ACT_NOTIFY: an agent outside decides about calls, which gets the
// descriptor for that over a socket.
func (c *checker) seccompListener(profile *specs.LinuxSeccomp) {
	const pointer = "/linux/seccomp"
	notifies := c.seccompNotify(profile)
	if at := slices.Index(profile.Flags, specs.LinuxSeccompFlagWaitKillableRecv); at >= 0 && !notifies {
		// The kernel takes this flag only together with a listener (seccomp(2)).
		c.errorf(element(pointer+"/flags", at), "is only for profiles with SCMP_ACT_NOTIFY")
	}
	if profile.ListenerMetadata != "" && profile.ListenerPath == "" {
		c.errorf(pointer+"/listenerMetadata", "needs a listenerPath to be sent to")
	}
	switch path := profile.ListenerPath; {
	case !notifies && path != "":
		c.warnf(pointer+"/listenerPath", "is ignored: nothing in the profile has SCMP_ACT_NOTIFY")
	case notifies && strings.HasPrefix(path, "@"): // a name without a file (unix(7)), as in Go
		c.text(pointer+"/listenerPath", path)
	case notifies:
		profile.ListenerPath = c.absolute(pointer+"/listenerPath", path)
	}
}

// seccompNotify reports whether the profile has SCMP_ACT_NOTIFY, and refuses it where runc does: before the agent has
// the descriptor, init must tell its number to who passes it on, and that is a write which nobody could answer.
func (c *checker) seccompNotify(profile *specs.LinuxSeccomp) (notifies bool) {
	const pointer = "/linux/seccomp"
	if profile.DefaultAction == specs.ActNotify {
		c.errorf(pointer+"/defaultAction", "SCMP_ACT_NOTIFY cannot be used as default action")
	}
	for i, rule := range profile.Syscalls {
		if rule.Action != specs.ActNotify {
			continue
		}
		notifies = true
		if at := slices.Index(rule.Names, "write"); at >= 0 {
			c.errorf(element(element(pointer+"/syscalls", i)+"/names", at), "SCMP_ACT_NOTIFY cannot be used for the write syscall")
		}
	}
	return notifies
}
