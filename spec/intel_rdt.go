package spec

import (
	"slices"
	"strings"
)

// resctrlFolders are what the kernel keeps beside the groups in a resctrl file system.
var resctrlFolders = [...]string{"info", "mon_data", "mon_groups"}

// intelRdt gathers all lines for the schemata file in the order in which the specification wants them written.
func (c *checker) intelRdt() {
	const pointer = "/linux/intelRdt"
	in := c.spec.Linux.IntelRdt
	if in == nil {
		return
	}
	c.closID(pointer+"/closID", in.ClosID)
	c.schema(pointer+"/l3CacheSchema", in.L3CacheSchema, "")
	c.schema(pointer+"/memBwSchema", in.MemBwSchema, "MB:")
	for i, line := range in.Schemata {
		c.schema(element(pointer+"/schemata", i), line, "")
	}
	c.opts.IntelRdt = &IntelRdt{
		ClosID: in.ClosID, L3: in.L3CacheSchema, MemBw: in.MemBwSchema, Schemata: in.Schemata, Monitor: in.EnableMonitoring,
	}
}

// closID is the name of a folder, or "/" for the default group.
func (c *checker) closID(pointer, id string) {
	switch {
	case id == "." || id == ".." || len(id) > 1 && strings.Contains(id, "/"):
		c.errorf(pointer, "invalid intelRdt.ClosID %q", id)
	case slices.Contains(resctrlFolders[:], id):
		c.errorf(pointer, "%q is a folder of resctrl's own", id)
	}
	c.text(pointer, id)
}

func (c *checker) schema(pointer, line, prefix string) {
	switch {
	case strings.Contains(line, "\n"):
		c.errorf(pointer, "must not hold a newline")
	case line != "" && !strings.HasPrefix(line, prefix):
		c.errorf(pointer, "must begin with %s, not %q", prefix, line)
	}
	c.text(pointer, line)
}
