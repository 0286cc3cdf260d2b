package cgroup

import (
	"errors"
	"fmt"
	"slices"

	"github.com/opencontainers/cgroups"
	"golang.org/x/sys/unix"
)

// killFile of a v2 cgroup kills all its processes, in every cgroup below, frozen or not (since 5.14).
const killFile = "/cgroup.kill"

// killRounds is how often Kill looks for processes that were born meanwhile, where no freezer holds them.
const killRounds = 100

// AllPids are the processes of the container as this process's pid namespace knows them, those in cgroups below
// included; none if the cgroup is gone.
func (m *Manager) AllPids() ([]int, error) {
	dir := m.processes()
	if dir == "" {
		return nil, nil
	}
	pids, err := cgroups.GetAllPids(dir)
	if err != nil {
		return nil, ignoreGone(err)
	}
	// 0 stands for a process outside the pid namespace; v1 may list one twice, and lists this very process while one
	// of its threads is in Enter.
	slices.Sort(pids)
	pids = slices.Compact(pids)
	return slices.DeleteFunc(pids, func(pid int) bool { return pid == 0 || pid == unix.Getpid() }), nil
}

// Kill sends a signal to every process of the container, those in cgroups below included. SIGKILL on v2 is one write
// that no fork escapes; else the container is frozen meanwhile, if it can be. A frozen container stays frozen, except
// that v1 must thaw it for SIGKILL to work. No process at all is no error.
func (m *Manager) Kill(sig unix.Signal) error {
	if len(m.saved.Paths) == 0 {
		return nil
	}
	if sig == unix.SIGKILL && m.Mode() == Unified {
		return ignoreGone(writeFile(m.saved.Paths[""]+killFile, "1"))
	}
	frozen, err := m.Frozen()
	if err != nil {
		return ignoreGone(err)
	}
	froze := !frozen && m.Freeze(true) == nil
	err = m.signalAll(sig, frozen || froze)
	if froze || frozen && sig == unix.SIGKILL {
		err = errors.Join(err, ignoreGone(m.Freeze(false)))
	}
	return err
}

// signalAll signals every process once. Where nothing holds them it looks again until there is no new one.
func (m *Manager) signalAll(sig unix.Signal, held bool) error {
	done := map[int]bool{}
	for range killRounds {
		fds, err := m.openProcesses(done)
		if err != nil {
			return err
		}
		for pid, fd := range fds {
			done[pid] = true
			err = errors.Join(err, signalProcess(pid, fd, sig))
		}
		if err != nil || held || len(fds) == 0 {
			return err
		}
	}
	return errors.New("no freezer holds the container, and new processes appear faster than they can be signalled")
}

// openProcesses opens a pidfd for each process that is not in known. The list is read before and after: a pid that is
// on it still belongs to the process behind the descriptor, or that one is dead and the signal goes nowhere; but it
// never reaches a process of someone else that got the number.
func (m *Manager) openProcesses(known map[int]bool) (map[int]int, error) {
	before, err := m.AllPids()
	if err != nil {
		return nil, err
	}
	fds := map[int]int{}
	for _, pid := range before {
		if known[pid] {
			continue
		}
		fd, err := unix.PidfdOpen(pid, 0)
		if err == unix.ESRCH {
			continue
		}
		if err != nil {
			closeValues(fds)
			return nil, fmt.Errorf("pidfd_open(%d): %w", pid, err)
		}
		fds[pid] = fd
	}
	after, err := m.AllPids()
	if err != nil {
		closeValues(fds)
		return nil, err
	}
	for pid, fd := range fds {
		if !slices.Contains(after, pid) {
			unix.Close(fd)
			delete(fds, pid)
		}
	}
	return fds, nil
}

func signalProcess(pid, fd int, sig unix.Signal) error {
	defer unix.Close(fd)
	if err := unix.PidfdSendSignal(fd, sig, nil, 0); err != nil && err != unix.ESRCH {
		return fmt.Errorf("sending signal %d to process %d: %w", sig, pid, err)
	}
	return nil
}

func closeValues(fds map[int]int) {
	for _, fd := range fds {
		unix.Close(fd)
	}
}
