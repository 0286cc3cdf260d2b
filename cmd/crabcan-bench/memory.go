package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/runtime/spawn"
)

// memoryRounds is how often memory is measured: it hardly varies.
const memoryRounds = 7

// memoryVerbs are the commands whose memory is measured.
var memoryVerbs = []string{"run", "create"}

// measureMemory measures the peak of a runtime's resident memory, of the largest of its processes that it waited for.
func (r *room) measureMemory() report {
	var found report
	var bundle string
	for _, verb := range memoryVerbs {
		name := caseName(r.world, "memory of "+verb, variant{})
		if !r.only.MatchString(name) || r.ctx.Err() != nil {
			continue
		}
		if bundle == "" {
			var err error
			if bundle, err = (variant{name: "memory", change: variants[0].change}).writeBundle(r.work); err != nil {
				return report{Dropped: []drop{{Case: name, Reason: err.Error()}}}
			}
		}
		for _, who := range r.contenders {
			if runtime, ok := who.(*cli); ok {
				found.add(r.memoryOf(runtime, name, verb, bundle))
			}
		}
	}
	return found
}

// memoryOf measures one verb of one runtime.
func (r *room) memoryOf(runtime *cli, name, verb, bundle string) report {
	found := result{Case: name, Runtime: runtime.Name, Unit: unitMemory}
	for range memoryRounds {
		peak, err := runtime.peak(r.work, verb, "--bundle", bundle, runtime.id)
		runtime.clean()
		if err != nil {
			return report{Dropped: []drop{{name, runtime.Name, err.Error()}}}
		}
		found.Samples = append(found.Samples, peak)
	}
	return report{Results: []result{found}}
}

// peak runs a command and returns its ru_maxrss in bytes. execve hands the peak of the address space that was left on
// to the new process's ru_maxrss: a child of this process can't show less than this process has. So the parent is a
// program of two pages.
func (r *cli) peak(folder, verb string, args ...string) (bytes int64, err error) {
	image, err := launcher(r.argv(verb, args), os.Environ()).Link()
	if err != nil {
		return 0, err
	}
	p, err := spawn.Start(spawn.Config{
		Image: image, Folder: folder, Argv: []string{"launcher"},
		Files: []*os.File{r.null, r.null, r.stderr, nil}, SocketAt: launcherSocket, Cgroup: -1,
	})
	if err != nil {
		return 0, err
	}
	defer p.Close()
	m, err := p.Receive()
	status, waitErr := p.Wait()
	switch {
	case errors.Is(err, io.EOF):
		return 0, fmt.Errorf("the launcher ended with wait status %#x", int(status))
	case err != nil || waitErr != nil:
		return 0, errors.Join(err, waitErr)
	case m.A != 0:
		return 0, fmt.Errorf("%s: wait status %#x: %s", verb, m.A, r.complaint())
	}
	return int64(m.B) << 10, nil
}

// launcherSocket is the launcher's descriptor of the socket to this process.
const launcherSocket = 3

// maxrssAt is the offset of ru_maxrss in struct rusage (getrusage(2)), behind two timevals.
const maxrssAt = 32

// launcher is a program that runs a command and sends its wait status and ru_maxrss.
func launcher(argv, env []string) *program.Program {
	p := program.New()
	message := p.Data(program.Int(program.Ready), program.Int(0), program.Int(0))
	pid, usage := p.Slot(), p.Zero(256)
	call := func(nr uintptr, args ...program.Arg) { p.Add(program.Step{Nr: nr, Args: args}) }
	failed, parent := p.NewLabel(), p.NewLabel()

	p.Failure(failed)
	p.Add(program.Step{Nr: unix.SYS_CLONE, Args: []program.Arg{program.Int(unix.SIGCHLD)}, Result: pid.Addr()})
	p.Add(program.Step{
		Op: program.OpTest, Args: []program.Arg{pid.Val(), program.Int(^uint64(0)), program.Int(0)},
		On: []program.Case{{Errno: program.AnyErrno, To: parent}},
	})
	call(unix.SYS_CLOSE, program.Int(launcherSocket))
	call(unix.SYS_EXECVE, program.Str(argv[0]), program.Strs(argv), program.Strs(env))
	p.Mark(parent)
	call(unix.SYS_WAIT4, pid.Val(), message.At(8), program.Int(0), usage.Addr())
	p.Add(program.Step{Op: program.OpMove, Args: []program.Arg{usage.Load(maxrssAt)}, Result: message.At(16)})
	call(unix.SYS_SENDTO, program.Int(launcherSocket), message.Addr(), program.Int(program.MessageSize))
	call(unix.SYS_EXIT_GROUP, program.Int(0))
	p.Mark(failed)
	call(unix.SYS_EXIT_GROUP, program.Int(127))
	return p
}
