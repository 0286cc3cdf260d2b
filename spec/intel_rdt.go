package spec

import (
	"errors"
	"fmt"
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
	c.schema(pointer+"/memBwSchema", in.MemBwSchema, MemBwPrefix)
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
	if err := CheckSchema(line, prefix); err != nil {
		c.errorf(pointer, "%v", err)
	}
	c.text(pointer, line)
}

// MemBwPrefix is how a memBwSchema begins.
const MemBwPrefix = "MB:"

// CheckSchema checks a line for the schemata file; empty is none. The error is the rest of a sentence.
func CheckSchema(line, prefix string) error {
	switch {
	case strings.Contains(line, "\n"):
		return errors.New("must not hold a newline")
	case line != "" && !strings.HasPrefix(line, prefix):
		return fmt.Errorf("must begin with %s, not %q", prefix, line)
	}
	return nil
}
