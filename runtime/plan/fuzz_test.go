package plan

import (
	"errors"
	"slices"
	"strconv"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/spec"
)

// FuzzCompile makes options and facts out of bytes, such as spec.Decode could have made them: whatever they ask for,
// the plan keeps the rules.
func FuzzCompile(f *testing.F) {
	f.Add([]byte(nil))
	for seed := range 32 {
		f.Add(noise(seed, 400))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d := &dice{data}
		o := d.options()
		facts := d.facts(o)
		p, err := Compile(o, facts)
		if refused := []error{errOnHost, errNoRights, errNoExecve, errLateListener, errAsksSendmsg, errNoOptions}; isAny(err, refused) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		init := newSubject(p, o, facts, forInit)
		checkRules(t, init)
		checkRules(t, execSubject(t, init))
	})
}

func isAny(err error, list []error) bool {
	return slices.ContainsFunc(list, func(one error) bool { return errors.Is(err, one) })
}

// noise is n bytes of a linear congruential generator.
func noise(seed, n int) []byte {
	state, data := uint32(seed), make([]byte, n)
	for i := range data {
		state = state*1664525 + 1013904223
		data[i] = byte(state >> 24)
	}
	return data
}

// dice turns bytes into decisions; when they are used up every decision is the first.
type dice struct{ data []byte }

func (d *dice) roll(sides int) int {
	if len(d.data) == 0 {
		return 0
	}
	n := int(d.data[0]) % sides
	d.data = d.data[1:]
	return n
}

func (d *dice) yes() bool { return d.roll(2) == 1 }

func (d *dice) bits(n int) (mask uint64) {
	for i := range n {
		mask |= uint64(d.roll(2)) << i
	}
	return mask
}

// oneIn is one of the values.
func oneIn[T any](d *dice, values ...T) T { return values[d.roll(len(values))] }

// several is up to four things.
func several[T any](d *dice, make func(i int) T) (list []T) {
	for i := range d.roll(5) {
		list = append(list, make(i))
	}
	return list
}

// path is an absolute and clean one, of the kind that has its own rules somewhere or the kind that has none.
func (d *dice) path() string {
	return oneIn(d, "/", "/dev", "/proc", "/sys", "/dev/pts", "/data", "/a/b/c", "/etc/hosts", "/sys/fs/cgroup", "/tmp/ü x")
}

func (d *dice) options() *spec.ContainerOpts {
	o := &spec.ContainerOpts{
		MountDir: "/bundle/rootfs", Cwd: d.path(), Umask: uint32(d.roll(64)),
		UID: uint32(d.roll(3)), GID: uint32(d.roll(3)),
		Groups:     several(d, func(int) uint32 { return uint32(d.roll(200)) }),
		NoNewPrivs: d.yes(),
		Caps:       d.caps(),
	}
	o.Path = oneIn(d, "true", "/bin/true", "./true")
	o.Argv = append([]string{o.Path}, several(d, func(i int) string { return strconv.Itoa(i) })...)
	o.Env = several(d, func(int) string { return oneIn(d, "PATH=/bin:/usr/bin:", "HOME=", "HOME=/root", "X=y", "PATH=") })
	o.Rlimits = several(d, func(i int) spec.Rlimit {
		return spec.Rlimit{Resource: i, Soft: d.bits(8), Hard: ^uint64(0), Pointer: "/process/rlimits/" + strconv.Itoa(i)}
	})
	d.namespaces(o)
	d.scheduling(o)
	o.AppArmor, o.SELinux, o.MountLabel = oneIn(d, "", "profile"), oneIn(d, "", "u:r:t:s0"), oneIn(d, "", "u:r:t:s0:c1,c2")
	if d.yes() {
		o.Seccomp = d.profile()
	}
	d.mountOptions(o)
	return o
}

func subjectHas(o *spec.ContainerOpts, flag uint64) bool { return subject{o: o}.has(flag) }

