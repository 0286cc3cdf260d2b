package spec

import (
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// deviceTypes holds the file type of each letter, as mknod(1) has them; u is a character device too.
var deviceTypes = [...]struct {
	letter string
	mode   uint32
}{
	{"c", unix.S_IFCHR},
	{"u", unix.S_IFCHR},
	{"b", unix.S_IFBLK},
	{"p", unix.S_IFIFO},
}

const (
	defaultDeviceMode = 0o666
	// The kernel's MAJOR and MINOR have 12 and 20 bits, linux/kdev_t.h.
	maxMajor = 1<<12 - 1
	maxMinor = 1<<20 - 1
)

func (c *checker) devices() {
	for i, d := range c.spec.Linux.Devices {
		device := c.device(element("/linux/devices", i), d)
		same := slices.IndexFunc(c.opts.Devices, func(o Device) bool { return o.Path == device.Path })
		switch {
		case device.Path == ptmxPath:
			c.checkPtmx(device)
		case same < 0:
			c.opts.Devices = append(c.opts.Devices, device)
		default:
			// Callers add a device to a list of all that a host has.
			c.warnf(device.Pointer, "has no effect: %s is the path of an earlier device", device.Path)
		}
	}
	c.devicesOfHost()
}

// devicesOfHost tells once of devices that are not made: callers that bind /dev may list all of its devices as well.
func (c *checker) devicesOfHost() {
	inside := func(d Device) bool { return strings.HasPrefix(d.Path, "/dev/") }
	if i := c.opts.BoundDev(); i >= 0 && slices.ContainsFunc(c.opts.Devices, inside) {
		c.warnf("/linux/devices", "those in /dev have no effect: mounts[%d] binds a whole /dev", i)
	}
}

// ptmxPath leads to the ptmx of the container's own devpts (runtime-spec, config-linux.md, "Default Devices"): the kernel
// makes that with the mount, and what the mount's options say of it holds.
const ptmxPath = "/dev/ptmx"

func (c *checker) checkPtmx(d Device) {
	if d.Mode&unix.S_IFMT != unix.S_IFCHR || d.Dev != unix.Mkdev(5, 2) {
		c.errorf(d.Pointer+"/path", "%s is the character device 5:2 of the container's own devpts", ptmxPath)
	}
}

func (c *checker) device(pointer string, d specs.LinuxDevice) Device {
	out := Device{
		Path:    c.absolute(pointer+"/path", d.Path),
		Mode:    c.deviceType(pointer+"/type", d.Type) | c.deviceMode(pointer+"/fileMode", d),
		UID:     *orEmpty(d.UID),
		GID:     *orEmpty(d.GID),
		Pointer: pointer,
	}
	if out.Mode&unix.S_IFMT != unix.S_IFIFO {
		c.inRange(pointer+"/major", d.Major, maxMajor)
		c.inRange(pointer+"/minor", d.Minor, maxMinor)
		out.Dev = unix.Mkdev(uint32(d.Major), uint32(d.Minor))
	}
	return out
}

func (c *checker) deviceType(pointer, letter string) uint32 {
	for _, t := range deviceTypes {
		if t.letter == letter {
			return t.mode
		}
	}
	if letter == "" {
		c.errorf(pointer, "is required")
	} else {
		c.errorf(pointer, "must be c, u, b or p, not %q", letter)
	}
	return 0
}

// deviceMode is the permission bits. Some callers copy st_mode, file type included: that part is dropped, type says it.
func (c *checker) deviceMode(pointer string, d specs.LinuxDevice) uint32 {
	if d.FileMode == nil {
		return defaultDeviceMode
	}
	mode := uint32(*d.FileMode)
	if mode&^(unix.S_IFMT|0o7777) != 0 {
		c.errorf(pointer, "must hold permission bits only, not octal %o", mode)
	}
	return mode & 0o7777
}

func (c *checker) inRange(pointer string, value, most int64) {
	if value < 0 || value > most {
		c.errorf(pointer, "must be from 0 to %d, not %d", most, value)
	}
}
