package main

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/bundles"
	"github.com/crabcan/crabcan/runtime"
	"github.com/crabcan/crabcan/runtime/cgroup"
	"github.com/crabcan/crabcan/runtime/plan"
	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/runtime/spawn"
)

const floorName = "floor"

// floor is the kernel's own cost of a container: the program that crabcan compiles from the bundle, started by this
// process, which is running already and has read, compiled and linked beforehand. What is left is the cgroup, the
// start of the program, its system calls, the payload and its end.
type floor struct {
	work  string
	image []byte
	plan  *plan.Plan
	start spawn.Config
	// cgroup is made and removed each time.
	cgroup *cgroup.Manager
}

func (f *floor) name() string { return floorName }
func (f *floor) clean()       {}

// check compiles the bundle.
func (f *floor) check(c benchCase) error {
	if c.running {
		return errors.New("only the making of a container has one")
	}
	if err := f.prepare(c.bundle); err != nil {
		return err
	}
	if f.plan.Maps {
		return errors.New("the ids of a user namespace are mapped by a runtime")
	}
	var err error
	if f.image, err = f.plan.Program.Link(); err != nil {
		return err
	}
	return f.once(c)
}

func (f *floor) prepare(bundle string) error {
	b, err := bundles.Open(bundle)
	if err != nil {
		return err
	}
	id := idPrefix() + floorName
	if f.plan, _, err = runtime.Plan(runtime.Host{Root: f.work}, id, b, runtime.CreateOptions{}); err != nil {
		return err
	}
	f.start = spawn.Config{Folder: f.work, Argv: []string{"crabcan-init", id}, SocketAt: f.plan.FirstFile,
		Namespaces: f.plan.CloneFlags}
	f.cgroup, err = cgroup.New(cgroup.Config{ID: id})
	return err
}

func (f *floor) once(benchCase) error { return f.run(nil) }

// run makes, runs and removes the container. The program gets the file extra as its last descriptor.
func (f *floor) run(extra *os.File) error {
	files, err := f.openFiles()
	if err != nil {
		return err
	}
	defer closeAll(files)
	config := f.start
	config.Image = f.image
	config.Files = append(files[:len(files):len(files)], extra)
	if err := f.cgroup.Create(); err != nil {
		return err
	}
	var init *spawn.Process
	err = f.cgroup.Enter(func(cgroup int) (err error) {
		config.Cgroup = cgroup
		init, err = spawn.Start(config)
		return err
	})
	if err == nil {
		err = f.converse(init)
	}
	if e := f.cgroup.Destroy(); err == nil {
		err = e
	}
	return err
}

// converse is crabcan's part while the program works. The program is the one of `create`, which after the socket waits
// at the fifo of `start`; what it gets in that place never makes it wait.
func (f *floor) converse(init *spawn.Process) error {
	defer init.Close()
	m, err := init.Receive()
	if err == nil && m.Kind != program.Ready {
		err = f.explain(m)
	}
	if err == nil {
		err = init.Acknowledge()
	}
	if err != nil {
		init.Kill()
		return err
	}
	return ended(init.Wait())
}

func (f *floor) explain(m spawn.Message) error {
	if i, ok := f.plan.Program.StepIndex(m.B); ok && m.Kind == program.Failed {
		return fmt.Errorf("%s: %w %s", f.plan.Step(i), unix.Errno(m.A), m.Text)
	}
	return fmt.Errorf("the program sent message %d", m.Kind)
}

// stand-ins are what the program gets for the plan's own descriptors: /dev/zero always has a byte to be read.
var standIns = map[plan.Role]string{plan.RoleExec: "/dev/zero", plan.RoleResult: os.DevNull}

// openFiles opens stdio and the plan's own descriptors; the socket's place stays empty.
func (f *floor) openFiles() (files []*os.File, err error) {
	paths := []string{os.DevNull, os.DevNull, os.DevNull}
	for _, want := range f.plan.Files {
		paths = append(paths, standIns[want.Role])
	}
	for _, path := range paths {
		var file *os.File
		if path != "" {
			if file, err = os.OpenFile(path, os.O_RDWR, 0); err != nil {
				closeAll(files)
				return nil, err
			}
		}
		files = append(files, file)
	}
	return files, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		if f != nil {
			f.Close()
		}
	}
}
