package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// namespaceTypes are the names of /proc/self/ns.
var namespaceTypes = [...]string{"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"}

type namespaceRow struct {
	Type  string `json:"type"`
	Inode uint64 `json:"inode"`
}

func (n namespaceRow) cells() []string {
	return []string{n.Type, strconv.FormatUint(n.Inode, 10)}
}

// initial says whether it is the namespace that the host booted with: these have fixed numbers, of which linux/nsfs.h
// knows the lowest. The mount and network namespaces of kernels before 6.17 aren't among them and are not recognised.
func (n namespaceRow) initial() bool { return n.Inode >= 0xEFFFFFF8 && n.Inode <= 0xEFFFFFFF }

// readNamespaces passes over types that the kernel doesn't have.
func readNamespaces([]string) (view, error) {
	rows := table[namespaceRow]{}
	if _, err := os.Stat("/proc/self/ns"); err != nil {
		return nil, err
	}
	for _, name := range namespaceTypes {
		link, err := os.Readlink("/proc/self/ns/" + name)
		if errors.Is(err, unix.ENOENT) {
			continue
		}
		if err != nil {
			return nil, err
		}
		row := namespaceRow{Type: name}
		if _, err := fmt.Sscanf(link, name+":[%d]", &row.Inode); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

type timeOffsetRow struct {
	Clock string `json:"clock"`
	Secs  int64  `json:"secs"`
	Nanos int64  `json:"nanosecs"`
}

func (t timeOffsetRow) cells() []string {
	return []string{t.Clock, fmt.Sprintf("secs=%d nanosecs=%d", t.Secs, t.Nanos)}
}

func readTimeOffsets([]string) (view, error) {
	lines, err := readFields("/proc/self/timens_offsets")
	if err != nil {
		return nil, err
	}
	rows := table[timeOffsetRow]{}
	for _, fields := range lines {
		var row timeOffsetRow
		if _, err := fmt.Sscan(strings.Join(fields, " "), &row.Clock, &row.Secs, &row.Nanos); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func readHostname([]string) (view, error) {
	var name unix.Utsname
	err := unix.Uname(&name)
	return word(unix.ByteSliceToString(name.Nodename[:])), err
}

func readDomainname([]string) (view, error) {
	var name unix.Utsname
	err := unix.Uname(&name)
	return word(unix.ByteSliceToString(name.Domainname[:])), err
}
