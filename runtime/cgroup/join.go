package cgroup

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	systemdbus "github.com/coreos/go-systemd/v22/dbus"
	"github.com/godbus/dbus/v5"
	"github.com/opencontainers/cgroups/systemd"
	"golang.org/x/sys/unix"
)

// ToJoin is the cgroup as it is now, for further processes. Who made it is of no account to them, but where crabcan's user
// may not put a process into it: then it NeedsAttach, and Attach asks systemd.
func (m *Manager) ToJoin() *Manager {
	saved := m.saved
	saved.Systemd = saved.Systemd && saved.Rootless && m.Mode() == Unified && !mayEnter(saved.Paths[""])
	joined := Load(saved)
	if saved.Systemd {
		joined.scope = saved.Paths[""]
	}
	return joined
}

// mayEnter reports whether crabcan may put a process of its own into a v2 folder. The kernel asks for the right to write to
// the cgroup.procs of the deepest cgroup that is above both (cgroups(7), "Cgroup delegation: delegation containment"). A
// user who has logged in is in a session, which lies beside what is delegated to the user's systemd.
func mayEnter(dir string) bool {
	text, err := readFile(ownCgroupFile)
	if err != nil {
		return false
	}
	above := path.Join(mountPoint, parseOwn(text)[""])
	for above != mountPoint {
		if _, ok := below(above, dir); ok {
			break
		}
		above = path.Dir(above)
	}
	return unix.Access(path.Join(above, "cgroup.procs"), unix.W_OK) == nil
}

// systemdTime is how long systemd may take to answer.
const systemdTime = 30 * time.Second

// attachThrough lets the user's own systemd put a process into the scope that the cgroup is or lies in. It has the right
// from the system's, for processes of the user's.
func (m *Manager) attachThrough(pid int) error {
	bus, err := systemdbus.NewConnection(dialUser)
	if err != nil {
		return err
	}
	defer bus.Close()
	inner, ok := strings.CutPrefix(m.saved.Paths[""], m.scope)
	if !ok {
		return fmt.Errorf("%s is not in the scope %s, and only there systemd can put a process", m.saved.Paths[""], m.scope)
	}
	ctx, cancel := context.WithTimeout(context.Background(), systemdTime)
	defer cancel()
	unit := path.Base(m.scope)
	if err := bus.AttachProcessesToUnit(ctx, unit, inner, []uint32{uint32(pid)}); err != nil {
		return fmt.Errorf("attach to the unit %s: %w", unit, err)
	}
	return nil
}

// dialUser connects to the bus of the user's own systemd.
func dialUser() (*dbus.Conn, error) {
	address, err := systemd.DetectUserDbusSessionBusAddress()
	if err != nil {
		return nil, err
	}
	uid, err := systemd.DetectUID()
	if err != nil {
		return nil, err
	}
	return dbus.Connect(address, dbus.WithAuth(dbus.AuthExternal(strconv.Itoa(uid))))
}
