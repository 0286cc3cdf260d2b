//go:build clients

package clients

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// init is the world's first process. It lets the third one do the work and reaps all others: what daemonizes becomes
// its child.
func (w *world) init() int {
	// The cgroup namespace is this thread's only; the third process inherits it.
	runtime.LockOSThread()
	before, err := w.furnish()
	if err != nil {
		w.write("init", report{Err: err.Error()})
		return 1
	}
	main := w.command(context.Background(), "main")
	if err := main.Start(); err != nil {
		w.write("init", report{Err: err.Error()})
		return 1
	}
	status, err := reapUntil(main.Process.Pid)
	if err != nil || status != 0 {
		w.write("init", report{Err: fmt.Sprintf("the world's process ended with status %d %v", status, err)})
		return 1
	}
	c, err := findClient(w.Client)
	if err == nil {
		err = w.reportLeft(c, before)
	}
	if err != nil {
		w.write("init", report{Err: err.Error()})
	}
	return 0
}

// furnish makes the world what it is, and returns what is in it before the client comes.
func (w *world) furnish() (sight, error) {
	if err := enterCgroups(w.Cgroup); err != nil {
		return nil, err
	}
	hierarchies, err := findHierarchies()
	if err != nil {
		return nil, err
	}
	if err := unix.Unshare(unix.CLONE_NEWCGROUP); err != nil {
		return nil, err
	}
	// Nothing comes from the host's mounts or goes there, but here mounts propagate as on most hosts.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return nil, err
	}
	if err := mountCgroups(hierarchies); err != nil {
		return nil, err
	}
	if err := w.mount(); err != nil {
		return nil, err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return nil, err
	}
	if output, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("ip: %w: %s", err, output)
	}
	return look()
}

// mount gives the world its own /proc, /run and /dev/shm, where Podman has its locks, and lets it write to /etc and
// /var/lib. What clients store is on a real file system, where overlay mounts can be made.
func (w *world) mount() error {
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("/proc: %w", err)
	}
	for path, mode := range map[string]string{"/run": "mode=755", "/dev/shm": "mode=1777"} {
		if err := unix.Mount("tmpfs", path, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, mode); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	for _, path := range []string{"/etc", "/var/lib"} {
		upper := filepath.Join(w.Dir, "upper", path)
		work := filepath.Join(w.Dir, "work", path)
		if err := errors.Join(os.MkdirAll(upper, 0o755), os.MkdirAll(work, 0o755)); err != nil {
			return err
		}
		options := "lowerdir=" + path + ",upperdir=" + upper + ",workdir=" + work
		if err := unix.Mount("overlay", path, "overlay", 0, options); err != nil {
			return fmt.Errorf("overlay on %s: %w", path, err)
		}
	}
	for _, name := range []string{"docker", "containerd", "containers"} {
		source, target := filepath.Join(w.Dir, "lib", name), filepath.Join("/var/lib", name)
		if err := errors.Join(os.MkdirAll(source, 0o711), os.MkdirAll(target, 0o711)); err != nil {
			return err
		}
		if err := unix.Mount(source, target, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("%s: %w", target, err)
		}
	}
	return nil
}

// reapUntil waits for the end of all children until that of one, and returns its exit status.
func reapUntil(pid int) (int, error) {
	for {
		var status syscall.WaitStatus
		got, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return 0, err
		case got == pid:
			return status.ExitStatus(), nil
		}
	}
}
