// Package cgroup makes, limits, signals and removes a container's control group on cgroup v1, v2, hybrid hosts and
// under systemd, over github.com/opencontainers/cgroups.
package cgroup

import (
	"errors"
	"slices"
	"strings"

	systemd "github.com/coreos/go-systemd/v22/dbus"
	"github.com/opencontainers/cgroups"
	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/crabcan/crabcan/spec"
)

// Config says which cgroup a new container wants.
type Config struct {
	// ID names the cgroup when CgroupsPath does not.
	ID string
	// CgroupsPath is linux.cgroupsPath: absolute (below the mount point), relative (below crabcan's own cgroup, on
	// v2 beside it) or, with Systemd, "slice:prefix:name".
	CgroupsPath string
	// Resources is linux.resources, nil when absent.
	Resources *specs.LinuxResources
	// Devices is linux.devices: a default device that it replaces is not allowed by default.
	Devices []spec.Device
	// Systemd lets systemd make the cgroup, as a transient scope.
	Systemd bool
	// Annotations are the config's: with Systemd, those that begin with org.systemd.property. set properties of the scope.
	Annotations map[string]string
	// Rootless makes do without a cgroup where there is no permission to make one and no limit needs one.
	Rootless bool
	// Owner is the user, as the host counts, who may manage the cgroups below a new one on cgroup v2; nil: nobody else.
	Owner *uint32
	// Disabled makes no cgroup at all: every method then does nothing and succeeds.
	Disabled bool
}

// Saved is all that a later command needs to find the cgroup again. It is complete before Create.
type Saved struct {
	// Systemd says that systemd made the cgroup and must be asked to remove it.
	Systemd bool
	// Rootless says that it is a rootless container's: then that systemd is the user's own.
	Rootless bool
	// Path is linux.cgroupsPath as it was understood: clean, or slice:prefix:name for systemd.
	Path string
	// Paths are the folders by v1 controller ("memory", "name=systemd"); the one of v2 has the key "". Empty: there
	// is no cgroup.
	Paths map[string]string
	// Memory and Swap are the limits of linux.resources.memory that were asked for last, in bytes; -1 is none, and 0
	// nothing that was asked for.
	Memory, Swap int64
}

// Manager is the cgroup of one container. Its methods are not safe for concurrent use.
type Manager struct {
	saved Saved
	// explicit says that the config names the path: then a lack of permission is an error for rootless, too.
	explicit bool
	owner    *uint32
	limits   limits
	// properties are what the scope is to have beside its limits.
	properties []systemd.Property
	// made lists the folders that Create made, outermost first; attached says that Attach had systemd make a scope.
	made     []string
	attached bool
	// scope is the folder of the existing scope that systemd is to put a process into, see ToJoin; "" if crabcan does.
	scope string
	// home is crabcan's own place in the v1 hierarchies.
	home   []hierarchy
	driver cgroups.Manager
}

// New decides where the cgroup goes and checks everything that can be checked before it is made; it changes nothing.
// What the config asks and this host can't give comes as one or several *Error, joined.
func New(c Config) (*Manager, error) {
	if c.Disabled {
		return &Manager{}, checkUnlimited(c.Resources)
	}
	h, err := readHost()
	if err != nil {
		return nil, err
	}
	m := &Manager{saved: Saved{Rootless: c.Rootless}, explicit: c.CgroupsPath != "", owner: c.Owner, home: h.hierarchies}
	m.saved.keepMemory(c.Resources)
	rules := orEmpty(c.Resources).Devices
	m.limits, err = newLimits(c.Resources, h.mode)
	m.limits.resources.Devices = deviceRules(rules, c.Devices)
	var properties error
	if c.Systemd {
		m.properties, properties = unitProperties(c.Annotations)
	}
	if err := errors.Join(err, checkNumbers(rules), properties, m.place(c, h)); err != nil {
		return nil, err
	}
	return m, nil
}

// Load finds the cgroup of an existing container.
func Load(s Saved) *Manager {
	return &Manager{saved: s}
}

// Saved is what Load takes. Where a rootless Create had to do without a cgroup it changes there.
func (m *Manager) Saved() Saved { return m.saved }

// Notes are the settings of New, or of the last Set, that are accepted but have no effect anywhere anymore, each a
// sentence to warn with.
func (m *Manager) Notes() []string { return m.limits.notes }

// Mode is the layout that the container's cgroup is made for.
func (m *Manager) Mode() Mode { return modeOf(m.saved.Paths) }

// Paths are the container's folders by controller, as in Saved. The map must not be changed.
func (m *Manager) Paths() map[string]string { return m.saved.Paths }

// Exists reports whether the cgroup is there: on v1 whether any of its folders is.
func (m *Manager) Exists() bool {
	return slices.ContainsFunc(m.folders(), exists)
}

// NeedsAttach reports whether a process can't be born in the cgroup, so that it has to wait for Attach.
func (m *Manager) NeedsAttach() bool { return m.saved.Systemd || m.tiny() }

// tinyLimit is a memory limit in bytes that a process's birth alone may exceed.
const tinyLimit = 1 << 20

// tiny reports whether the kernel may kill as soon as Limit sets the memory limit. On Linux 7.2 a newborn process was seen
// to share crabcan's memory still then (vfork(2)), and whoever shares that of a victim dies with it (__oom_kill_process in
// the kernel's oom_kill.c). One that asks for Attach has executed init.
func (m *Manager) tiny() bool {
	r := m.limits.resources
	return r != nil && r.Memory > 0 && r.Memory < tinyLimit
}

// folders are the container's folders, each once however many controllers share it, sorted: so the order in which
// things are made and undone is the same every time.
func (m *Manager) folders() []string {
	list := make([]string, 0, len(m.saved.Paths))
	for _, dir := range m.saved.Paths {
		list = append(list, dir)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// processes is the folder to ask for the container's processes. Every v1 hierarchy has them all; the freezer's list
// is the one that stands still while the container is frozen.
func (m *Manager) processes() string {
	for _, name := range []string{"", "freezer", "devices", "pids", "memory"} {
		if dir, ok := m.saved.Paths[name]; ok && (name != "" || m.Mode() == Unified) {
			return dir
		}
	}
	if all := m.folders(); len(all) > 0 {
		return all[0]
	}
	return ""
}

// config is the library's form of the container's cgroup.
func (m *Manager) config() *cgroups.Cgroup {
	r := m.limits.resources
	if r == nil {
		r = &cgroups.Resources{SkipDevices: true}
	}
	c := &cgroups.Cgroup{Resources: r, Rootless: m.saved.Rootless, Systemd: m.saved.Systemd}
	if m.owner != nil {
		owner := int(*m.owner)
		c.OwnerUID = &owner
	}
	if m.explicit && !m.saved.Systemd {
		c.Path = m.saved.Path
	}
	if m.saved.Systemd {
		c.Parent, c.ScopePrefix, c.Name = cutUnit(m.saved.Path)
		c.SystemdProps = m.properties
	}
	return c
}

func cutUnit(path string) (slice, prefix, name string) {
	slice, rest, _ := strings.Cut(path, ":")
	prefix, name, _ = strings.Cut(rest, ":")
	return slice, prefix, name
}

func orEmpty[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
