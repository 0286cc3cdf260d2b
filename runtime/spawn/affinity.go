package spawn

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// processors has a bit for each processor that a kernel can be built for (NR_CPUS).
type processors [8192 / 64]uint64

func everywhere() []uint64 {
	var all processors
	for i := range all {
		all[i] = ^uint64(0)
	}
	return all[:]
}

// withAffinity runs start on a thread bound to the processors in set, where what it starts begins its life. Without a
// set these are all that the thread's cgroup has: that crabcan itself was bound to some (taskset(1), CPUAffinity of a
// systemd unit) is not meant for containers. The thread must live on: its end would be the parent's death to init.
func withAffinity(set []uint64, start func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before processors
	if set == nil {
		set = everywhere()
	} else if err := affinity(unix.SYS_SCHED_GETAFFINITY, 0, before[:]); err != nil {
		return fmt.Errorf("sched_getaffinity: %w", err)
	} else {
		defer func() { _ = affinity(unix.SYS_SCHED_SETAFFINITY, 0, before[:]) }() // it was possible before
	}
	// EINVAL: none of them is in the cgroup that this thread has entered for its child (cgroup v1). Where a process runs
	// after that is for the cgroup to say.
	if err := affinity(unix.SYS_SCHED_SETAFFINITY, 0, set); err != nil && err != unix.EINVAL {
		return fmt.Errorf("sched_setaffinity: %w", err)
	}
	return start()
}

// SetAffinity binds the program to the processors in set (sched_setaffinity(2)), as many as its cgroup has of them.
func (p *Process) SetAffinity(set []uint64) error {
	if err := affinity(unix.SYS_SCHED_SETAFFINITY, p.Pid, set); err != nil {
		return fmt.Errorf("sched_setaffinity: %w", err)
	}
	return nil
}

// affinity makes one of the two system calls; x/sys has them for 1024 processors only, or with a set that is not ours.
func affinity(nr uintptr, pid int, set []uint64) error {
	_, _, errno := unix.RawSyscall(nr, uintptr(pid), uintptr(8*len(set)), uintptr(unsafe.Pointer(&set[0])))
	if errno != 0 {
		return errno
	}
	return nil
}
