package runtime

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/cgroup"
	"github.com/crabcan/crabcan/runtime/console"
	"github.com/crabcan/crabcan/runtime/netdev"
	"github.com/crabcan/crabcan/runtime/spawn"
)

// Restoring is what a Checkpointer needs of this package while it restores. Each function may fail, and then the restore
// does.
type Restoring struct {
	// Files are the descriptors 0, 1, 2, ... of CRIU's; nil stands for /dev/null. Pipes says which pipe of the saved
	// container's each is to take the place of.
	Files []*os.File
	Pipes map[int]string
	// Joined are the namespaces, other than Job.External, that the container shall be in: kind in /proc/PID/ns to path.
	Joined map[string]string
	// Start starts the process that becomes the parent's of all, by calling what it is given.
	Start func(func() error) error
	// Enter puts that process into the container's cgroup; all others are born there.
	Enter func(pid int) error
	// Namespaces is called with init's pid when its namespaces are made, and Restored when all is as it was and stands still.
	Namespaces, Restored func(pid int) error
	// Terminal gets the master of the container's terminal.
	Terminal func(*os.File) error
}

// Restore makes the container of a saved one's processes; all else comes from the bundle. Like Run it returns when the
// container runs, if it is detached, or has ended and is removed. After an error the caller calls CleanExit.
func (c *Container) Restore(by Checkpointer, o CheckpointOptions, r RunOptions) (status int, err error) {
	if err := c.checkConsole(r.Detach); err != nil {
		return 0, err
	}
	if err := becomeSubreaper(r); err != nil {
		return 0, err
	}
	job, err := openFolders(o)
	defer func() { job.close() }()
	if err != nil {
		return 0, err
	}
	terminal, openConsole := c.terminal()
	signals := catchSignals(r.Detach)
	if err := c.makePlace(); err != nil {
		return 0, err
	}
	init, err := c.bringBack(by, o, &job, openConsole)
	if err != nil {
		return 0, err
	}
	if err := c.announce(init); err != nil {
		return 0, err
	}
	if r.Detach {
		c.undo = nil
		init.Close()
		return 0, nil
	}
	status, err = c.attend(init, terminal, signals)
	if err != nil {
		return 0, err
	}
	c.undo = nil
	init.Close()
	return status, c.removeAfterRun()
}

// attend waits for the end of a restored container, in front of its terminal if it has one here.
func (c *Container) attend(init *spawn.Process, terminal *foreground, signals *console.Signals) (int, error) {
	var resize func()
	if terminal != nil {
		if err := terminal.attach(); err != nil {
			return 0, err
		}
		defer terminal.close()
		resize = terminal.proxy.Resize
	}
	stop := signals.Forward(init.Fd(), resize)
	defer stop()
	return c.end(init)
}

// makePlace makes what a container has before it has processes.
func (c *Container) makePlace() error {
	group, err := c.findGroup()
	if err != nil {
		return err
	}
	if err := c.makeFolder(group); err != nil {
		return err
	}
	if err := c.makeCgroup(); err != nil {
		return err
	}
	return c.makeGroup()
}

// bringBack has the processes restored, and returns the first.
func (c *Container) bringBack(by Checkpointer, o CheckpointOptions, job *Job, openConsole func() (*os.File, error)) (*spawn.Process, error) {
	if err := c.complete(job); err != nil {
		return nil, err
	}
	if err := makeMountPoints(c.opts); err != nil {
		return nil, c.placed(err)
	}
	socket, err := openConsole()
	if err != nil {
		return nil, err
	}
	if socket != nil {
		defer socket.Close()
	}
	w := Restoring{Files: c.restoredFiles(), Enter: c.enterRestored, Namespaces: c.equip, Terminal: sendTo(socket)}
	if w.Pipes, err = loadDescriptors(job.Images, len(w.Files)); err != nil {
		return nil, err
	}
	if w.Joined, err = c.joinedNamespaces(); err != nil {
		return nil, err
	}
	w.Start = func(start func() error) error {
		return c.onRoot(job.Root, func() error {
			if err := errors.Join(reopen(job.Images), reopen(job.Work)); err != nil {
				return err
			}
			return start()
		})
	}
	var init *spawn.Process
	w.Restored = func(pid int) error {
		if init, err = spawn.Child(pid); err != nil {
			return err
		}
		c.undo.push(func() error {
			init.Kill()
			return nil
		})
		return c.record(init)
	}
	if err := by.Restore(o, *job, w); err != nil {
		return nil, err
	}
	if init == nil {
		return nil, errors.New("criu did not say which process is the container's init")
	}
	logrus.Debug("Restore finished")
	return init, nil
}

