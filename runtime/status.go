package runtime

import (
	"errors"
	"fmt"
	"time"

	"github.com/moby/sys/user"
	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/state"
)

// Status is where a container is in its life (runtime-spec, runtime.md, "State").
type Status string

// The states of a container. Paused is runc's addition.
const (
	StatusCreating Status = "creating"
	StatusCreated  Status = "created"
	StatusRunning  Status = "running"
	StatusPaused   Status = "paused"
	StatusStopped  Status = "stopped"
)

// Info is what state and list print of a container. Field names and order are the specification's and runc's.
type Info struct {
	OCIVersion  string            `json:"ociVersion"`
	ID          string            `json:"id"`
	Pid         int               `json:"pid"`
	Status      Status            `json:"status"`
	Bundle      string            `json:"bundle"`
	Rootfs      string            `json:"rootfs"`
	Created     time.Time         `json:"created"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Owner       string            `json:"owner"`
}

// State describes the container as it is now. It takes no lock: it never waits for another operation.
func (c *Container) State() (Info, error) {
	status, err := c.status()
	if err != nil {
		return Info{}, err
	}
	i := Info{
		OCIVersion:  c.state.OCIVersion,
		ID:          c.state.ID,
		Pid:         c.state.InitPid,
		Status:      status,
		Bundle:      c.state.Bundle,
		Rootfs:      c.state.Rootfs,
		Created:     c.state.Created,
		Annotations: c.state.Annotations,
		Owner:       ownerName(c.state.Owner),
	}
	if status == StatusStopped {
		i.Pid = 0
	}
	return i, nil
}

// status asks the kernel how the container is; only what can't be asked comes from its state.
func (c *Container) status() (Status, error) {
	if c.state.InitPid == 0 {
		return c.unborn()
	}
	alive, err := c.alive()
	if err != nil || !alive {
		return StatusStopped, err
	}
	if c.state.Creating {
		return StatusCreating, nil
	}
	// A created container can be paused, too: init can't be started then.
	frozen, err := c.cgroup.Frozen()
	if err != nil || frozen {
		return StatusPaused, err
	}
	waiting, err := c.dir.Waiting()
	if err != nil || waiting {
		return StatusCreated, err
	}
	return StatusRunning, nil
}

// unborn tells a container that is being created from one whose create was killed before it had an init.
func (c *Container) unborn() (Status, error) {
	probe, err := state.Open(state.Root(c.host.Root), c.id)
	if err != nil {
		return StatusStopped, nil
	}
	defer probe.Close()
	if errors.Is(probe.TryLock(), state.ErrLocked) {
		return StatusCreating, nil
	}
	return StatusStopped, nil
}

// alive reports whether the process that was written down as init still is that process and runs.
func (c *Container) alive() (bool, error) {
	if c.state.InitPid == 0 {
		return false, nil
	}
	p, err := state.Process(c.state.InitPid)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return p.StartTime == c.state.InitStartTime && !p.Ended(), nil
}

// ownerName is the user's name on the host, or "#UID" if it has none.
func ownerName(uid uint32) string {
	if uid == 0 {
		return "root"
	}
	if u, err := user.LookupUid(int(uid)); err == nil {
		return u.Name
	}
	return fmt.Sprintf("#%d", uid)
}

// List describes every container under the host's root, sorted by id. Containers that come or go meanwhile, and those
// whose create has only begun, are left out; of one that can't be described a warning says why.
func List(h Host) ([]Info, error) {
	ids, err := state.Root(h.Root).List()
	if err != nil {
		return nil, err
	}
	list := make([]Info, 0, len(ids))
	for _, id := range ids {
		info, err := infoOf(h, id)
		switch {
		case err == nil:
			list = append(list, info)
		case !errors.Is(err, state.ErrNotExist):
			logrus.Warn(err)
		}
	}
	return list, nil
}

func infoOf(h Host, id string) (Info, error) {
	c, err := Load(h, id)
	if err != nil {
		return Info{}, err
	}
	defer c.Close()
	return c.State()
}
