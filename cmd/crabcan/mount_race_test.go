package main

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/spec"
)

// TestMountTargetSwapped has somebody swap a folder of the image for a link to the host, again and again, while
// containers are made that mount and make folders below it (CVE-2021-30465, CVE-2024-45310). That may keep a container
// from being made, but nothing may come to be on the host.
func TestMountTargetSwapped(t *testing.T) {
	b := newRaceBundle(t, "swapped", "/data")
	host := t.TempDir()
	folder, link := filepath.Join(b.dir, "rootfs/data"), filepath.Join(b.dir, "rootfs/link")
	check(t, os.Mkdir(folder, 0o755))
	check(t, os.Symlink(host, link))
	defer swapInBackground(t, folder, link)()
	run := crabcanRuntime(t)
	made := 0
	for range 50 {
		if run("run", "--bundle", b.dir, b.id).Run() == nil {
			made++
		}
		if entries, err := os.ReadDir(host); err != nil || len(entries) > 0 {
			t.Fatalf("on the host there is now %v (%v)", entries, err)
		}
	}
	t.Logf("%d of 50 containers were made", made)
	if left := append(leftMounts(host), leftMounts(b.dir)...); left != nil {
		t.Error(left)
	}
}

// TestRenamesElsewhere has somebody rename files that are nobody's business, again and again, while containers are
// made of an image with a link that holds "..": the kernel then can't tell at once where it leads and wants to be asked
// again (openat2(2), EAGAIN). All containers must be made nevertheless.
func TestRenamesElsewhere(t *testing.T) {
	b := newRaceBundle(t, "elsewhere", "/up")
	check(t, os.MkdirAll(filepath.Join(b.dir, "rootfs/real/masked"), 0o755))
	check(t, os.MkdirAll(filepath.Join(b.dir, "rootfs/real/readonly"), 0o755))
	check(t, os.Symlink("../../../real", filepath.Join(b.dir, "rootfs/up")))
	one, two := filepath.Join(b.dir, "one"), filepath.Join(b.dir, "two")
	check(t, os.WriteFile(one, nil, 0o644))
	check(t, os.WriteFile(two, nil, 0o644))
	defer swapInBackground(t, one, two)()
	run := crabcanRuntime(t)
	for range 30 {
		if output, err := run("run", "--bundle", b.dir, b.id).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
	}
}

// newRaceBundle lays a bundle whose container has mounts and more below a folder.
func newRaceBundle(t *testing.T, name, folder string) *sameBundle {
	if os.Geteuid() != 0 {
		t.Skip("needs root to run containers")
	}
	payload, err := buildPayload(filepath.Join(t.TempDir(), "payload"))
	check(t, err)
	config := spec.DefaultWith(spec.Changes{Args: []string{"payload", "true"}})
	b := &sameBundle{dir: t.TempDir(), id: "crabcan-test-" + name, payload: payload, config: config}
	config.Process.Cwd = folder + "/cwd"
	config.Mounts = append(config.Mounts,
		specs.Mount{Destination: folder + "/bound", Type: "bind", Source: "folder", Options: []string{"bind"}},
		specs.Mount{Destination: folder + "/file", Type: "bind", Source: "file", Options: []string{"bind"}},
		specs.Mount{Destination: folder + "/tmp/deep", Type: "tmpfs", Source: "tmpfs"},
	)
	config.Linux.CgroupsPath = "/" + b.id
	config.Linux.MaskedPaths = append(config.Linux.MaskedPaths, folder+"/masked")
	config.Linux.ReadonlyPaths = append(config.Linux.ReadonlyPaths, folder+"/readonly")
	b.lay(t)
	return b
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// swapInBackground exchanges two paths until it is told to stop.
func swapInBackground(t *testing.T, a, b string) (stop func()) {
	var stopped atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		for !stopped.Load() {
			if err := unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	return func() {
		stopped.Store(true)
		<-done
	}
}
