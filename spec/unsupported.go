package spec

import (
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// notYet lists every part of the specification that crabcan refuses because it does not do it yet: whoever does it
// deletes the row. asked returns the pointers of the members that ask for it; empty ones ask for nothing.
var notYet = [...]struct {
	what  string // empty when the member's name says it
	asked func(*specs.Spec) []string
}{

	{"", func(s *specs.Spec) []string { return when(s.Linux.IntelRdt != nil, "/linux/intelRdt") }},
}

func (c *checker) refuseUnsupported() {
	for _, row := range notYet {
		for _, pointer := range row.asked(c.spec) {
			c.errorf(pointer, "%s", strings.TrimSpace(row.what+" is not supported yet"))
		}
	}
}

func when(asked bool, pointer string) []string {
	if asked {
		return []string{pointer}
	}
	return nil
}
