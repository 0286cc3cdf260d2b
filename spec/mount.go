package spec

import (
	"path"
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

func (c *checker) mounts() {
	c.opts.Mounts = make([]Mount, len(c.spec.Mounts))
	for i := range c.spec.Mounts {
		c.opts.Mounts[i] = c.mount(element("/mounts", i), &c.spec.Mounts[i])
	}
}

func (c *checker) mount(pointer string, in *specs.Mount) Mount {
	m := parseMountOptions(in.Options)
	m.Pointer = pointer
	m.Destination = c.destination(pointer+"/destination", in.Destination)
	m.Bind = m.Bind || in.Type == "bind"
	c.idMap(pointer, in, &m)
	if m.Bind {
		c.bindMount(pointer, in, &m)
		return m
	}
	m.Type, m.Source = in.Type, in.Source
	if m.Type == "" && !m.Remount {
		c.errorf(pointer+"/type", "is required unless the options hold bind, rbind or remount")
	}
	c.text(pointer+"/type", m.Type)
	c.text(pointer+"/source", m.Source)
	c.texts(pointer+"/options", in.Options)
	c.mappedOptions(pointer+"/options", m.Data)
	if m.CopyUp && (m.Type != "tmpfs" || m.Remount) {
		c.warnf(pointer+"/options", "tmpcopyup is ignored: it is for a new tmpfs only")
		m.CopyUp = false
	}
	if i := slices.Index(m.SBFlags, "dirsync"); i >= 0 && m.Remount {
		c.warnf(pointer+"/options", "dirsync has no effect: the kernel does not change it by a remount")
		m.SBFlags = slices.Delete(m.SBFlags, i, i+1)
	}
	return m
}

// destination is dest cleaned. The specification has relative ones mean relative to "/", and deprecates them. Some
// callers of runc write the path that the host knows, with the root folder in front: it is cut off, as runc does.
func (c *checker) destination(pointer, dest string) string {
	if dest != "" && !path.IsAbs(dest) {
		c.warnf(pointer, "should be an absolute path; %q is taken as %q", dest, path.Join("/", dest))
		dest = "/" + dest
	}
	dest = c.absolute(pointer, dest)
	if inside, ok := strings.CutPrefix(dest+"/", c.opts.MountDir+"/"); ok && len(c.opts.MountDir) > 1 {
		return path.Join("/", inside)
	}
	return dest
}

// bindMount completes a bind mount. It has no superblock of its own: the kernel would silently ignore what belongs to
// one, so its data options are errors, as in runc, and its flags are warned of.
func (c *checker) bindMount(pointer string, in *specs.Mount, m *Mount) {
	m.Type = "bind"
	// Of a remount the kernel reads the destination only.
	if !m.Remount || in.Source != "" {
		m.Source = c.inBundle(pointer+"/source", in.Source)
	}
	for i, name := range in.Options {
		option := findMountOption(name)
		switch {
		case option == nil && name != "":
			c.errorf(element(pointer+"/options", i), "%q is no option of a bind mount", name)
		case option != nil && option.flag != "" && option.bits != unix.MOUNT_ATTR_RDONLY:
			c.warnf(element(pointer+"/options", i), "%s has no effect on a bind mount", name)
		case option != nil && name == "tmpcopyup":
			c.warnf(element(pointer+"/options", i), "tmpcopyup is ignored: it is for tmpfs only")
		}
	}
	if !m.Remount {
		m.bindAttr(in.Options)
	}
	m.CopyUp, m.SBFlags, m.Data = false, nil, nil
}
