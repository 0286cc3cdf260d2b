package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// receive prints what is sent to a new socket of datagrams, until it is killed.
func receive(args []string) error {
	if len(args) != 1 {
		return errArguments
	}
	fd, err := datagramSocket()
	if err != nil {
		return err
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: args[0]}); err != nil {
		return os.NewSyscallError("bind", err)
	}
	for data := make([]byte, 4096); ; {
		n, err := unix.Read(fd, data)
		if err != nil {
			return os.NewSyscallError("read", err)
		}
		if _, err := os.Stdout.Write(data[:n]); err != nil {
			return err
		}
	}
}

// datagramsTo is connected to a socket of datagrams: each write sends one.
func datagramsTo(path string) (*os.File, error) {
	fd, err := datagramSocket()
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), os.NewSyscallError("connect", unix.Connect(fd, &unix.SockaddrUnix{Name: path}))
}

func datagramSocket() (int, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	return fd, os.NewSyscallError("socket", err)
}
