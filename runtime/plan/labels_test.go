package plan

import (
	"errors"
	"testing"

	"github.com/crabcan/crabcan/spec"
)

// Labels that the host does not enforce are refused, not left out.
func TestLabelsWithoutModule(t *testing.T) {
	for _, c := range []struct {
		pointer string
		o       spec.ContainerOpts
		f       Facts
		want    error
	}{
		{"/process/apparmorProfile", spec.ContainerOpts{AppArmor: "p"}, Facts{SELinux: true}, errNoAppArmor},
		{"/process/selinuxLabel", spec.ContainerOpts{SELinux: "l"}, Facts{AppArmor: true}, errNoSELinux},
		{"/linux/mountLabel", spec.ContainerOpts{MountLabel: "l"}, Facts{AppArmor: true}, errNoSELinux},
	} {
		for name, compile := range map[string]func(*spec.ContainerOpts, Facts) (*Plan, error){"init": Compile, "exec": CompileExec} {
			_, err := compile(&c.o, c.f)
			if e, ok := errors.AsType[*Error](err); !ok || e.Pointer != c.pointer || e.Err != c.want {
				t.Errorf("%s of %s: error %v, want %v", name, c.pointer, err, c.want)
			}
		}
	}
}

// A process that joins gets its label through a procfs of its own, or in a user namespace through the container's.
func TestLabelsOfExec(t *testing.T) {
	base := execSubject(t, readAspect(t, "testdata/no-new-privileges.golden").subject)
	for _, name := range []string{"apparmor", "selinux", "apparmor-user-namespace"} {
		a := execSubject(t, readAspect(t, "testdata/"+name+".golden").subject)
		golden(t, "exec-"+name+".change", difference(plain(t, base.Plan), plain(t, a.Plan)))
	}
}
