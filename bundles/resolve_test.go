package bundles

import (
	"path/filepath"
	"testing"
)

func TestResolve(t *testing.T) {
	dir := tempDir(t)
	hello := bundle(t, dir, "hello")
	shared := bundle(t, dir, "shared")
	symlink(t, hello, filepath.Join(dir, "link"))
	containers := []Container{
		{"shared-1", shared},
		{"hello", shared}, // an id that is a folder's name as well
		{"c1", hello},
		{"deleted", "/gone/bundle"},
	}
	for _, c := range []struct{ arg, wd, want string }{
		{"c1", dir, "c1"},
		{"hello", dir, "hello"}, // the id comes first
		{"./hello", dir, "c1"},
		{".", hello, "c1"},
		{"link", dir, "c1"},
		{hello, "/", "c1"},
		{"/gone/./bundle", "/", "deleted"},
	} {
		got, err := Resolve(c.arg, c.wd, containers)
		if got != c.want || err != nil {
			t.Errorf("Resolve(%q, %q) = %q, %v; want %q", c.arg, c.wd, got, err, c.want)
		}
	}
	for arg, want := range map[string]string{
		"c9":       `container "c9" does not exist`,
		"./absent": `container "./absent" does not exist`,
		"shared":   "several containers were created from " + shared + ", name one of them: shared-1, hello",
		"":         "a container ID or a bundle is needed",
	} {
		_, err := Resolve(arg, dir, containers)
		wantError(t, err, want)
	}
}
