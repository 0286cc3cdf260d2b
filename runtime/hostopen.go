package runtime

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/plan"
	"github.com/crabcan/crabcan/runtime/spawn"
	"github.com/crabcan/crabcan/runtime/thread"
)

// answerOpen opens what init asks for and hands it over.
func (c *Container) answerOpen(init *spawn.Process, number uint64) error {
	if number >= uint64(len(c.plan.Requests)) {
		return fmt.Errorf("init asks for number %d of %d", number, len(c.plan.Requests))
	}
	r := c.plan.Requests[number]
	f, err := openFor(init, r)
	if err != nil {
		return c.placed(&plan.Error{Pointer: r.Pointer, Err: err})
	}
	defer f.Close()
	return init.AnswerFile(f)
}

// openFor opens something of the host's with this process's rights, but in init's mount namespace: only what lies there
// can init mount, and only there have mounts lost what the host's root locked (nosuid, read-only; mount_namespaces(7)).
func openFor(init *spawn.Process, r plan.Request) (f *os.File, err error) {
	open := func() (*os.File, error) { return os.OpenFile(r.Path, unix.O_PATH, 0) }
	if r.Mount != nil {
		owners, err := openOwners(init, r.Mount.IDMap)
		if err != nil {
			return nil, err
		}
		defer owners.Close()
		open = func() (*os.File, error) { return openMapped(r.Mount, owners) }
	}
	namespace, err := os.Open(fmt.Sprintf("/proc/%d/ns/mnt", init.Pid))
	if err != nil {
		return nil, err
	}
	defer namespace.Close()
	thread.Run(func() (keep bool) {
		// The kernel lets nobody change namespaces who shares the working directory with others (setns(2)).
		err = unix.Unshare(unix.CLONE_FS)
		if err == nil {
			err = unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNS)
		}
		if err != nil {
			err = fmt.Errorf("enter init's mount namespace: %w", err)
			return false
		}
		f, err = open()
		return false
	})
	return f, err
}

// raiseLimits sets the resource limits for init.
func (c *Container) raiseLimits(init *spawn.Process) error {
	for _, r := range c.opts.Rlimits {
		if err := unix.Prlimit(init.Pid, r.Resource, &unix.Rlimit{Cur: r.Soft, Max: r.Hard}, nil); err != nil {
			if errors.Is(err, unix.EPERM) {
				err = fmt.Errorf("%w (this needs CAP_SYS_RESOURCE)", err)
			}
			return c.placed(&plan.Error{Pointer: r.Pointer, Err: err})
		}
	}
	return init.Answer([]byte{0})
}
