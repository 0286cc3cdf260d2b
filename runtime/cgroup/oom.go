package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// WatchOOM calls each whenever a process of the container was killed, or on v1 must wait, for lack of memory. It
// returns when the cgroup is gone, on v2 also when it has no process any more.
func (m *Manager) WatchOOM(each func()) error {
	if dir, ok := m.saved.Paths["memory"]; ok {
		return watchOOMv1(dir, each)
	}
	if dir, ok := m.saved.Paths[""]; ok && m.Mode() == Unified {
		return watchOOMv2(dir, each)
	}
	return errors.New("the container has no cgroup that controls memory")
}

// watchOOMv1 has the kernel count the events in an eventfd (Documentation/admin-guide/cgroup-v1/memory.rst, 10). It
// counts the end of the cgroup as well.
func watchOOMv1(dir string, each func()) error {
	control, err := os.Open(dir + "/memory.oom_control")
	if err != nil {
		return err
	}
	defer control.Close()
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		return fmt.Errorf("eventfd: %w", err)
	}
	defer unix.Close(fd)
	registrar := dir + "/cgroup.event_control"
	if err := writeFile(registrar, fmt.Sprintf("%d %d", fd, control.Fd())); err != nil {
		return err
	}
	var count [8]byte
	for {
		if _, err := again(func() (int, error) { return unix.Read(fd, count[:]) }); err != nil {
			return fmt.Errorf("wait for memory.oom_control: %w", err)
		}
		if !exists(registrar) {
			return nil
		}
		each()
	}
}

// oomFile counts a v2 cgroup's events; poll(2) on it wakes at each change.
const oomFile = "/memory.events"

func watchOOMv2(dir string, each func()) error {
	var polled []unix.PollFd
	for _, name := range []string{oomFile, eventsFile} {
		fd, err := open(dir+name, unix.O_RDONLY)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		polled = append(polled, unix.PollFd{Fd: int32(fd), Events: unix.POLLPRI})
	}
	known := ""
	for first := true; ; first = false {
		kills, err := lineOf(polled[0], dir+oomFile, "oom_kill ")
		if err != nil {
			return ignoreGone(err)
		}
		if kills != known && !first {
			each()
		}
		known = kills
		populated, err := lineOf(polled[1], dir+eventsFile, "populated ")
		if err != nil || populated == "populated 0" {
			return ignoreGone(err)
		}
		if _, err := again(func() (int, error) { return unix.Poll(polled, -1) }); err != nil {
			return fmt.Errorf("poll: %w", err)
		}
	}
}

// lineOf is the line of a file, open at path, that begins with prefix. Reading from the start arms the next poll.
func lineOf(file unix.PollFd, path, prefix string) (string, error) {
	var buf [512]byte
	n, err := again(func() (int, error) { return unix.Pread(int(file.Fd), buf[:], 0) })
	if err != nil {
		return "", &fs.PathError{Op: "read", Path: path, Err: err}
	}
	lines := strings.Split(string(buf[:n]), "\n")
	i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, prefix) })
	if i < 0 {
		return "", nil
	}
	return lines[i], nil
}