// caps are sets as capset(2) takes them, see spec.ContainerOpts.Caps.
func (d *dice) caps() (c spec.Caps) {
	const all = 41
	c.Bounding, c.Permitted = d.bits(all), d.bits(all)
	c.Inheritable = d.bits(all) & c.Bounding
	c.Effective = d.bits(all) & c.Permitted
	c.Ambient = d.bits(all) & c.Permitted & c.Inheritable
	return c
}

// namespaces also sets what spec.Decode lets through only with the namespace that holds it.
func (d *dice) namespaces(o *spec.ContainerOpts) {
	for i, n := range namespaceKinds[1:] {
		if d.roll(3) == 0 || n.value == unix.CLONE_NEWUSER && !subjectHas(o, unix.CLONE_NEWNS) {
			continue
		}
		o.Namespaces = append(o.Namespaces, spec.Namespace{
			Flag: n.value, Path: oneIn(d, "", "", "/proc/1/ns/x"), Pointer: "/linux/namespaces/" + strconv.Itoa(i),
		})
	}
	if subjectHas(o, unix.CLONE_NEWUSER) {
		o.UIDMappings = []specs.LinuxIDMapping{{ContainerID: 0, HostID: 1000, Size: 10}}
		o.GIDMappings = o.UIDMappings
	}
	if subjectHas(o, unix.CLONE_NEWTIME) && d.yes() {
		o.TimeOffsets = []spec.TimeOffset{{Clock: "monotonic", Secs: -7, Nanos: 5, Pointer: "/linux/timeOffsets/monotonic"}}
	}
	if subjectHas(o, unix.CLONE_NEWUTS) {
		o.Hostname, o.Domainname = oneIn(d, "", "web"), oneIn(d, "", "example.org")
	}
	if subjectHas(o, unix.CLONE_NEWNET) && d.yes() {
		o.Sysctl = []spec.Sysctl{{Name: "net/ipv4/ip_forward", Value: "1", Pointer: "/linux/sysctl/net.ipv4.ip_forward"}}
	}
}

func (d *dice) scheduling(o *spec.ContainerOpts) {
	if d.yes() {
		o.Scheduler = &spec.Scheduler{Policy: uint32(d.roll(7)), Flags: d.bits(7), Nice: int32(d.roll(40)) - 20, Runtime: d.bits(20)}
	}
	if d.yes() {
		o.MemoryPolicy = &spec.MemoryPolicy{Mode: d.roll(7), Nodes: several(d, func(int) uint64 { return d.bits(8) })}
	}
	o.IOPriority = oneIn(d, 0, 2<<13|4)
	o.Personality = oneIn(d, nil, new(uint64))
	o.Resources = oneIn(d, nil, &specs.LinuxResources{CPU: &specs.LinuxCPU{Cpus: "0"}})
}

func (d *dice) profile() *specs.LinuxSeccomp {
	return &specs.LinuxSeccomp{
		DefaultAction: oneIn(d, specs.ActErrno, specs.ActAllow),
		Flags:         oneIn(d, nil, []specs.LinuxSeccompFlag{specs.LinuxSeccompFlagLog}),
		Syscalls:      []specs.LinuxSyscall{{Names: []string{"read", "keyctl"}, Action: oneIn(d, specs.ActLog, specs.ActNotify)}},
	}
}

func (d *dice) device(i int) spec.Device {
	return spec.Device{
		Path: oneIn(d, "/dev/null", "/dev/sda", "/dev/snd/seq", "/other"), Mode: oneIn[uint32](d, unix.S_IFCHR, unix.S_IFBLK) | 0o640,
		Dev: uint64(d.roll(256)), UID: uint32(d.roll(2)), GID: uint32(d.roll(2)), Pointer: "/linux/devices/" + strconv.Itoa(i),
	}
}

