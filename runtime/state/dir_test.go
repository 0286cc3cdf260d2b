package state

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// newDir creates a container in a root of its own.
func newDir(t *testing.T, id string) (Root, *Dir) {
	t.Helper()
	root := Root(filepath.Join(t.TempDir(), "deep", "root"))
	return root, create(t, root, id)
}

func create(t *testing.T, root Root, id string) *Dir {
	t.Helper()
	d, err := Create(root, id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func wantError(t *testing.T, got error, want string) {
	t.Helper()
	if got == nil || !strings.Contains(got.Error(), want) {
		t.Errorf("error is %v, want one with %q", got, want)
	}
}

func TestCreateMakesPrivateFolders(t *testing.T) {
	root, d := newDir(t, "c1")
	for path, want := range map[string]os.FileMode{
		string(root): os.ModeDir | os.ModeSticky | 0o700,
		d.Path():     os.ModeDir | 0o700,
	} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode(), want)
		}
	}
}

func TestCreateRefusesExistingID(t *testing.T) {
	root, _ := newDir(t, "c1")
	_, err := Create(root, "c1")
	if !errors.Is(err, ErrExist) {
		t.Errorf("error is %v, want ErrExist", err)
	}
	wantError(t, err, "container with given ID already exists: c1")
}

func TestOpenOfMissingContainer(t *testing.T) {
	root, _ := newDir(t, "c1")
	for _, root := range []Root{root, Root(t.TempDir()), "/nonexistent/root"} {
		_, err := Open(root, "c2")
		if !errors.Is(err, ErrNotExist) {
			t.Errorf("error is %v, want ErrNotExist", err)
		}
		wantError(t, err, `container "c2" does not exist`)
	}
}

func TestPathTraversal(t *testing.T) {
	root, d := newDir(t, "c1")
	outside := filepath.Join(filepath.Dir(string(root)), "outside")
	if err := os.Mkdir(outside, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"..", ".", "", "../outside", "c1/../../outside", "/etc", "a\x00b", "a b", d.Path()} {
		if _, err := Create(root, id); err == nil {
			t.Errorf("Create took the id %q", id)
		}
		if _, err := Open(root, id); err == nil {
			t.Errorf("Open took the id %q", id)
		}
	}
}

func TestSymlinkedFolderIsRefused(t *testing.T) {
	root, d := newDir(t, "real")
	if err := os.Symlink(d.Path(), filepath.Join(string(root), "link")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(root, "link"); err == nil {
		t.Error("Open followed a symbolic link")
	}
	if _, err := Create(root, "link"); !errors.Is(err, ErrExist) {
		t.Errorf("Create: %v, want ErrExist", err)
	}
}

func TestForeignFolderIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give folders away")
	}
	root, d := newDir(t, "c1")
	if err := os.Chown(d.Path(), 4242, 4242); err != nil {
		t.Fatal(err)
	}
	_, err := Open(root, "c1")
	wantError(t, err, "belongs to user 4242")
	// Root may look into the root of another user.
	if err := os.Chown(string(root), 4242, 4242); err != nil {
		t.Fatal(err)
	}
	other, err := Open(root, "c1")
	if err != nil {
		t.Fatal(err)
	}
	other.Close()
}

func TestDescriptorsAreCloseOnExec(t *testing.T) {
	_, d := newDir(t, "c1")
	fifos, err := d.MakeFifos()
	if err != nil {
		t.Fatal(err)
	}
	defer fifos.Close()
	for _, fd := range []int{d.fd, d.rootFD, int(fifos.Exec.Fd()), int(fifos.Result.Fd())} {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if err != nil || flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("descriptor %d has flags %#x (%v), want FD_CLOEXEC", fd, flags, err)
		}
	}
}

// Whatever a killed create or delete leaves behind can be removed.
func TestRemoveFromEveryIntermediateState(t *testing.T) {
	for _, files := range [][]string{
		{},
		{newStateFile},
		{stateFile},
		{stateFile, newStateFile},
		{stateFile, execFifo},
		{stateFile, resultFifo},
		{stateFile, newStateFile, execFifo, resultFifo},
	} {
		t.Run(strings.Join(files, ","), func(t *testing.T) {
			root, created := newDir(t, "c1")
			for _, name := range files {
				if err := os.WriteFile(filepath.Join(created.Path(), name), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			created.Close()
			d, err := Open(root, "c1")
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			for _, step := range []func() error{d.Lock, d.Remove} {
				if err := step(); err != nil {
					t.Fatal(err)
				}
			}
			if entries, _ := os.ReadDir(string(root)); len(entries) > 0 {
				t.Errorf("left behind: %v", entries)
			}
		})
	}
}

func TestRemoveTakesLinksNotTargets(t *testing.T) {
	_, d := newDir(t, "c1")
	target := filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(target, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, filepath.Join(d.Path(), stateFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Load(); !errors.Is(err, unix.ELOOP) {
		t.Errorf("Load through a link: %v, want ELOOP", err)
	}
	if err := d.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(target); err != nil {
		t.Error(err)
	}
}

func TestRemoveKeepsWhatIsNotOurs(t *testing.T) {
	_, d := newDir(t, "c1")
	stray := filepath.Join(d.Path(), "stray")
	if err := os.WriteFile(stray, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantError(t, d.Remove(), "directory not empty")
	if _, err := os.Stat(stray); err != nil {
		t.Error(err)
	}
}

func TestRemoveTwice(t *testing.T) {
	_, d := newDir(t, "c1")
	for range 2 {
		if err := d.Remove(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestList(t *testing.T) {
	root, _ := newDir(t, "beta")
	create(t, root, "alpha")
	stray := filepath.Join(string(root), "file")
	if err := os.WriteFile(stray, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("beta", filepath.Join(string(root), "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(string(root), "not an id"), 0o700); err != nil {
		t.Fatal(err)
	}
	got, err := root.List()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"alpha", "beta"}, got); diff != "" {
		t.Error(diff)
	}
	if got, err := Root("/nonexistent/root").List(); got != nil || err != nil {
		t.Errorf("a missing root lists %v, %v; want nothing", got, err)
	}
	if _, err := Root(stray).List(); err == nil {
		t.Error("a root that is a file was listed")
	}
}
