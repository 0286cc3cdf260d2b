package runtime

import (
	"errors"
	"fmt"
	"os"

	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/state"
	"github.com/crabcan/crabcan/spec"
)

// CheckpointOptions are the flags of checkpoint and restore. What only one of them has is zero for the other.
type CheckpointOptions struct {
	// ImagePath is the folder of the image, WorkPath that of the log and other files of CRIU's, "": the image's.
	ImagePath, WorkPath string
	// ParentPath is the folder of an earlier image, as seen from ImagePath; "": there is none.
	ParentPath string

	PreDump, LeaveRunning                                bool
	TCPEstablished, TCPSkipInFlight, TCPClose, LinkRemap bool
	ExtUnixSk, ShellJob, FileLocks, AutoDedup, LazyPages bool
	// StatusFd is a descriptor that gets a zero byte as soon as lazy pages can be asked for; negative: none.
	StatusFd int
	// PageServer is where memory pages go instead of into the image; PagePort 0: nowhere.
	PageServer string
	PagePort   int
	// CgroupMode is soft, full, strict, ignore, or "" for CRIU's default.
	CgroupMode string
	// LSMProfile is TYPE:NAME, LSMMountContext a SELinux context; "" leaves them as the image has them.
	LSMProfile, LSMMountContext string
}

// Checkpointer saves and restores processes. The one there is, in runtime/criu, is handed in by the command: this
// package must not need it, because what it links in costs every start of crabcan 0.1 ms.
type Checkpointer interface {
	// Checkpoint saves the processes and their memory.
	Checkpoint(CheckpointOptions, Job) error
	// Restore starts them again. The first of them becomes a child of this process.
	Restore(CheckpointOptions, Job, Restoring) error
}

// Job is what a Checkpointer must know of the container beside the caller's options.
type Job struct {
	// Images and Work are the folders that CheckpointOptions names.
	Images, Work *os.File
	// ConfigFile is a file with further options for CRIU, "": none.
	ConfigFile string
	// Root is the container's root folder; for a restore it must be a mount point.
	Root string
	// Mounts are those that the container has from outside.
	Mounts []ExternalMount
	// External are the namespaces that stay where they are when the container is saved, and are there when it comes back.
	External []ExternalNamespace
	// Pid is the container's init and Freezer the cgroup by which its processes are stopped; a restore has neither.
	Pid     int
	Freezer string
}

// ExternalMount is a mount whose content is not the container's: it is not saved, but found anew.
type ExternalMount struct {
	// Inside is its mount point as the container sees it, Outside what is mounted there, as the host sees it; only a
	// restore has an Outside.
	Inside, Outside string
}

// ExternalNamespace is a namespace given by path.
type ExternalNamespace struct {
	// Kind is its name in /proc/PID/ns.
	Kind string
	// Inode is what is saved in its place; File is what a restore finds there.
	Inode uint64
	File  *os.File
}

// Checkpoint saves a running container into an image and, unless told to leave it running, removes the container.
func (c *Container) Checkpoint(by Checkpointer, o CheckpointOptions) error {
	if err := c.lockIn("checkpoint", StatusRunning, StatusPaused); err != nil {
		return err
	}
	if err := c.readOpts(); err != nil {
		return err
	}
	if c.state.RootMount.Base != 0 {
		return errors.New("checkpoint needs a container with a mount namespace: without one its mounts are the host's")
	}
	if err := c.makeImageFolder(o.ImagePath); err != nil {
		return fmt.Errorf("--image-path: %w", err)
	}
	job, err := openFolders(o)
	defer job.close()
	if err != nil {
		return err
	}
	if err := c.describe(&job); err != nil {
		return err
	}
	if !o.PreDump {
		if err := saveDescriptors(job.Images, c.state.Descriptors); err != nil {
			return err
		}
	}
	if err := by.Checkpoint(o, job); err != nil {
		return err
	}
	if o.PreDump || o.LeaveRunning {
		return nil
	}
	// The image is complete: what can't be removed is no reason to think that it is not.
	if err := c.destroy(); err != nil {
		logrus.Warn(err)
	}
	return nil
}