// mountOptions is everything that takes mounts; some of it only a container with a mount namespace may have.
func (d *dice) mountOptions(o *spec.ContainerOpts) {
	o.Mounts = several(d, d.mount)
	o.Devices = several(d, d.device)
	o.RootReadonly = d.yes()
	if subjectHas(o, unix.CLONE_NEWNS) {
		o.MaskedPaths = several(d, func(int) string { return d.path() })
		o.ReadonlyPaths = several(d, func(int) string { return d.path() })
		o.RootPropagation = d.propagation()
	} else {
		o.Mounts = slices.DeleteFunc(o.Mounts, func(m spec.Mount) bool { return checkOnHost(&m) != nil })
	}
	o.Terminal = d.yes()
	if o.Terminal {
		o.ConsoleHeight, o.ConsoleWidth = uint16(d.roll(50)), uint16(d.roll(200))
	}
}

func (d *dice) propagation() uint64 {
	return oneIn[uint64](d, 0, unix.MS_SHARED, unix.MS_SLAVE|unix.MS_REC, unix.MS_PRIVATE|unix.MS_REC, unix.MS_UNBINDABLE)
}

func (d *dice) mount(i int) spec.Mount {
	m := spec.Mount{
		Destination: d.path(), Pointer: "/mounts/" + strconv.Itoa(i),
		Type:   oneIn(d, "bind", "tmpfs", "proc", "sysfs", "cgroup", "devpts", "overlay"),
		Source: oneIn(d, "/srv/data", "/srv/file", ""),
		Attr:   d.attr(), RecAttr: d.attr(), Remount: d.roll(8) == 7,
	}
	for range d.roll(3) {
		if p := d.propagation(); p != 0 {
			m.Propagation = append(m.Propagation, p)
		}
	}
	if m.Bind = m.Type == "bind"; m.Bind {
		m.Recursive = d.yes()
		m.IDMap = oneIn(d, nil, nil, new(spec.IDMap))
		return m
	}
	m.SBFlags = several(d, func(int) string { return oneIn(d, "ro", "sync", "lazytime") })
	m.Data = several(d, func(int) string { return oneIn(d, "size=64k", "mode=755", "newinstance", "lowerdir=/a:/b=c") })
	m.CopyUp = m.Type == "tmpfs" && !m.Remount && d.yes()
	return m
}

func (d *dice) attr() (a spec.MountAttr) {
	if d.yes() {
		a.Set = d.bits(4)
		a.Clear = d.bits(4) &^ a.Set
	}
	if d.yes() {
		a.Clear |= unix.MOUNT_ATTR__ATIME
		a.Set |= oneIn[uint64](d, unix.MOUNT_ATTR_RELATIME, unix.MOUNT_ATTR_NOATIME, unix.MOUNT_ATTR_STRICTATIME)
	}
	return a
}

// facts fit the options as those do that the runtime gathers.
func (d *dice) facts(o *spec.ContainerOpts) Facts {
	f := Facts{
		ID: "web", LastCap: oneIn(d, 40, 37, 63), Run: d.yes(), PreserveFds: d.roll(4),
		AppArmor: true, SELinux: true, NoPivot: d.yes(), NoNewKeyring: d.yes(), Attach: d.yes(), Kcore: d.yes(),
		Unprivileged: d.yes(), InUserNS: d.yes(),
		Unified: d.yes(), HomeUnknown: d.yes(), Home: "/root", RootMount: "/srv", KernelMounts: []string{"/proc"},
		Sources:      map[string]Source{"/srv/file": {File: true}},
		Destinations: map[string]Destination{"/data": {Exists: true, Mode: 0o1777}, "/etc/hosts": {Path: "/run/hosts"}},
	}
	if !o.Terminal {
		f.OwnStdio = several(d, func(i int) int { return i % 3 })
		f.NullStdio = several(d, func(i int) int { return i % 3 })
	}
	if !f.Unified {
		f.Cgroups = []Hierarchy{
			{Name: "cpu,cpuacct", Type: "cgroup", Options: []string{"cpu", "cpuacct"}, Links: []string{"cpu", "cpuacct"}, Path: "/c/cpu"},
			{Name: "systemd", Type: "cgroup", Options: []string{"none", "name=systemd"}, Path: "/c/systemd"},
			{Name: "unified", Type: "cgroup2", Path: "/c/unified"},
		}
	}
	return f
}
