package main

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// rawSyscall makes one system call and prints its result or the name of its error. It is for filters and
// privileges: most calls it can make do nothing useful with the arguments that a command line can hold.
func rawSyscall(args []string) error {
	if len(args) == 0 || len(args) > 7 {
		return errArguments
	}
	number, err := syscallNumber(args[0])
	if err != nil {
		return err
	}
	var words [6]uintptr
	var pinner runtime.Pinner
	defer pinner.Unpin()
	for i, arg := range args[1:] {
		if words[i], err = syscallArgument(arg, &pinner); err != nil {
			return err
		}
	}
	result, _, errno := syscall.Syscall6(number, words[0], words[1], words[2], words[3], words[4], words[5])
	if errno != 0 {
		return outcome(errno)
	}
	_, err = fmt.Println(int64(result))
	return err
}

// syscallNumber understands a name of the table below, or any number.
func syscallNumber(s string) (uintptr, error) {
	if n, err := strconv.ParseUint(s, 0, 64); err == nil {
		return uintptr(n), nil
	}
	for _, known := range syscalls {
		if known.name == s {
			return known.number, nil
		}
	}
	return 0, errors.New("this system call is known by its number only: " + s)
}

// syscallArgument turns a number of any sign and base into itself and another word into a pointer to its bytes.
func syscallArgument(s string, pinner *runtime.Pinner) (uintptr, error) {
	if n, err := strconv.ParseInt(s, 0, 64); err == nil {
		return uintptr(n), nil
	}
	if n, err := strconv.ParseUint(s, 0, 64); err == nil {
		return uintptr(n), nil
	}
	p, err := unix.BytePtrFromString(s)
	if err != nil {
		return 0, err
	}
	pinner.Pin(p)
	return uintptr(unsafe.Pointer(p)), nil
}

// syscalls are calls that profiles commonly speak of and that all architectures have. It is no map, because that would
// be built at each start.
var syscalls = [...]struct {
	name   string
	number uintptr
}{
	{"acct", unix.SYS_ACCT},
	{"add_key", unix.SYS_ADD_KEY},
	{"bpf", unix.SYS_BPF},
	{"capset", unix.SYS_CAPSET},
	{"chroot", unix.SYS_CHROOT},
	{"clock_adjtime", unix.SYS_CLOCK_ADJTIME},
	{"clock_settime", unix.SYS_CLOCK_SETTIME},
	{"clone", unix.SYS_CLONE},
	{"clone3", unix.SYS_CLONE3},
	{"close", unix.SYS_CLOSE},
	{"delete_module", unix.SYS_DELETE_MODULE},
	{"fanotify_init", unix.SYS_FANOTIFY_INIT},
	{"fchmodat", unix.SYS_FCHMODAT},
	{"fchownat", unix.SYS_FCHOWNAT},
	{"finit_module", unix.SYS_FINIT_MODULE},
	{"fsmount", unix.SYS_FSMOUNT},
	{"fsopen", unix.SYS_FSOPEN},
	{"getcwd", unix.SYS_GETCWD},
	{"getpid", unix.SYS_GETPID},
	{"getppid", unix.SYS_GETPPID},
	{"getpriority", unix.SYS_GETPRIORITY},
	{"getuid", unix.SYS_GETUID},
	{"init_module", unix.SYS_INIT_MODULE},
	{"io_uring_setup", unix.SYS_IO_URING_SETUP},
	{"ioprio_get", unix.SYS_IOPRIO_GET},
	{"kcmp", unix.SYS_KCMP},
	{"kexec_load", unix.SYS_KEXEC_LOAD},
	{"keyctl", unix.SYS_KEYCTL},
	{"kill", unix.SYS_KILL},
	{"listen", unix.SYS_LISTEN},
	{"mbind", unix.SYS_MBIND},
	{"memfd_create", unix.SYS_MEMFD_CREATE},
	{"mkdirat", unix.SYS_MKDIRAT},
	{"mount", unix.SYS_MOUNT},
	{"mount_setattr", unix.SYS_MOUNT_SETATTR},
	{"move_mount", unix.SYS_MOVE_MOUNT},
	{"move_pages", unix.SYS_MOVE_PAGES},
	{"name_to_handle_at", unix.SYS_NAME_TO_HANDLE_AT},
	{"open_by_handle_at", unix.SYS_OPEN_BY_HANDLE_AT},
	{"open_tree", unix.SYS_OPEN_TREE},
	{"openat", unix.SYS_OPENAT},
	{"perf_event_open", unix.SYS_PERF_EVENT_OPEN},
	{"personality", unix.SYS_PERSONALITY},
	{"pidfd_open", unix.SYS_PIDFD_OPEN},
	{"pivot_root", unix.SYS_PIVOT_ROOT},
	{"prctl", unix.SYS_PRCTL},
	{"process_vm_readv", unix.SYS_PROCESS_VM_READV},
	{"ptrace", unix.SYS_PTRACE},
	{"quotactl", unix.SYS_QUOTACTL},
	{"reboot", unix.SYS_REBOOT},
	{"request_key", unix.SYS_REQUEST_KEY},
	{"sched_getscheduler", unix.SYS_SCHED_GETSCHEDULER},
	{"seccomp", unix.SYS_SECCOMP},
	{"set_mempolicy", unix.SYS_SET_MEMPOLICY},
	{"setdomainname", unix.SYS_SETDOMAINNAME},
	{"setgid", unix.SYS_SETGID},
	{"sethostname", unix.SYS_SETHOSTNAME},
	{"setns", unix.SYS_SETNS},
	{"setpriority", unix.SYS_SETPRIORITY},
	{"settimeofday", unix.SYS_SETTIMEOFDAY},
	{"setuid", unix.SYS_SETUID},
	{"socket", unix.SYS_SOCKET},
	{"swapoff", unix.SYS_SWAPOFF},
	{"swapon", unix.SYS_SWAPON},
	{"syslog", unix.SYS_SYSLOG},
	{"umount2", unix.SYS_UMOUNT2},
	{"uname", unix.SYS_UNAME},
	{"unshare", unix.SYS_UNSHARE},
	{"userfaultfd", unix.SYS_USERFAULTFD},
	{"vhangup", unix.SYS_VHANGUP},
}
