package cgroup

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/opencontainers/cgroups"
	"golang.org/x/sys/unix"
)

// setDevicesV2 puts a filter with the rules on a v2 cgroup in place of those that are there. A cgroup that allows all
// devices and has no filter needs none.
func setDevicesV2(dir string, r *cgroups.Resources) error {
	if r.SkipDevices {
		return nil
	}
	allow, rules := splitRules(r.Devices)
	if len(rules) > maxFilterRules {
		return &Error{devicesPointer, fmt.Errorf("more than %d rules", maxFilterRules)}
	}
	fd, err := open(dir, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	old, err := attachedFilters(fd)
	if withoutDeviceRules(err) {
		return nil
	}
	if err != nil {
		return &Error{devicesPointer, fmt.Errorf("bpf(BPF_PROG_QUERY) on %s: %w", dir, err)}
	}
	defer closeAll(old)
	if allow && len(rules) == 0 && len(old) == 0 {
		return nil
	}
	if err := replaceFilters(fd, old, deviceFilter(r.Devices)); err != nil {
		return &Error{devicesPointer, fmt.Errorf("%w (the device filter of %s)", err, dir)}
	}
	return nil
}

// replaceFilters attaches a new filter before it takes the old ones away, so that there is no moment without one. A
// single old one is swapped in one step; more are what systemd leaves behind.
func replaceFilters(cgroup int, old []int, program []instruction) error {
	fd, err := loadFilter(program)
	if err != nil {
		return fmt.Errorf("bpf(BPF_PROG_LOAD): %w", err)
	}
	// The attachment keeps the program.
	defer unix.Close(fd)
	attach := bpfAttach{target: uint32(cgroup), program: uint32(fd), kind: unix.BPF_CGROUP_DEVICE,
		flags: unix.BPF_F_ALLOW_MULTI}
	if len(old) == 1 {
		attach.flags |= unix.BPF_F_REPLACE
		attach.replace = uint32(old[0])
		old = nil
	}
	if _, err := bpf(unix.BPF_PROG_ATTACH, unsafe.Pointer(&attach), unsafe.Sizeof(attach)); err != nil {
		return fmt.Errorf("bpf(BPF_PROG_ATTACH): %w", err)
	}
	for _, o := range old {
		detach := bpfAttach{target: uint32(cgroup), program: uint32(o), kind: unix.BPF_CGROUP_DEVICE}
		if _, err := bpf(unix.BPF_PROG_DETACH, unsafe.Pointer(&detach), unsafe.Sizeof(detach)); err != nil {
			return fmt.Errorf("bpf(BPF_PROG_DETACH): %w", err)
		}
	}
	return nil
}

// The beginnings of union bpf_attr (linux/bpf.h) by command; the kernel takes what is not given as zero.
type (
	bpfLoad struct {
		kind, count            uint32
		instructions, license  uint64
		logLevel, logSize      uint32
		logBuffer              uint64
		kernelVersion, options uint32
		name                   [16]byte
	}
	bpfAttach struct {
		target, program, kind, flags, replace uint32
	}
	bpfQuery struct {
		target, kind, query, flags uint32
		programs                   uint64
		count, _                   uint32
		// Kernels from 6.17 on write the revision at the end even if the size given ends before it.
		_ [4]uint64
	}
)

func loadFilter(program []instruction) (int, error) {
	license := new([8]byte)
	copy(license[:], "Apache")
	var pin runtime.Pinner
	pin.Pin(&program[0])
	pin.Pin(license)
	defer pin.Unpin()
	load := bpfLoad{
		kind:         unix.BPF_PROG_TYPE_CGROUP_DEVICE,
		count:        uint32(len(program)),
		instructions: address(&program[0]),
		license:      address(&license[0]),
	}
	copy(load.name[:], "crabcan_devices")
	return bpf(unix.BPF_PROG_LOAD, unsafe.Pointer(&load), unsafe.Sizeof(load))
}

// maxFilters is how many programs the kernel lets one cgroup have (BPF_CGROUP_MAX_PROGS).
const maxFilters = 64

// attachedFilters opens the device filters that a cgroup itself has, not those it inherits. One that may not be
// opened, as an LSM may have it, is left alone: further filters can only deny more.
func attachedFilters(cgroup int) (fds []int, err error) {
	ids := new([maxFilters]uint32)
	var pin runtime.Pinner
	pin.Pin(ids)
	defer pin.Unpin()
	query := bpfQuery{target: uint32(cgroup), kind: unix.BPF_CGROUP_DEVICE, count: maxFilters, programs: address(&ids[0])}
	if _, err := bpf(unix.BPF_PROG_QUERY, unsafe.Pointer(&query), unsafe.Sizeof(query)); err != nil {
		return nil, err
	}
	for _, id := range ids[:query.count] {
		fd, err := bpf(unix.BPF_PROG_GET_FD_BY_ID, unsafe.Pointer(&id), unsafe.Sizeof(id))
		if err == unix.EPERM || err == unix.EACCES || err == unix.ENOENT {
			continue
		}
		if err != nil {
			closeAll(fds)
			return nil, err
		}
		fds = append(fds, fd)
	}
	return fds, nil
}

// bpf is bpf(2). Descriptors that it returns are close-on-exec. The verifier gives up with EAGAIN at a signal.
func bpf(command int, attribute unsafe.Pointer, size uintptr) (int, error) {
	for {
		n, _, errno := unix.Syscall(unix.SYS_BPF, uintptr(command), uintptr(attribute), size)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EAGAIN, unix.EINTR:
		default:
			return -1, errno
		}
	}
}

// address is a pointer inside an attribute. The garbage collector doesn't see it: what it points to must be pinned.
func address[T any](p *T) uint64 { return uint64(uintptr(unsafe.Pointer(p))) }

func closeAll(fds []int) {
	for _, fd := range fds {
		unix.Close(fd)
	}
}
