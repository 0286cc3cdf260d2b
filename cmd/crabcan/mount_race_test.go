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
	if os.Geteuid() != 0 {
		t.Skip("needs root to run containers")
	}
	payload, err := buildPayload(filepath.Join(t.TempDir(), "payload"))
	if err != nil {
		t.Fatal(err)
	}
	config := spec.DefaultWith(spec.Changes{Args: []string{"payload", "true"}})
	config.Process.Cwd = "/data/cwd"
	config.Mounts = append(config.Mounts,
		specs.Mount{Destination: "/data/bound", Type: "bind", Source: "folder", Options: []string{"bind"}},
		specs.Mount{Destination: "/data/file", Type: "bind", Source: "file", Options: []string{"bind"}},
		specs.Mount{Destination: "/data/tmp/deep", Type: "tmpfs", Source: "tmpfs"},
	)
	b := &sameBundle{dir: t.TempDir(), id: "crabcan-test-swapped", payload: payload, config: config}
	b.config.Linux.CgroupsPath = "/" + b.id
	b.lay(t)
	host := t.TempDir()
	folder, link := filepath.Join(b.dir, "rootfs/data"), filepath.Join(b.dir, "rootfs/link")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(host, link); err != nil {
		t.Fatal(err)
	}
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
