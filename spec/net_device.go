package spec

import (
	"maps"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// maxDeviceName is IFNAMSIZ of linux/if.h without the final NUL.
const maxDeviceName = unix.IFNAMSIZ - 1

func (c *checker) netDevices() {
	const pointer = "/linux/netDevices"
	devices := c.spec.Linux.NetDevices
	if len(devices) == 0 {
		return
	}
	c.needs(unix.CLONE_NEWNET, pointer, "network")
	taken := make(map[string]bool)
	for _, name := range slices.Sorted(maps.Keys(devices)) {
		entry, newName := member(pointer, name), devices[name].Name
		c.deviceName(entry, name, false)
		if newName == "" {
			newName = name
		} else {
			c.deviceName(entry+"/name", newName, true)
		}
		if taken[newName] {
			c.errorf(entry, "another device is to be %q in the container", newName)
		}
		taken[newName] = !strings.Contains(newName, "%d")
		c.opts.NetDevices = append(c.opts.NetDevices, NetDevice{Name: name, NewName: newName, Pointer: entry})
	}
}

// deviceName refuses what the kernel's dev_valid_name would. A template is a name with one "%d" in it.
func (c *checker) deviceName(pointer, name string, template bool) {
	plain := name
	if template {
		plain = strings.Replace(name, "%d", "", 1)
	}
	switch {
	case name == "" || len(name) > maxDeviceName:
		c.errorf(pointer, "invalid network device name %q: must have from 1 to %d bytes", name, maxDeviceName)
	case name == "." || name == ".." || strings.ContainsAny(plain, "/:% \t\n\v\f\r\x00"):
		c.errorf(pointer, "invalid network device name %q", name)
	}
}
