package main

import (
	"fmt"
	"os"
	"strconv"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// eatMemory maps memory and touches each page of it, past Go's heap, so that the amount is exact.
func eatMemory(args []string) error {
	if len(args) != 1 {
		return errArguments
	}
	mib, err := strconv.ParseUint(args[0], 10, 20)
	if err != nil {
		return err
	}
	memory, err := unix.Mmap(-1, 0, int(mib)<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return os.NewSyscallError("mmap", err)
	}
	for i := 0; i < len(memory); i += os.Getpagesize() {
		memory[i] = 1
	}
	_, err = fmt.Println("ate", mib, "MiB")
	return err
}

// spin keeps one processor busy for args[0] seconds, or until it is killed.
func spin(args []string) error {
	end, err := timer(args)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	go func() {
		var turns atomic.Uint64
		for {
			turns.Add(1)
		}
	}()
	<-end
	return nil
}
