package state

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"
)

// ProcessStat is what tells whether a process is the one that was recorded, and whether it still runs.
type ProcessStat struct {
	// State is the letter of proc_pid_stat(5): R running, S sleeping, D in disk sleep, T stopped, t traced, Z zombie,
	// X dead, I idle.
	State byte
	// StartTime is when the process started, in clock ticks (1/100 s) since the host's boot. A process that has the
	// same pid later has another one.
	StartTime uint64
	// Name is its command name, which it chose itself.
	Name string
}

// Ended reports whether the process has ended and only waits to be reaped.
func (s ProcessStat) Ended() bool { return s.State == 'Z' || s.State == 'X' }

// Process reads /proc/PID/stat. The error is ESRCH ("no such process") when there is no such process.
func Process(pid int) (ProcessStat, error) {
	path := "/proc/" + strconv.Itoa(pid) + "/stat"
	// 52 numbers of at most 20 digits, and a name of at most 64 bytes; procfs gives all of it in one read.
	var buf [2048]byte
	n, err := readOnce(path, buf[:])
	if errors.Is(err, unix.ENOENT) {
		err = unix.ESRCH
	}
	if err != nil {
		return ProcessStat{}, fmt.Errorf("process %d: %w", pid, err)
	}
	stat, err := parseStat(buf[:n])
	if err != nil {
		return ProcessStat{}, fmt.Errorf("%s: %w", path, err)
	}
	return stat, nil
}

// StartTime returns the StartTime of a process that need not be looked at otherwise.
func StartTime(pid int) (uint64, error) {
	stat, err := Process(pid)
	return stat.StartTime, err
}

func readOnce(path string, buf []byte) (int, error) {
	fd, err := openat(unix.AT_FDCWD, path, unix.O_RDONLY, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	return unix.Read(fd, buf)
}

// parseStat takes apart `PID (NAME) STATE PPID ...`. The process chooses its name, so it may hold spaces and
// parentheses; only the last closing one ends it, because numbers follow.
func parseStat(line []byte) (ProcessStat, error) {
	const startTime = 22 - 3 // field 22 in the manual; here field 3, the state, comes first
	_, name, _ := bytes.Cut(line, []byte{'('})
	end := bytes.LastIndexByte(name, ')')
	if end < 0 {
		return ProcessStat{}, fmt.Errorf("no process name in %q", line)
	}
	fields := bytes.Fields(name[end+1:])
	if len(fields) <= startTime || len(fields[0]) != 1 {
		return ProcessStat{}, fmt.Errorf("too few fields in %q", line)
	}
	ticks, err := strconv.ParseUint(string(fields[startTime]), 10, 64)
	if err != nil {
		return ProcessStat{}, fmt.Errorf("start time: %w", err)
	}
	return ProcessStat{State: fields[0][0], StartTime: ticks, Name: string(name[:end])}, nil
}
