package bundles

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// bundle makes a folder with a config.json and returns its real path.
func bundle(t *testing.T, path ...string) string {
	t.Helper()
	dir := filepath.Join(path...)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func symlink(t *testing.T, target, link string) {
	t.Helper()
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, got error, want string) {
	t.Helper()
	if got == nil || !strings.Contains(got.Error(), want) {
		t.Errorf("error is %v, want one with %q", got, want)
	}
}

func TestOpen(t *testing.T) {
	dir := tempDir(t)
	real := bundle(t, dir, "real")
	symlink(t, "real", filepath.Join(dir, "link"))
	t.Chdir(dir)
	for _, name := range []string{real, "real", "./real/", "link", "link/../real"} {
		b, err := Open(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if b.Dir != real || string(b.Config) != "{}" {
			t.Errorf("%s: %s with %q, want %s", name, b.Dir, b.Config, real)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	dir := tempDir(t)
	for name, c := range map[string]struct {
		prepare func(config string) error
		want    string
	}{
		"missing": {func(string) error { return nil }, "open CONFIG: no such file or directory"},
		"folder":  {func(config string) error { return os.Mkdir(config, 0o700) }, "CONFIG is not a regular file"},
		"fifo":    {func(config string) error { return unix.Mkfifo(config, 0o600) }, "CONFIG is not a regular file"},
		"large": {func(config string) error {
			return errors.Join(os.WriteFile(config, nil, 0o600), os.Truncate(config, maxConfig+1))
		}, "CONFIG is 16777217 bytes long, at most 16777216 are allowed"},
	} {
		bundleDir := filepath.Join(dir, name)
		config := filepath.Join(bundleDir, "config.json")
		if err := errors.Join(os.Mkdir(bundleDir, 0o700), c.prepare(config)); err != nil {
			t.Fatal(err)
		}
		_, err := Open(bundleDir)
		wantError(t, err, strings.ReplaceAll(c.want, "CONFIG", config))
	}
}

func TestOpenOfMissingFolder(t *testing.T) {
	_, err := Open("/nonexistent/bundle")
	wantError(t, err, "open /nonexistent/bundle/config.json: no such file or directory")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
}

func TestDecodeErrorsNameTheFile(t *testing.T) {
	b := Bundle{Dir: "/b", Config: []byte("{")}
	_, _, err := b.Decode(0)
	wantError(t, err, "config.json:1:")
}

func TestExampleDecodesWithoutWarning(t *testing.T) {
	b, err := Open("examples/hello")
	if err != nil {
		t.Fatal(err)
	}
	opts, warnings, err := b.Decode(0)
	if err != nil || len(warnings) > 0 {
		t.Fatalf("warnings %v, error %v", warnings, err)
	}
	if want := filepath.Join(b.Dir, "rootfs"); opts.MountDir != want {
		t.Errorf("root is %s, want %s", opts.MountDir, want)
	}
}