// complete fills in what CRIU must know of the container to be.
func (c *Container) complete(job *Job) error {
	folder, err := filepath.EvalSymlinks(c.dir.Path())
	if err != nil {
		return err
	}
	job.Root, job.ConfigFile = filepath.Join(folder, "root"), c.criuConfig()
	job.Mounts = c.mountsFromOutside()
	if len(c.opts.MaskedPaths) > 0 {
		job.Mounts = append(job.Mounts, ExternalMount{maskSource, maskSource})
	}
	for _, kind := range c.externalKinds() {
		f, err := os.Open(c.namespacePath(kind))
		if err != nil {
			return fmt.Errorf("the container's %s namespace: %w", kind, err)
		}
		job.External = append(job.External, ExternalNamespace{Kind: kind, File: f})
	}
	return nil
}

// onRoot calls start where the root folder is a mount at root, in a mount namespace that is nobody else's. CRIU wants
// it to be one, on a mount that nothing covers; a tmpfs over the container's folder is such a mount.
func (c *Container) onRoot(root string, start func() error) error {
	return inOwnMounts(unix.MS_SLAVE, func() error {
		if err := unix.Mount("tmpfs", filepath.Dir(root), "tmpfs", 0, "mode=700"); err != nil {
			return fmt.Errorf("mount a tmpfs: %w", err)
		}
		if err := os.Mkdir(root, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(c.opts.MountDir, root, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			return fmt.Errorf("bind the root folder: %w", err)
		}
		return start()
	})
}

// reopen lets the descriptor of a folder be that of the same path in this thread's mount namespace: CRIU mounts there,
// and it can't where the mount is another namespace's.
func reopen(folder *os.File) error {
	here, err := openFolder(folder.Name())
	if err != nil {
		return err
	}
	defer here.Close()
	return unix.Dup3(int(here.Fd()), int(folder.Fd()), unix.O_CLOEXEC)
}

// restoredFiles are CRIU's standard descriptors, which are the container's unless that has a terminal, and those that
// are to be preserved.
func (c *Container) restoredFiles() []*os.File {
	files := stdio()
	if c.opts.Terminal {
		files = make([]*os.File, 3)
	}
	for i := range c.flags.PreserveFds {
		files = append(files, os.NewFile(uintptr(3+i), "preserved"))
	}
	return files
}

// namespacePath is the path by which the config gives a namespace of that kind, or "".
func (c *Container) namespacePath(kind string) string {
	for _, n := range c.opts.Namespaces {
		if n.Flag == namespaceFlag(kind) {
			return n.Path
		}
	}
	return ""
}

// joinedNamespaces are the namespaces given by path that CRIU joins like this.
func (c *Container) joinedNamespaces() (map[string]string, error) {
	joined := map[string]string{}
	for _, file := range namespaceFiles {
		path := c.namespacePath(file.name)
		switch file.flag {
		case unix.CLONE_NEWNET, unix.CLONE_NEWPID:
			continue
		case unix.CLONE_NEWCGROUP:
			if path != "" {
				return nil, errors.New("criu can't restore a container into a cgroup namespace given by path")
			}
		}
		if path != "" {
			joined[file.name] = path
		}
	}
	return joined, nil
}

// enterRestored puts the process that will be all others' parent into the cgroup, and sets its limits.
func (c *Container) enterRestored(pid int) error {
	if c.cgroup.Mode() == cgroup.None {
		return nil
	}
	if err := c.cgroup.Attach(pid); err != nil {
		return c.placed(err)
	}
	return c.placed(c.cgroup.Limit())
}

// equip does what a create does for an init whose namespaces are made.
func (c *Container) equip(pid int) error {
	init, err := spawn.Child(pid)
	if err != nil {
		return err
	}
	defer init.Close()
	if c.makesNamespace(unix.CLONE_NEWNET) {
		if err := c.setUpNetwork(init); err != nil {
			return err
		}
	}
	return c.hostHooks(init)
}

// setUpNetwork equips a new network namespace: what is in the image is not restored, as little as it would be with runc.
func (c *Container) setUpNetwork(init *spawn.Process) error {
	ns, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", init.Pid))
	if err != nil {
		return err
	}
	defer ns.Close()
	if err := netdev.RaiseLoopback(ns); err != nil {
		return err
	}
	return c.moveNetDevices(init)
}

// sendTo hands the container's terminal over to a socket.
func sendTo(socket *os.File) func(*os.File) error {
	return func(master *os.File) error {
		if socket == nil {
			return errors.New("the saved container has a terminal, but config.json has none")
		}
		return console.SendTerminal(socket, master)
	}
}
