package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// outcome prints ok, or the name of the error that an attempt failed with, and makes it the exit status 0 or 1.
func outcome(err error) error {
	errno, failed := errors.AsType[syscall.Errno](err)
	if err != nil && !failed {
		return err
	}
	if errno == 0 {
		_, err := fmt.Println("ok")
		return err
	}
	fmt.Println(errnoName(errno))
	return exitStatus(1)
}

func errnoName(errno syscall.Errno) string {
	if name := unix.ErrnoName(errno); name != "" {
		return name
	}
	return "errno " + strconv.Itoa(int(errno))
}

var openFlags = map[string]int{
	"rdonly": unix.O_RDONLY, "wronly": unix.O_WRONLY, "rdwr": unix.O_RDWR, "path": unix.O_PATH,
	"creat": unix.O_CREAT, "excl": unix.O_EXCL, "trunc": unix.O_TRUNC, "append": unix.O_APPEND,
	"directory": unix.O_DIRECTORY, "nofollow": unix.O_NOFOLLOW, "nonblock": unix.O_NONBLOCK, "tmpfile": unix.O_TMPFILE,
}

func tryOpen(args []string) error {
	if len(args) != 2 {
		return errArguments
	}
	flags, unknown := parseFlags(openFlags, args[0])
	if len(unknown) > 0 {
		return fmt.Errorf("no such flag: %v", unknown)
	}
	_, err := unix.Open(args[1], flags|unix.O_CLOEXEC, 0o666)
	return outcome(err)
}

// lock holds a lock until it is killed.
func lock(args []string) error {
	if len(args) != 1 {
		return errArguments
	}
	fd, err := unix.Open(args[0], unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC, 0o666)
	if err == nil {
		err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	}
	if err != nil {
		return outcome(err)
	}
	fmt.Println("locked")
	return hang(nil)
}

var mountFlags = map[string]int{
	"bind": unix.MS_BIND, "rbind": unix.MS_BIND | unix.MS_REC, "move": unix.MS_MOVE, "remount": unix.MS_REMOUNT,
	"ro": unix.MS_RDONLY, "nosuid": unix.MS_NOSUID, "nodev": unix.MS_NODEV, "noexec": unix.MS_NOEXEC,
	"private": unix.MS_PRIVATE, "slave": unix.MS_SLAVE, "shared": unix.MS_SHARED, "unbindable": unix.MS_UNBINDABLE,
}

func tryMount(args []string) error {
	if len(args) != 3 && len(args) != 4 {
		return errArguments
	}
	var flags int
	var data []string
	if len(args) == 4 {
		flags, data = parseFlags(mountFlags, args[3])
	}
	return outcome(unix.Mount(args[0], args[1], args[2], uintptr(flags), strings.Join(data, ",")))
}

func tryUnmount(args []string) error {
	if len(args) != 1 {
		return errArguments
	}
	return outcome(unix.Unmount(args[0], 0))
}

var nodeTypes = map[string]uint32{"c": unix.S_IFCHR, "b": unix.S_IFBLK, "p": unix.S_IFIFO}

func tryMknod(args []string) error {
	if len(args) < 2 || nodeTypes[args[1]] == 0 {
		return errArguments
	}
	numbers := [2]uint64{}
	for i, arg := range args[2:min(len(args), 4)] {
		n, err := strconv.ParseUint(arg, 10, 32)
		if err != nil {
			return err
		}
		numbers[i] = n
	}
	device := unix.Mkdev(uint32(numbers[0]), uint32(numbers[1]))
	return outcome(unix.Mknod(args[0], nodeTypes[args[1]]|0o600, int(device)))
}

func tryConnect(args []string) error {
	if len(args) < 2 {
		return errArguments
	}
	family, address, err := parseAddress(args)
	if err != nil {
		return err
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return outcome(err)
	}
	return outcome(unix.Connect(fd, address))
}

// parseAddress understands "unix PATH", where @ begins an abstract name, and "tcp A.B.C.D PORT".
func parseAddress(args []string) (int, unix.Sockaddr, error) {
	if args[0] == "unix" {
		return unix.AF_UNIX, &unix.SockaddrUnix{Name: args[1]}, nil
	}
	if args[0] != "tcp" || len(args) != 3 {
		return 0, nil, errArguments
	}
	var inet unix.SockaddrInet4
	a := &inet.Addr
	_, err := fmt.Sscanf(args[1]+":"+args[2], "%d.%d.%d.%d:%d", &a[0], &a[1], &a[2], &a[3], &inet.Port)
	return unix.AF_INET, &inet, err
}

// parseFlags sums up the words that it finds in the table and returns the others.
func parseFlags(table map[string]int, words string) (flags int, unknown []string) {
	for word := range strings.SplitSeq(words, ",") {
		flag, found := table[word]
		if !found {
			unknown = append(unknown, word)
		}
		flags |= flag
	}
	return flags, unknown
}

func names(table map[string]int) string {
	return strings.Join(slices.Sorted(maps.Keys(table)), " ")
}
