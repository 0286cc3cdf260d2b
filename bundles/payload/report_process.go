package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

func readArgv([]string) (view, error) { return list(os.Args), nil }

func readExe([]string) (view, error) {
	path, err := os.Readlink("/proc/self/exe")
	return word(path), err
}

// readCwd asks the kernel, because os.Getwd believes $PWD. A path that begins with (unreachable) is outside.
func readCwd([]string) (view, error) {
	buf := make([]byte, unix.PathMax)
	n, err := unix.Getcwd(buf)
	if err != nil {
		return nil, os.NewSyscallError("getcwd", err)
	}
	return word(buf[:n-1]), nil
}

// readEnvironment reads it as it was given, because os.Environ drops what stands there twice.
func readEnvironment([]string) (view, error) {
	data, err := os.ReadFile("/proc/self/environ")
	if err != nil {
		return list(os.Environ()), nil
	}
	if len(data) == 0 {
		return list{}, nil
	}
	return list(strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")), nil
}

type processView struct {
	Pid     int `json:"pid"`
	Parent  int `json:"parent"`
	Group   int `json:"group"`
	Session int `json:"session"`
}

func (p processView) lines() []string {
	return []string{fmt.Sprintf("pid=%d parent=%d group=%d session=%d", p.Pid, p.Parent, p.Group, p.Session)}
}

func readProcess([]string) (view, error) {
	session, err := unix.Getsid(0)
	return processView{Pid: os.Getpid(), Parent: os.Getppid(), Group: unix.Getpgrp(), Session: session}, err
}

type userView struct {
	UID    int    `json:"uid"`
	EUID   int    `json:"euid"`
	SUID   int    `json:"suid"`
	GID    int    `json:"gid"`
	EGID   int    `json:"egid"`
	SGID   int    `json:"sgid"`
	Groups []int  `json:"groups"`
	Umask  string `json:"umask"` // octal, four digits
}

func (u userView) lines() []string {
	return []string{fmt.Sprintf("uid=%d euid=%d suid=%d gid=%d egid=%d sgid=%d groups=%s umask=%s",
		u.UID, u.EUID, u.SUID, u.GID, u.EGID, u.SGID, strings.Trim(strings.ReplaceAll(fmt.Sprint(u.Groups), " ", ","), "[]"),
		u.Umask)}
}

// unsigned takes the sign away that ids from 1<<31 on get in a 32-bit integer.
func unsigned(a, b, c int) (int, int, int) { return int(uint32(a)), int(uint32(b)), int(uint32(c)) }

func readUser([]string) (view, error) {
	groups, err := unix.Getgroups()
	if err != nil {
		return nil, os.NewSyscallError("getgroups", err)
	}
	u := userView{Groups: []int{}}
	for _, g := range groups {
		u.Groups = append(u.Groups, int(uint32(g)))
	}
	u.UID, u.EUID, u.SUID = unsigned(unix.Getresuid())
	u.GID, u.EGID, u.SGID = unsigned(unix.Getresgid())
	umask := unix.Umask(0)
	unix.Umask(umask)
	u.Umask = fmt.Sprintf("%04o", umask)
	return u, nil
}

// readBlockedSignals lists the signals that were blocked when the process began, save those that Go unblocks.
func readBlockedSignals([]string) (view, error) {
	hex, err := statusField("SigBlk")
	if err != nil {
		return nil, err
	}
	mask, err := strconv.ParseUint(hex, 16, 64)
	names := list{}
	for i := range 64 {
		if mask&(1<<i) != 0 {
			names = append(names, signalName(syscall.Signal(i+1)))
		}
	}
	return names, err
}

// readPersonality is the execution domain, in hexadecimal: 0x0 is ordinary Linux, 0x8 a 32 bit uname.
func readPersonality([]string) (view, error) {
	const ask = 0xffffffff
	persona, _, errno := unix.Syscall(unix.SYS_PERSONALITY, ask, 0, 0)
	if errno != 0 {
		return nil, os.NewSyscallError("personality", errno)
	}
	return word(fmt.Sprintf("%#x", persona)), nil
}
