package spec

import (
	"math"
	"strconv"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

const (
	uidMappingsPointer = "/linux/uidMappings"
	gidMappingsPointer = "/linux/gidMappings"
	// maxMappings is the kernel's UID_GID_MAP_MAX_EXTENTS.
	maxMappings = 340
)

// userNamespace checks the mappings of the container's user namespace. A joined one brings its own; callers that give
// them as well (containerd, CRI-O) must give the same, which is checked where the namespace can be looked at.
func (c *checker) userNamespace() {
	l := c.spec.Linux
	c.opts.UIDMappings = c.idMappings(uidMappingsPointer, l.UIDMappings)
	c.opts.GIDMappings = c.idMappings(gidMappingsPointer, l.GIDMappings)
	for _, m := range [...]struct {
		pointer  string
		mappings []specs.LinuxIDMapping
	}{{uidMappingsPointer, l.UIDMappings}, {gidMappingsPointer, l.GIDMappings}} {
		switch {
		case len(m.mappings) > 0:
			c.needs(unix.CLONE_NEWUSER, m.pointer, "user")
			// Init makes the container as the namespace's root.
			c.mapped(m.pointer, m.mappings, 0)
		case c.makesUserNamespace():
			c.errorf(m.pointer, "is required for a new user namespace")
		}
	}
}

func (c *checker) makesUserNamespace() bool {
	for _, n := range c.opts.Namespaces {
		if n.Flag == unix.CLONE_NEWUSER {
			return n.Path == ""
		}
	}
	return false
}

// idMappings refuses what the kernel would, which says no more than EINVAL (user_namespaces(7)).
func (c *checker) idMappings(pointer string, list []specs.LinuxIDMapping) []specs.LinuxIDMapping {
	if len(list) > maxMappings {
		c.errorf(pointer, "must have at most %d entries, not %d", maxMappings, len(list))
	}
	for i, m := range list {
		entry := element(pointer, i)
		if m.Size == 0 {
			c.errorf(entry+"/size", "must not be 0")
		}
		c.idRange(entry+"/containerID", m.ContainerID, m.Size)
		c.idRange(entry+"/hostID", m.HostID, m.Size)
		for _, other := range list[:i] {
			if overlap(m.ContainerID, other.ContainerID, m.Size, other.Size) {
				c.errorf(entry+"/containerID", "is mapped by another entry already")
			}
			if overlap(m.HostID, other.HostID, m.Size, other.Size) {
				c.errorf(entry+"/hostID", "is mapped to by another entry already")
			}
		}
	}
	return list
}

// idRange knows that the highest number is no id.
func (c *checker) idRange(pointer string, first, size uint32) {
	if uint64(first)+uint64(size) > math.MaxUint32 {
		c.errorf(pointer, "leads with its size beyond the highest id, %d", uint32(math.MaxUint32)-1)
	}
}

func overlap(a, b, sizeA, sizeB uint32) bool {
	return uint64(a) < uint64(b)+uint64(sizeB) && uint64(b) < uint64(a)+uint64(sizeA)
}

// mapped makes an id that the mappings don't have an error; without mappings nothing is known.
func (c *checker) mapped(pointer string, mappings []specs.LinuxIDMapping, id uint32) {
	if _, ok := HostID(mappings, id); !ok && len(mappings) > 0 {
		c.errorf(pointer, "%d is not mapped in the container's user namespace", id)
	}
}

// HostID is what an id of the container's is on the host; ok is false if it is not mapped.
func HostID(mappings []specs.LinuxIDMapping, id uint32) (host uint32, ok bool) {
	for _, m := range mappings {
		if id >= m.ContainerID && id-m.ContainerID < m.Size {
			return m.HostID + (id - m.ContainerID), true
		}
	}
	return 0, false
}

// mappedOptions checks a mount's uid= and gid=: the file system belongs to the container's user namespace, and for ids
// that are not mapped there the kernel has but EINVAL.
func (c *checker) mappedOptions(pointer string, data []string) {
	for _, option := range data {
		name, value, _ := strings.Cut(option, "=")
		id, err := strconv.ParseUint(value, 10, 32)
		switch {
		case err != nil:
		case name == "uid":
			c.mapped(pointer, c.opts.UIDMappings, uint32(id))
		case name == "gid":
			c.mapped(pointer, c.opts.GIDMappings, uint32(id))
		}
	}
}
