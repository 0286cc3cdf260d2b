package main

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

type descriptorRow struct {
	FD     int    `json:"fd"`
	Target string `json:"target"` // of /proc/self/fd/N, "?" without /proc
}

func (d descriptorRow) cells() []string { return []string{strconv.Itoa(d.FD), d.Target} }

// readDescriptors lists what the process was given. What it opened itself is close-on-exec, which nothing that came
// through an execve is; so that is how the two are told apart.
func readDescriptors([]string) (view, error) {
	rows := table[descriptorRow]{}
	for _, fd := range openDescriptors() {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if err != nil || flags&unix.FD_CLOEXEC != 0 {
			continue
		}
		target, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
		if err != nil {
			target = "?"
		}
		rows = append(rows, descriptorRow{fd, target})
	}
	return rows, nil
}

// openDescriptors lists the numbers that may be open; without /proc these are all up to 1023.
func openDescriptors() []int {
	fds := make([]int, 0, 1024)
	entries, err := os.ReadDir("/proc/self/fd")
	for _, entry := range entries {
		if fd, err := strconv.Atoi(entry.Name()); err == nil {
			fds = append(fds, fd)
		}
	}
	if err != nil {
		for fd := range cap(fds) {
			fds = append(fds, fd)
		}
	}
	slices.Sort(fds)
	return fds
}

// terminalView says which standard files are terminals.
type terminalView struct {
	Stdin  bool `json:"stdin"`
	Stdout bool `json:"stdout"`
	Stderr bool `json:"stderr"`
	// Size is "COLUMNSxROWS", empty when standard input is no terminal.
	Size string `json:"size"`
	// Controlling says that the process has a controlling terminal, Foreground that its group is the one in front.
	Controlling bool `json:"controlling"`
	Foreground  bool `json:"foreground"`
}

func (v terminalView) lines() []string {
	words := []string{}
	for _, part := range []struct {
		shown bool
		text  string
	}{
		{v.Stdin, "stdin"}, {v.Stdout, "stdout"}, {v.Stderr, "stderr"}, {v.Size != "", "size=" + v.Size},
		{v.Controlling, "controlling"}, {v.Foreground, "foreground"},
	} {
		if part.shown {
			words = append(words, part.text)
		}
	}
	if len(words) == 0 {
		return nil
	}
	return []string{strings.Join(words, " ")}
}

func readTerminal([]string) (view, error) {
	v := terminalView{Stdin: isTerminal(0), Stdout: isTerminal(1), Stderr: isTerminal(2)}
	if v.Stdin {
		v.Size, _ = terminalSize()
	}
	fd, err := unix.Open("/dev/tty", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		return v, nil
	}
	defer unix.Close(fd)
	v.Controlling = true
	group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	v.Foreground = err == nil && group == unix.Getpgrp()
	return v, nil
}

func isTerminal(fd int) bool {
	_, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	return err == nil
}
