package spec

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A file of limits is read as config.json is: what is unknown is warned of, what is wrong is an error with its place.
func TestDecodeResources(t *testing.T) {
	for _, c := range []struct{ data, said string }{
		{`{"pids": {"limit": 5}}`, ""},
		{"{\n \"pidz\": {\"limit\": 32},\n \"pids\": {\"limit\": 5, \"soft\": 1}}",
			"warning: f:2:2: pidz: is unknown and ignored\nwarning: f:3:23: pids.soft: is unknown and ignored\n"},
		{`{"pids": {"limit": "5"}}`, "f:1:20: pids.limit: must be a number, not a string\n"},
		{`{"pids": {"limit": 5}`, "f:1:22: the file ends before the object does\n"},
		{"", "f:1:1: the file ends before the object does\n"},
	} {
		r, warnings, err := DecodeResources("f", []byte(c.data))
		if diff := cmp.Diff(c.said, render(nil, warnings, err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.data, diff)
		}
		if err == nil && (r.Pids == nil || *r.Pids.Limit != 5) || err != nil && r != nil {
			t.Errorf("%s: %+v, %v", strings.TrimSpace(c.data), r, err)
		}
	}
}
