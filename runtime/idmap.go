package runtime

import (
	"errors"
	"fmt"
	"os"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/plan"
	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/runtime/spawn"
	"github.com/crabcan/crabcan/spec"
)

// openMapped makes a detached copy of a bind mount's source and idmaps it as the user namespace owners says.
func openMapped(m *spec.Mount, owners *os.File) (*os.File, error) {
	flags := uint(unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC)
	if m.Recursive {
		flags |= unix.AT_RECURSIVE
	}
	fd, err := unix.OpenTree(unix.AT_FDCWD, m.Source, flags)
	if err != nil {
		return nil, &os.PathError{Op: "open_tree", Path: m.Source, Err: err}
	}
	tree := os.NewFile(uintptr(fd), m.Source)
	flags = unix.AT_EMPTY_PATH
	if m.IDMap.Recursive {
		flags |= unix.AT_RECURSIVE
	}
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_IDMAP, Userns_fd: uint64(owners.Fd())}
	err = unix.MountSetattr(fd, "", flags, &attr)
	if errors.Is(err, unix.EINVAL) {
		err = fmt.Errorf("%w (the file system there, or one mounted below, can't be idmapped on this kernel)", err)
	}
	if err != nil {
		tree.Close()
		return nil, fmt.Errorf("idmap %s: %w", m.Source, err)
	}
	return tree, nil
}

// ownersFor is a user namespace whose mappings are those of an idmapped mount: that of init if it has the same, else one
// made for it.
func (c *Container) ownersFor(init *spawn.Process, m *spec.IDMap) (*os.File, error) {
	uids, gids := mappingText(m.UIDMappings), mappingText(m.GIDMappings)
	if uids == mappingText(c.opts.UIDMappings) && gids == mappingText(c.opts.GIDMappings) {
		uids, gids = "", ""
	}
	key := uids + "/" + gids
	if f, ok := c.opener.owners[key]; ok {
		return f, nil
	}
	open := func() (*os.File, error) { return openUserNamespace(init.Pid) }
	if uids != "" {
		open = func() (*os.File, error) { return makeOwners(m.UIDMappings, m.GIDMappings) }
	}
	f, err := open()
	if err != nil {
		return nil, err
	}
	if c.opener.owners == nil {
		c.opener.owners = map[string]*os.File{}
	}
	c.opener.owners[key] = f
	return f, nil
}

// makeOwners makes a user namespace, which lives on as long as it is open.
func makeOwners(uidList, gidList []specs.LinuxIDMapping) (*os.File, error) {
	helper, err := startIdle()
	if err != nil {
		return nil, fmt.Errorf("make a user namespace: %w", err)
	}
	defer helper.Kill()
	if err := writeMappings(helper.Pid, uids, uidList); err != nil {
		return nil, fmt.Errorf("uidMappings: %w", err)
	}
	if err := writeMappings(helper.Pid, gids, gidList); err != nil {
		return nil, fmt.Errorf("gidMappings: %w", err)
	}
	return openUserNamespace(helper.Pid)
}

func openUserNamespace(pid int) (*os.File, error) {
	return os.Open(fmt.Sprintf("/proc/%d/ns/user", pid))
}

// startIdle starts a process that makes a user namespace and then waits to be killed.
func startIdle() (*spawn.Process, error) {
	p, err := plan.CompileUserNamespace()
	if err != nil {
		return nil, err
	}
	image, err := p.Program.Link()
	if err != nil {
		return nil, err
	}
	helper, err := spawn.Start(spawn.Config{
		Image:    image,
		Folder:   os.TempDir(),
		Argv:     []string{"crabcan-idmap"},
		Files:    make([]*os.File, p.FirstFile+len(p.Files)),
		SocketAt: p.FirstFile,
		Cgroup:   -1,
	})
	if err != nil {
		return nil, err
	}
	m, err := helper.Receive()
	if err == nil && m.Kind == program.Failed {
		err = unix.Errno(m.A)
	}
	if err != nil {
		helper.Kill()
		return nil, err
	}
	return helper, nil
}
