package cgroup

import (
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/opencontainers/cgroups"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/thread"
)

// noFD is what Enter hands over where there is no v2 folder to be cloned into.
const noFD = -1

// Enter calls start, which must start a process from the goroutine it is called on: the process is born in the
// container's cgroup and has no moment outside. cgroupFD goes into SysProcAttr.CgroupFD with UseCgroupFD; it is -1
// where there is no v2 folder, and invalid after start has returned. A cgroup namespace may be made by the same clone3
// (CLONE_NEWCGROUP): its root is the container's cgroup.
//
// On v1 the thread that calls start moves into the container's cgroup and back. A task that moves itself needs no
// lock, but writing another's pid takes one that waits for an RCU grace period (cgroup_procs_write_start in the
// kernel's cgroup.c): 10 ms for nine hierarchies against 0.4 ms. While it is there the thread counts against
// pids.limit, so Limit comes after Enter. The container must not be frozen.
//
// Where NeedsAttach, start is just called.
func (m *Manager) Enter(start func(cgroupFD int) error) error {
	if m.NeedsAttach() || len(m.saved.Paths) == 0 {
		return start(noFD)
	}
	fd := noFD
	if dir, ok := m.saved.Paths[""]; ok {
		var err error
		if fd, err = open(dir, unix.O_PATH|unix.O_DIRECTORY); err != nil {
			return err
		}
		defer unix.Close(fd)
	}
	if m.Mode() == Unified {
		return start(fd)
	}
	ways, err := m.moves()
	defer ways.close()
	if err != nil {
		return err
	}
	return ways.around(func() error { return start(fd) })
}

// move is the way of a thread from one v1 cgroup to another and back.
type move struct {
	// there and back are tasks files, opened beforehand: what can fail shall fail before the thread has moved.
	there, back writer
}

type moves []move

// moves opens the ways from crabcan's own cgroups to the container's. The list is to be closed, also on an error.
func (m *Manager) moves() (list moves, err error) {
	if m.home == nil {
		if m.home, err = readHierarchies(); err != nil {
			return nil, err
		}
	}
	for _, h := range m.home {
		dir, ok := m.saved.Paths[h.controllers[0]]
		if !ok || h.controllers[0] == "" {
			continue
		}
		if !h.known {
			return list, fmt.Errorf("crabcan's own cgroup is not visible below %s", h.mountPoint)
		}
		way, err := openMove(dir, path.Join(h.mountPoint, h.own))
		list = append(list, way)
		if err != nil {
			return list, err
		}
	}
	return list, nil
}

func openMove(dir, home string) (m move, err error) {
	if m.there, err = openWriter(dir + "/tasks"); err != nil {
		return m, err
	}
	m.back, err = openWriter(home + "/tasks")
	return m, err
}

func (l moves) close() {
	for _, m := range l {
		m.there.close()
		m.back.close()
	}
}

// around calls f on a thread that is in the container's cgroups meanwhile. A thread that can't come back ends instead
// of running other goroutines there: its goroutine stays locked to it.
func (l moves) around(f func() error) (err error) {
	thread.Run(func() (keep bool) {
		var done int
		for done = 0; done < len(l) && err == nil; done++ {
			err = l[done].there.write("0")
		}
		if err == nil {
			err = f()
		}
		keep = true
		for _, m := range slices.Backward(l[:done]) {
			if e := m.back.write("0"); e != nil {
				keep, err = false, errors.Join(err, e)
			}
		}
		return keep
	})
	return err
}

// Attach puts a process into the cgroup. Under systemd it makes the cgroup with the process in it, but for one ToJoin.
func (m *Manager) Attach(pid int) error {
	if m.scope != "" {
		return m.attachThrough(pid)
	}
	if m.saved.Systemd {
		d, err := m.manager()
		if err != nil {
			return err
		}
		m.attached = true
		if err := d.Apply(pid); err != nil {
			return explainCreate(err)
		}
		return nil
	}
	for _, dir := range m.folders() {
		if err := cgroups.WriteCgroupProc(dir, pid); err != nil {
			return explainCreate(err)
		}
	}
	return nil
}
