package runtime

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// An image may come from anybody. What is refused here needs neither root nor CRIU to be seen; the script
// checkpoint_image_link sees that verbs ask.
func TestImageLeadsNowhere(t *testing.T) {
	link := func(to, name string) func(string) error {
		return func(dir string) error { return os.Symlink(to, filepath.Join(dir, name)) }
	}
	for name, row := range map[string]struct {
		make    func(dir string) error
		refused string // a part of the error, "": it is taken
	}{
		"files":              {func(dir string) error { return os.WriteFile(dir+"/pages-1.img", nil, 0o600) }, ""},
		"link":               {link("/etc/passwd", "pages-1.img"), "pages-1.img: is neither"},
		"pipe":               {func(dir string) error { return unix.Mkfifo(dir+"/core-1.img", 0o600) }, "core-1.img: is neither"},
		"parent":             {link("../first", parentLink), ""},
		"link in the parent": {link("../hostile", parentLink), "parent/stats-dump: is neither"},
		"own parent":         {link(".", parentLink), "more than 100 images"},
		"missing parent":     {link("../none", parentLink), "parent: no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			work := t.TempDir()
			for _, dir := range []string{"image", "first", "hostile"} {
				if err := os.Mkdir(filepath.Join(work, dir), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Symlink("/etc/passwd", filepath.Join(work, "hostile/stats-dump")); err != nil {
				t.Fatal(err)
			}
			image := filepath.Join(work, "image")
			if err := row.make(image); err != nil {
				t.Fatal(err)
			}
			err := checkFolder(image, imageFiles)
			if row.refused == "" && err != nil {
				t.Errorf("refused: %v", err)
			}
			if row.refused != "" && (err == nil || !strings.Contains(err.Error(), row.refused)) {
				t.Errorf("got %v, want an error with %q", err, row.refused)
			}
		})
	}
}

// The folder for CRIU's log may be one of Podman's, in which conmon has fifos.
func TestWorkFolder(t *testing.T) {
	work := t.TempDir()
	if err := unix.Mkfifo(filepath.Join(work, "ctl"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := checkFolder(work, workFiles); err != nil {
		t.Errorf("with a fifo: %v", err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(work, "dump.log")); err != nil {
		t.Fatal(err)
	}
	if err := checkFolder(work, workFiles); err == nil || !strings.Contains(err.Error(), "dump.log: is neither") {
		t.Errorf("with a link: got %v", err)
	}
}

// As many images as somebody may make with --pre-dump build on each other: more than the kernel follows links of a path.
func TestImagesBuildOnEachOther(t *testing.T) {
	const last = 60
	work := t.TempDir()
	image := func(i int) string { return filepath.Join(work, strconv.Itoa(i)) }
	for i := range last + 1 {
		if err := os.Mkdir(image(i), 0o700); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			continue
		}
		if err := os.Symlink("../"+strconv.Itoa(i-1), filepath.Join(image(i), parentLink)); err != nil {
			t.Fatal(err)
		}
	}
	if err := checkFolder(image(last), imageFiles); err != nil {
		t.Error(err)
	}
}
