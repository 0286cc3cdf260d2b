package cgroup

import (
	"errors"
	"fmt"
	"time"

	"github.com/opencontainers/cgroups"
	"golang.org/x/sys/unix"
)

// freezeTimeout is how long all processes may take to stand still. One in an uninterruptible wait can take forever.
const freezeTimeout = 10 * time.Second

// Freeze stops every process of the container, or with false lets them go on. It returns when they stand still.
func (m *Manager) Freeze(frozen bool) error {
	switch m.Mode() {
	case None:
		return nil
	case Unified:
		return freezeUnified(m.saved.Paths[""], frozen)
	}
	d, err := m.manager()
	if err != nil {
		return err
	}
	if frozen {
		return d.Freeze(cgroups.Frozen)
	}
	return d.Freeze(cgroups.Thawed)
}

// freezeUnified waits for the kernel's word; the library would look every 10 ms.
func freezeUnified(dir string, frozen bool) error {
	value, event := "0", "frozen 0"
	if frozen {
		value, event = "1", "frozen 1"
	}
	if err := writeFile(dir+"/cgroup.freeze", value); err != nil {
		return err
	}
	err := awaitEvent(dir, event, time.Now().Add(freezeTimeout))
	if !frozen {
		// A frozen parent keeps it frozen: what was asked is done all the same.
		return nil
	}
	if err == nil {
		return nil
	}
	if errors.Is(err, unix.ETIMEDOUT) {
		err = fmt.Errorf("cgroup %s: not all processes stand still after %v", dir, freezeTimeout)
	}
	return errors.Join(err, writeFile(dir+"/cgroup.freeze", "0"))
}

// Frozen reports whether the container is frozen, or on the way there, by a Freeze of its own cgroup.
func (m *Manager) Frozen() (bool, error) {
	dir, ok := m.saved.Paths["freezer"]
	if m.Mode() == Unified {
		dir, ok = m.saved.Paths[""]
	}
	if !ok {
		return false, nil
	}
	return isFrozen(dir)
}

// isFrozen looks at a v2 or freezer folder; in other hierarchies neither file is there.
func isFrozen(dir string) (bool, error) {
	for _, file := range [...]string{"/cgroup.freeze", "/freezer.self_freezing"} {
		switch text, err := readFile(dir + file); {
		case err == nil:
			return text == "1", nil
		case !isGone(err):
			return false, err
		}
	}
	return false, nil
}
