package state

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

const (
	stateFile    = "state.json"
	newStateFile = "state.json.new"
)

// version is the schema of state.json that this code writes. It grows when an older crabcan would misread a newer
// file, not when a member is added.
const version = 1

// State is what state.json holds: all that a later command must know of the container and can't ask the kernel.
type State struct {
	Version    int // set by Save
	ID         string
	OCIVersion string
	Bundle     string // absolute
	Rootfs     string // absolute
	Created    time.Time
	Owner      uint32 // the user id that created it
	// InitPid is 0 until init runs: the container is being created, or its create was killed.
	InitPid int
	// InitStartTime is ProcessStat.StartTime of init: the two together name a process for as long as the host runs.
	InitStartTime uint64
	// Creating says that init is there, and the create not finished.
	Creating    bool
	Annotations map[string]string
	Cgroup      Cgroup
	// Hooks says that the config has hooks, so that verbs which would run some need to look.
	Hooks bool
	// SharedPids says that the container has no pid namespace of its own, so that its processes outlive init.
	SharedPids bool
	// NoNewKeyring is create's flag: what joins the container later has its caller's session keyring as well.
	NoNewKeyring bool
	IntelRdt     IntelRdt
	// Descriptors are the pipes that init was given: by descriptor number what /proc/PID/fd shows, "pipe:[INODE]".
	Descriptors map[string]string
	RootMount   RootMount
}

// RootMount are the mount ids (statx(2), STATX_MNT_ID_UNIQUE) of the root folder's two mounts on the host, the one on the
// other, and the number of the lower in mountinfo; 0 if the container has its mounts in a namespace. They are saved before
// the mounts are there.
type RootMount struct {
	Base, Top, BaseNumber uint64
}

// IntelRdt says which resctrl group the container is in, and what of it is to be removed with it: Monitor, if not
// empty, and if it was Made, Folder. It is saved before anything is made.
type IntelRdt struct {
	Folder, Monitor string
	Made            bool
}

// Cgroup says where the container's cgroup is and who manages it. It is saved before the cgroup is made, so that
// delete finds it however far the create came.
type Cgroup struct {
	// Systemd says that systemd made it and must be asked to remove it.
	Systemd bool
	// Rootless says that it is a rootless container's: then that systemd is the user's own.
	Rootless bool
	// Path is linux.cgroupsPath as it was understood: below the mount points, or slice:prefix:name for systemd.
	Path string
	// Paths are the folders by controller; under the controller "" for the one folder of cgroup v2.
	Paths map[string]string
	// Memory and Swap are the limits of linux.resources.memory that were asked for last, in bytes; -1 is none, and 0
	// nothing that was asked for.
	Memory, Swap int64
}

// Save replaces state.json; the caller holds the lock. A reader, or a crabcan that comes after this one was killed,
// sees the old or the new state and nothing in between. It is not synced to disk: the root is on a tmpfs as a rule,
// and after a power cut the container is gone anyway.
func (d *Dir) Save(s State) error {
	s.Version = version
	data, err := encode(s)
	if err != nil {
		return d.pathError("encode", stateFile, err)
	}
	if err := d.writeNew(data); err != nil {
		return errors.Join(err, d.unlink(newStateFile))
	}
	return d.putNew()
}

// putNew lets state.json.new become state.json. When there is one already the two change places and the old one is
// unlinked, because ext4 takes a plain rename over a file for a reason to write the new one to disk at once, which
// costs up to 8 ms. A file system that can't exchange files has the plain rename.
func (d *Dir) putNew() error {
	if unix.Renameat2(d.fd, newStateFile, d.fd, stateFile, unix.RENAME_EXCHANGE) == nil {
		return d.unlink(newStateFile)
	}
	if err := unix.Renameat(d.fd, newStateFile, d.fd, stateFile); err != nil {
		return errors.Join(d.pathError("rename", newStateFile, err), d.unlink(newStateFile))
	}
	return nil
}

// writeNew makes state.json.new, over the remains of a killed Save if there are any.
func (d *Dir) writeNew(data []byte) error {
	f, err := d.openFile(newStateFile, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// Load reads state.json; it needs no lock. The error is ErrIncomplete when there is no state yet, and ErrNotExist when
// the container was deleted after Open.
func (d *Dir) Load() (State, error) {
	f, err := d.openFile(stateFile, unix.O_RDONLY, 0)
	if errors.Is(err, unix.ENOENT) {
		if err := d.checkLinked(); err != nil {
			return State{}, err
		}
		return State{}, containerError(d.id, ErrIncomplete)
	}
	if err != nil {
		return State{}, err
	}
	defer f.Close()
	data := bytes.NewBuffer(make([]byte, 0, 4096)) // enough for most in one read
	if _, err := data.ReadFrom(f); err != nil {
		return State{}, err
	}
	s, err := decode(data.Bytes())
	if err != nil {
		return State{}, d.pathError("decode", stateFile, err)
	}
	if s.Version != version {
		return State{}, fmt.Errorf("%s has version %d, this crabcan reads only %d", f.Name(), s.Version, version)
	}
	return s, nil
}
