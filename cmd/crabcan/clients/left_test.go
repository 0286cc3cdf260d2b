//go:build clients

package clients

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A sight is what there is in a world: its processes, mounts, cgroups and network interfaces, a line each.
type sight []string

// look looks around in the world.
func look() (sight, error) {
	var s sight
	procs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	for _, proc := range procs {
		// One without a command line is a zombie or has just ended.
		if line, _ := os.ReadFile(proc + "/cmdline"); len(line) > 0 && proc != "/proc/1" {
			s = append(s, "process "+strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " ")))
		}
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(mounts)) {
		s = append(s, "mount "+strings.Fields(line)[4])
	}
	hierarchies, err := findHierarchies()
	if err != nil {
		return nil, err
	}
	for _, h := range hierarchies {
		for _, path := range h.below("") {
			s = append(s, "cgroup "+strings.TrimPrefix(path, h.path))
		}
	}
	interfaces, err := net.Interfaces()
	for _, i := range interfaces {
		s = append(s, "interface "+i.Name)
	}
	slices.Sort(s)
	return slices.Compact(s), err
}

// reportLeft reports what is there now and was not before. What has been told to end may take a moment.
func (w *world) reportLeft(c client, before sight) error {
	designed := regexp.MustCompile("^(" + strings.Join(append(c.leaves, "$"), "|") + ")$")
	var left []string
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		reap()
		after, err := look()
		if err != nil {
			return err
		}
		left = slices.DeleteFunc(after, func(line string) bool {
			return slices.Contains(before, line) || designed.MatchString(line)
		})
		if len(left) == 0 || time.Now().After(deadline) {
			break
		}
	}
	w.write("left", report{Left: left})
	return nil
}

// reap waits for the children that have ended.
func reap() {
	for {
		if pid, err := syscall.Wait4(-1, nil, unix.WNOHANG, nil); pid <= 0 || err != nil {
			return
		}
	}
}
