package runtime

import (
	"os"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// firstMapped is root of the tests' user namespaces, on the host.
const firstMapped = 100000

// mapped puts the container into a user namespace of its own.
func mapped(s *specs.Spec) {
	all := []specs.LinuxIDMapping{{ContainerID: 0, HostID: firstMapped, Size: 65536}}
	s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: specs.UserNamespace})
	s.Linux.UIDMappings, s.Linux.GIDMappings = all, all
}

// newMappedPlace is a place whose container's root owns its root folder, but has no way to it: the test's folder is
// root's alone, so that init has to ask for everything in it. One mount is idmapped, which takes a process of its own.
func newMappedPlace(t *testing.T) *place {
	p := newPlace(t, rich, mapped, func(s *specs.Spec) {
		s.Mounts = append(s.Mounts, specs.Mount{
			Destination: "/tmp/mapped", Source: "rootfs/etc", Options: []string{"bind"},
			UIDMappings: []specs.LinuxIDMapping{{ContainerID: firstMapped, HostID: firstMapped, Size: 1}},
			GIDMappings: []specs.LinuxIDMapping{{ContainerID: firstMapped, HostID: firstMapped, Size: 1}},
		})
	})
	for _, dir := range []string{"", "bin", "dev", "etc", "proc", "sys", "tmp"} {
		if err := os.Chown(p.rootfs(dir), firstMapped, firstMapped); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(p.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestKilledCreateInUserNS(t *testing.T) {
	p := newMappedPlace(t)
	sweepBy(t, 3, 200, func(at int) bool {
		id := newID()
		end := p.trace(killAt(at, parent, parent), "create", "--bundle", p.bundle, id)
		p.recovers(id, end)
		return end.call != ""
	})
}

func TestKilledCreateInUserNSWhileInitWorks(t *testing.T) {
	p := newMappedPlace(t)
	sweepBy(t, 3, 200, func(at int) bool {
		id := newID()
		end := p.trace(killAt(at, child, parent), "create", "--bundle", p.bundle, id)
		p.recovers(id, end)
		return end.call != ""
	})
}

func TestFailingCallOfParentInUserNS(t *testing.T) { failingCallsInUserNS(t, parent) }
func TestFailingCallOfInitInUserNS(t *testing.T)   { failingCallsInUserNS(t, child) }

// failingCallsInUserNS has one call after the other fail: either it is not needed, or create says so and leaves nothing.
func failingCallsInUserNS(t *testing.T, of victim) {
	p := newMappedPlace(t)
	sweepBy(t, 3, 200, func(at int) bool {
		id := newID()
		end := p.trace(failAt(at, of, unix.EPERM), "create", "--bundle", p.bundle, id)
		if end.ok() {
			p.must("delete", "--force", id)
		} else if _, problem := end.complaint(); problem != "" {
			t.Errorf("%s at %s: %s", problem, end.call, end)
		}
		if found := p.left(id); len(found) > 0 {
			t.Errorf("left after %s: %v; %s", end.call, found, end)
			p.remove(id)
		}
		return end.call != ""
	})
}