// makeImageFolder makes the folder of the image where there is none. What CRIU restores into a user namespace reads a part
// of the image as its root, so that has to get in; CRIU's files are readable for all who can.
func (c *Container) makeImageFolder(path string) error {
	if exists(path) {
		return nil
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	group, mapped := spec.HostID(c.opts.GIDMappings, 0)
	if !mapped {
		return nil
	}
	// By descriptor: whoever owns the folder above may have put a link in its place.
	folder, err := os.OpenFile(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer folder.Close()
	return errors.Join(folder.Chown(-1, int(group)), folder.Chmod(0o710))
}

// describe fills in what is to be known of a running container.
func (c *Container) describe(job *Job) error {
	job.Pid, job.Root, job.ConfigFile = c.state.InitPid, c.state.Rootfs, c.criuConfig()
	job.Freezer = c.cgroup.Paths()["freezer"]
	if dir, ok := c.cgroup.Paths()[""]; ok && job.Freezer == "" {
		job.Freezer = dir
	}
	var err error
	if job.External, err = c.savedNamespaces(); err != nil {
		return err
	}
	job.Mounts = c.mountsFromOutside()
	if exists(state.Root(c.host.Root).NotifyFolder(c.id)) {
		job.Mounts = append(job.Mounts, ExternalMount{Inside: notifyAt})
	}
	root, err := c.openRoot()
	if err != nil {
		return err
	}
	defer root.Close()
	for _, path := range c.opts.MaskedPaths {
		fd, err := openIn(root, path, unix.O_PATH)
		if err != nil {
			continue // what is not there was not masked
		}
		var st unix.Stat_t
		if unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT != unix.S_IFDIR {
			job.Mounts = append(job.Mounts, ExternalMount{Inside: path, Outside: maskSource})
		}
		unix.Close(fd)
	}
	return nil
}

// maskSource is what covers masked files. In an image it stands for all of them.
const maskSource = "/dev/null"

// criuConfigs are the annotations that name a file with options for CRIU; the first that is there counts. The second is
// what runc calls it.
var criuConfigs = [...]string{"org.crabcan.criu.config", "org.criu.config"}

// defaultCriuConfigs are the files for containers without such an annotation; the first that exists counts.
var defaultCriuConfigs = [...]string{"/etc/criu/crabcan.conf", "/etc/criu/runc.conf"}

// criuConfig is the file with options for CRIU. An annotation that is empty wants none.
func (c *Container) criuConfig() string {
	for _, name := range criuConfigs {
		if file, ok := c.opts.Annotations[name]; ok {
			return file
		}
	}
	for _, file := range defaultCriuConfigs {
		if exists(file) {
			return file
		}
	}
	return ""
}

// savedNamespaces are the network and pid namespaces that the container was given by path, as they are now.
func (c *Container) savedNamespaces() (list []ExternalNamespace, err error) {
	for _, kind := range c.externalKinds() {
		var st unix.Stat_t
		if err := unix.Stat(fmt.Sprintf("/proc/%d/ns/%s", c.state.InitPid, kind), &st); err != nil {
			return nil, fmt.Errorf("the container's %s namespace: %w", kind, err)
		}
		list = append(list, ExternalNamespace{Kind: kind, Inode: st.Ino})
	}
	return list, nil
}

// externalKinds are those kinds of namespaces that the config gives by path and that CRIU can leave as they are.
func (c *Container) externalKinds() (kinds []string) {
	own := ownNamespaces(c.opts.Namespaces)
	for _, n := range c.opts.Namespaces {
		for _, file := range namespaceFiles {
			external := n.Flag == unix.CLONE_NEWNET || n.Flag == unix.CLONE_NEWPID
			if n.Path != "" && external && n.Flag == file.flag && own&n.Flag == 0 {
				kinds = append(kinds, file.name)
			}
		}
	}
	return kinds
}
