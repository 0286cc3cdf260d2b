package spec

import (
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// idMap completes an idmapped mount: mappings ask for one, with or without the option. The option alone means those of
// the container's user namespace. (The kernel would idmap other mounts than bind mounts, too, but not in a container
// with a user namespace, and no peer does.)
func (c *checker) idMap(pointer string, in *specs.Mount, m *Mount) {
	own := len(in.UIDMappings)+len(in.GIDMappings) > 0
	if m.IDMap == nil && !own {
		return
	}
	if m.IDMap == nil {
		m.IDMap = &IDMap{}
	}
	m.IDMap.UIDMappings = c.idMappings(pointer+"/uidMappings", in.UIDMappings)
	m.IDMap.GIDMappings = c.idMappings(pointer+"/gidMappings", in.GIDMappings)
	switch {
	case !m.Bind || m.Remount:
		c.errorf(pointer, "id-mapped mounts are only supported for bind-mounts")
	case own && len(in.UIDMappings) == 0:
		c.errorf(pointer+"/uidMappings", "is required beside gidMappings")
	case own && len(in.GIDMappings) == 0:
		c.errorf(pointer+"/gidMappings", "is required beside uidMappings")
	case !own && c.namespaces&unix.CLONE_NEWUSER == 0:
		c.errorf(pointer, "an id-mapped mount needs uidMappings and gidMappings, or a namespace of type user")
	}
}
