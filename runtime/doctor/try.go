package doctor

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/runtime/spawn"
)

// kinds are the namespaces of containers.
var kinds = []struct {
	name string
	flag uint64
}{
	{"mount", unix.CLONE_NEWNS}, {"pid", unix.CLONE_NEWPID}, {"network", unix.CLONE_NEWNET}, {"ipc", unix.CLONE_NEWIPC},
	{"uts", unix.CLONE_NEWUTS}, {"cgroup", unix.CLONE_NEWCGROUP}, {"time", unix.CLONE_NEWTIME}, {"user", unix.CLONE_NEWUSER},
}

// tryStart starts a program as a container's init is started, folder being the root folder.
func tryStart(folder string) error { return tryUnshare(folder, 0) }

// tryNamespaces makes a namespace of each kind, for users who are not root within a user namespace, as a container's are.
func tryNamespaces(folder string, uid int) (list []Namespace) {
	for _, kind := range kinds {
		flags := kind.flag
		if uid != 0 {
			flags |= unix.CLONE_NEWUSER
		}
		list = append(list, Namespace{kind.name, tryUnshare(folder, flags)})
	}
	return list
}

// tryUnshare starts a program that makes the namespaces of flags and ends.
func tryUnshare(folder string, flags uint64) error {
	p := program.New()
	end := p.NewLabel()
	p.Failure(end)
	p.Add(program.Step{Nr: unix.SYS_UNSHARE, Args: []program.Arg{program.Int(flags)}})
	p.Mark(end)
	errno := program.ErrnoAt.Mem.Load(int(program.ErrnoAt.N)) // 0 if nothing failed
	p.Add(program.Step{Nr: unix.SYS_EXIT_GROUP, Args: []program.Arg{errno}})
	image, err := p.Link()
	if err != nil {
		return err
	}
	process, err := spawn.Start(spawn.Config{Image: image, Folder: existing(folder), Argv: []string{"crabcan-doctor"},
		Files: make([]*os.File, 1), Cgroup: -1})
	if err != nil {
		return err
	}
	defer process.Close()
	status, err := process.Wait()
	if err != nil {
		return err
	}
	if errno := status.ExitStatus(); errno != 0 {
		return unix.Errno(errno)
	}
	return nil
}
