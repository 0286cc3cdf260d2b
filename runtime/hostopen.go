package runtime

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/plan"
	"github.com/crabcan/crabcan/runtime/spawn"
	"github.com/crabcan/crabcan/runtime/thread"
)

// opener opens for one init what that has no right to. The zero value is ready; it is to be closed.
type opener struct {
	// work takes what is to be done in init's mount namespace, done says that it was; both nil until there is any.
	work chan func()
	done chan struct{}
	// owners are the user namespaces made so far, by their mappings.
	owners map[string]*os.File
}

// answerOpen opens what init asks for and hands it over.
func (c *Container) answerOpen(init *spawn.Process, number uint64) error {
	if number >= uint64(len(c.plan.Requests)) {
		return fmt.Errorf("init asks for number %d of %d", number, len(c.plan.Requests))
	}
	r := c.plan.Requests[number]
	f, err := c.openFor(init, r)
	if err != nil {
		return c.placed(&plan.Error{Pointer: r.Pointer, Err: err})
	}
	defer f.Close()
	return init.AnswerFile(f)
}

// openFor opens something of the host's with this process's rights, but in init's mount namespace: only what lies there
// can init mount, and only there are those flags of mounts locked that the host's root has set (mount_namespaces(7)).
func (c *Container) openFor(init *spawn.Process, r plan.Request) (f *os.File, err error) {
	var owners *os.File
	if r.Mount != nil {
		if owners, err = c.ownersFor(init, r.Mount.IDMap); err != nil {
			return nil, err
		}
	}
	if err := c.opener.enter(init.Pid); err != nil {
		return nil, fmt.Errorf("enter init's mount namespace: %w", err)
	}
	c.opener.work <- func() {
		if r.Mount != nil {
			f, err = openMapped(r.Mount, owners)
		} else {
			f, err = os.OpenFile(r.Path, unix.O_PATH, 0)
		}
	}
	<-c.opener.done
	return f, err
}

// enter has a thread in the mount namespace of a process.
func (o *opener) enter(pid int) error {
	if o.work != nil {
		return nil
	}
	namespace, err := os.Open(fmt.Sprintf("/proc/%d/ns/mnt", pid))
	if err != nil {
		return err
	}
	defer namespace.Close()
	work, done, entered := make(chan func()), make(chan struct{}), make(chan error)
	go thread.Run(func() (keep bool) {
		// The kernel lets nobody change namespaces who shares the working directory with others (setns(2)).
		err := unix.Unshare(unix.CLONE_FS)
		if err == nil {
			err = unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNS)
		}
		entered <- err
		for f := range work {
			f()
			done <- struct{}{}
		}
		return false
	})
	o.work, o.done = work, done
	return <-entered
}

// close ends the thread, which else would keep the container's mounts alive.
func (o *opener) close() {
	if o.work != nil {
		close(o.work)
	}
	for _, f := range o.owners {
		f.Close()
	}
	*o = opener{}
}
