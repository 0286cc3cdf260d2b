package cgroup

import (
	"errors"

	"github.com/opencontainers/cgroups"
	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// Limit sets the limits and device rules of New's config. It belongs between Enter (or Attach) and the moment when
// the user's program runs, and may go on while init prepares itself.
func (m *Manager) Limit() error {
	if len(m.saved.Paths) == 0 || m.limits.resources == nil {
		return nil
	}
	l := m.limits
	switch {
	case m.saved.Systemd:
		// Which controllers a scope has is known only now.
		if err := m.checkControllers(l); err != nil {
			return err
		}
	case m.Mode() != Unified:
		if l.onlyDevices() {
			return nil // Create has set them
		}
		rest := *l.resources
		rest.SkipDevices = true
		l.resources = &rest
	case l.onlyDevices():
		return m.limitDevices()
	}
	return m.set(l)
}

// limitDevices sets the device rules alone, without the library asking for controllers first. A rootless container
// has no right to set any and needs none: its user can't open more than the user outside.
func (m *Manager) limitDevices() error {
	set, dir := setDevicesV2, m.saved.Paths[""]
	if m.Mode() != Unified {
		set, dir = setDevicesV1, m.saved.Paths[devicesController]
	}
	if dir == "" {
		return nil
	}
	err := set(dir, m.limits.resources)
	if m.saved.Rootless {
		return nil
	}
	return m.limits.explainLimit(err)
}

// Set changes limits of a container: those given, and nothing else; device rules stay as they are. Errors and Notes
// are those of New.
func (m *Manager) Set(r *specs.LinuxResources) error {
	if len(m.saved.Paths) == 0 || r == nil {
		return nil
	}
	asked := r
	if m.Mode() == Unified {
		r = m.completeMemory(r)
	}
	l, err := newLimits(r, m.Mode())
	m.limits.notes = l.notes
	if err != nil {
		return err
	}
	if err := m.checkControllers(l); err != nil {
		return err
	}
	if m.Mode() == Unified {
		if err := completeCPUMax(m.saved.Paths[""], l.resources); err != nil {
			return err
		}
	}
	l.resources.SkipDevices = true
	if err := m.set(l); err != nil {
		return err
	}
	m.saved.keepMemory(asked)
	return nil
}

func (m *Manager) checkControllers(l limits) error {
	if dir := m.saved.Paths[""]; m.Mode() == Unified {
		have, err := controllers(dir)
		return errors.Join(err, l.missing(have, dir))
	}
	return l.missing(sortedKeys(m.saved.Paths), "the container")
}

func (m *Manager) set(l limits) error {
	if err := m.checkWeightDevices(l.resources); err != nil {
		return err
	}
	d, err := m.manager()
	if err != nil {
		return err
	}
	return l.explainLimit(d.Set(l.resources))
}

// checkWeightDevices refuses weights for single devices where the library would forget them: on v2 it sets them only
// through the BFQ scheduler.
func (m *Manager) checkWeightDevices(r *cgroups.Resources) error {
	if m.Mode() != Unified || len(r.BlkioWeightDevice) == 0 || exists(m.saved.Paths[""]+"/io.bfq.weight") {
		return nil
	}
	return &Error{weightDevicePointer, errors.New("on cgroup v2 it needs the BFQ I/O scheduler (no io.bfq.weight)")}
}
