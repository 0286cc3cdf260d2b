package spec

import (
	"fmt"
	"strings"
	"testing"
)

func TestPositions(t *testing.T) {
	const data = `{
	"root": {"readOnly": true, "path": "r"},
	"mounts": [
		{"destination": "/a"},
		{"destination" : "/é", "options": [ "ro" ]}
	],
	"linux": {"sysctl": {"net/a": "1", "B": "2", "b": "3"}},
	"dup": 1, "dup": 2
}
`
	position := Positions([]byte(data))
	for _, test := range []struct{ pointer, want string }{
		{"", "1:1"},
		{"/root", "2:10"},
		{"/root/readOnly", "2:23"},
		{"/root/readonly", "2:23"},
		{"/root/path", "2:37"},
		{"/mounts", "3:12"},
		{"/mounts/0", "4:3"},
		{"/mounts/1/destination", "5:20"},
		{"/mounts/1/options/0", "5:40"}, // é is two bytes
		{"/mounts/1/options/7", "5:38"},
		{"/mounts/1/type", "5:3"},
		{"/mounts/9/type/x", "3:12"},
		{"/linux/sysctl/net~1a", "7:32"},
		{"/linux/sysctl/B", "7:42"},
		{"/linux/sysctl/b", "7:52"},
		{"/process/args", "1:1"},
		{"/dup", "8:9"},
		{"no pointer", "1:1"},
	} {
		line, col := position(test.pointer)
		if got := fmt.Sprintf("%d:%d", line, col); got != test.want {
			t.Errorf("%s is at %s, want %s", test.pointer, got, test.want)
		}
	}
}

// TestPositionsOfBrokenText finds what stands before the break.
func TestPositionsOfBrokenText(t *testing.T) {
	for _, test := range []struct {
		data, pointer string
		line, col     int
	}{
		{"", "/a", 1, 1},
		{"\n{\"a\": \"b\", ]", "/a", 2, 7},
		{"\n{\"a\": \"b\", ]", "/c", 2, 1},
		{strings.Repeat("[", 9000) + strings.Repeat("]", 9000), strings.Repeat("/0", 99), 1, maxDepth + 1},
	} {
		if line, col := Positions([]byte(test.data))(test.pointer); line != test.line || col != test.col {
			t.Errorf("%q: %s is at %d:%d, want %d:%d", test.data, test.pointer, line, col, test.line, test.col)
		}
	}
}
