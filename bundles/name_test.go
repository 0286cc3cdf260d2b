package bundles

import (
	"path/filepath"
	"testing"
)

func TestName(t *testing.T) {
	dir := tempDir(t)
	hello := bundle(t, dir, "hello")      // dir itself is no bundle
	inner := bundle(t, hello, "sub")      // a bundle in a bundle
	bundle(t, dir, "plain", "config.dir") // plain/ itself holds no config.json
	symlink(t, hello, filepath.Join(dir, "link"))
	plain := filepath.Join(dir, "plain")

	for _, c := range []struct {
		arg, bundle, wd string
		id, dir         string
	}{
		// With --bundle the argument is an id, even if it looks like something else.
		{"c1", hello, "/", "c1", hello},
		{"c1", "hello", dir, "c1", hello},
		{"hello", "hello", dir, "hello", hello},
		{"sub", ".", hello, "sub", hello},
		{"./x", hello, "/", "./x", hello},
		// What looks like a path is a bundle.
		{"./hello", "", dir, "hello", hello},
		{"hello/", "", dir, "hello", hello},
		{"./sub", "", hello, "sub", inner},
		{".", "", hello, "hello", hello},
		{"..", "", inner, "hello", hello},
		{hello, "", "/", "hello", hello},
		{"./link", "", dir, "hello", hello},
		{"./plain", "", dir, "plain", plain},
		// So is the name of a folder with a config.json.
		{"hello", "", dir, "hello", hello},
		{"link", "", dir, "hello", hello},
		// Anything else is an id for the working directory.
		{"c1", "", hello, "c1", hello},
		{"c1", "", dir, "c1", dir},
		{"plain", "", dir, "plain", dir},
	} {
		id, dir, err := Name(c.arg, c.bundle, c.wd)
		if err != nil || id != c.id || dir != c.dir {
			t.Errorf("Name(%q, %q, %q) = %q, %q, %v; want %q, %q", c.arg, c.bundle, c.wd, id, dir, err, c.id, c.dir)
		}
	}
}

func TestNameErrors(t *testing.T) {
	dir := tempDir(t)
	hello := bundle(t, dir, "hello")
	bundle(t, hello, "sub")
	for _, c := range []struct{ arg, wd, want string }{
		{"sub", hello, `say ./sub or --bundle . sub`},
		{"./missing", dir, filepath.Join(dir, "missing/config.json") + ": no such file or directory"},
		{"", dir, "a container ID or a bundle is needed"},
	} {
		_, _, err := Name(c.arg, "", c.wd)
		wantError(t, err, c.want)
	}
}
