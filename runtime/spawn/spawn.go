// Package spawn starts a linked program in the namespaces and the cgroup it is meant for, and talks with it.
package spawn

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/thread"
)

// Config says how to start a program.
type Config struct {
	// Image is the linked ELF file. Folder takes it as a file where memfds may not be executed.
	Image  []byte
	Folder string
	// Argv is what ps(1) shows.
	Argv []string
	// Files become the descriptors 0, 1, 2, ... of the program; nil leaves a number closed. The socket, made here,
	// takes the place SocketAt in it.
	Files    []*os.File
	SocketAt int
	// Namespaces holds the CLONE_NEW* bits of the namespaces to make.
	Namespaces uint64
	// Cgroup is the descriptor of a cgroup v2 folder to start in; negative: this process's own cgroup.
	Cgroup int
	// Affinity is the processors to start on, bit N%64 of word N/64; nil: all.
	Affinity []uint64
}

// Process is a started program.
type Process struct {
	// Pid is that of the process that init is by now (see Adopt).
	Pid   int
	pidfd *os.File
	conn  *os.File
	// ended is set once the process was reaped: its pid may be another's from then on.
	ended bool
}

// Start starts the program. It returns as soon as the kernel has executed it; what the program does is learnt by
// Receive.
func Start(c Config) (*Process, error) {
	image, err := openImage(c.Image, c.Folder)
	if err != nil {
		return nil, err
	}
	defer image.Close()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socketpair: %w", err)
	}
	p := &Process{conn: os.NewFile(uintptr(pair[0]), "init")}
	theirs := os.NewFile(uintptr(pair[1]), "parent")
	defer theirs.Close()
	c.Files[c.SocketAt] = theirs
	if err := p.forkExec(c, image); err != nil {
		p.conn.Close()
		return nil, err
	}
	return p, nil
}

// forkExec leaves everything between clone and execve to the standard library.
func (p *Process) forkExec(c Config, image *os.File) error {
	files := make([]uintptr, len(c.Files))
	highest := len(files)
	for i, f := range c.Files {
		files[i] = ^uintptr(0)
		if f != nil {
			files[i] = f.Fd()
			highest = max(highest, int(f.Fd()))
		}
	}
	// The child moves its descriptors into place before it executes the image; the image's own must be out of the way.
	exe, err := unix.FcntlInt(image.Fd(), unix.F_DUPFD_CLOEXEC, highest+len(files)+2)
	if err != nil {
		return fmt.Errorf("fcntl F_DUPFD_CLOEXEC: %w", err)
	}
	defer unix.Close(exe)
	// Descriptors that this process got from its caller by oversight are not for init; what is, Files says.
	if err := unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return fmt.Errorf("close_range: %w", err)
	}
	pidfd := -1
	attr := syscall.SysProcAttr{Cloneflags: uintptr(c.Namespaces), PidFD: &pidfd}
	if c.Cgroup >= 0 {
		attr.UseCgroupFD, attr.CgroupFD = true, c.Cgroup
	}
	err = withAffinity(c.Affinity, func() (err error) {
		thread.Stay()
		p.Pid, err = syscall.ForkExec(fmt.Sprintf("/proc/self/fd/%d", exe), c.Argv,
			&syscall.ProcAttr{Files: files, Sys: &attr})
		return err
	})
	if err != nil {
		return explain(c, image.Name() != name, err)
	}
	p.pidfd = os.NewFile(uintptr(pidfd), "pidfd")
	return nil
}

// namespaceNames are what explain calls the namespaces.
var namespaceNames = []struct {
	flag uint64
	name string
}{
	{unix.CLONE_NEWUSER, "user"}, {unix.CLONE_NEWPID, "pid"}, {unix.CLONE_NEWNET, "network"},
	{unix.CLONE_NEWNS, "mount"}, {unix.CLONE_NEWIPC, "ipc"}, {unix.CLONE_NEWUTS, "uts"},
}

// explain says in words why the kernel would not start the program.
func explain(c Config, nameless bool, err error) error {
	var names []string
	for _, n := range namespaceNames {
		if c.Namespaces&n.flag != 0 {
			names = append(names, n.name)
		}
	}
	switch {
	case errors.Is(err, unix.EACCES) && nameless:
		return fmt.Errorf("start init: %w (executable memfds are forbidden, vm.memfd_noexec=2, and %s is mounted noexec)",
			err, c.Folder)
	case errors.Is(err, unix.EPERM) && len(names) > 0:
		return fmt.Errorf("start init in new %s namespaces: %w (this needs CAP_SYS_ADMIN)", strings.Join(names, ", "), err)
	case errors.Is(err, unix.ENOSPC):
		return fmt.Errorf("start init: %w (the limit of namespaces in /proc/sys/user is reached)", err)
	case errors.Is(err, unix.EINVAL) && len(names) > 0:
		return fmt.Errorf("start init: %w (does this kernel have %s namespaces?)", err, strings.Join(names, ", "))
	case errors.Is(err, unix.EACCES) && c.Cgroup >= 0:
		return fmt.Errorf("start init in its cgroup: %w (a user must be in a cgroup below the same delegated one)", err)
	case errors.Is(err, unix.EBUSY) && c.Cgroup >= 0:
		return fmt.Errorf("start init in its cgroup: %w (it has child cgroups with controllers)", err)
	}
	return fmt.Errorf("start init: %w", err)
}

// Adopt makes pid, which init forked with CLONE_PARENT and is therefore this process's child, the container's init.
// The old one has done its work and is reaped.
func (p *Process) Adopt(pid int) error {
	if _, err := p.Wait(); err != nil {
		return err
	}
	p.pidfd.Close()
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return fmt.Errorf("pidfd_open: %w", err)
	}
	p.Pid, p.pidfd, p.ended = pid, os.NewFile(uintptr(fd), "pidfd"), false
	return nil
}

// Child is a process that somebody else has started as a child of this one. There is no socket to it.
func Child(pid int) (*Process, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil, fmt.Errorf("pidfd_open: %w", err)
	}
	return &Process{Pid: pid, pidfd: os.NewFile(uintptr(fd), "pidfd")}, nil
}

// Fd is init's pidfd.
func (p *Process) Fd() int { return int(p.pidfd.Fd()) }

// Wait waits for the program, or what it has become, to end and reaps it.
func (p *Process) Wait() (unix.WaitStatus, error) {
	var status unix.WaitStatus
	for {
		_, err := unix.Wait4(p.Pid, &status, 0, nil)
		if err != unix.EINTR {
			p.ended = err == nil
			return status, err
		}
	}
}

// Ended reports whether the program has ended.
func (p *Process) Ended() bool {
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(p.Fd()), Events: unix.POLLIN}}, 0)
	return n > 0 && err == nil
}

// Kill ends the program and reaps it. It is for a program that failed or whose container can't be made.
func (p *Process) Kill() {
	if !p.ended {
		// Both can fail only if the process is gone already, which is what is wanted.
		_ = unix.PidfdSendSignal(p.Fd(), unix.SIGKILL, nil, 0)
		_, _ = p.Wait()
	}
	p.Close()
}

// Close gives up what the parent holds of the program; the program itself goes on.
func (p *Process) Close() {
	p.conn.Close()
	p.pidfd.Close()
}
