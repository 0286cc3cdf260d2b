package main

import (
	"fmt"
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
func (r *room) measureMemory() (found report, err error) {
	bundle, err := variants[0].writeBundle(r.work, []string{truePath})
	if err != nil {
		return found, err
	}
	for _, verb := range memoryVerbs {
		name := caseName(r.world, "memory of "+verb, variants[0])
		if !r.only.MatchString(name) {
			continue
		}
		fmt.Fprintln(os.Stderr, "measuring", name)
		for _, who := range r.contenders {
			if runtime, ok := who.(*cli); ok {
				found.add(r.memoryOf(runtime, name, verb, bundle))
			}
		}
	}
	return found, nil
}

// memoryOf measures one verb of one runtime.
func (r *room) memoryOf(runtime *cli, name, verb, bundle string) report {
	found := result{Case: name, Runtime: runtime.Name, Unit: unitMemory}
	for range memoryRounds {
		argv := runtime.argv(verb, []string{"--bundle", bundle, runtime.id})
		bytes, err := peak(argv, r.work, runtime.null, runtime.stderr)
		if err != nil {
			err = fmt.Errorf("%s: %w: %s", verb, err, runtime.complaint())
		}
		runtime.clean()
		if err != nil {
			return report{Dropped: []drop{{name, runtime.Name, err.Error()}}}
		}
		found.Samples = append(found.Samples, bytes)
	}
	return report{Results: []result{found}}
}

// peak runs a command and returns its ru_maxrss in bytes. execve hands the peak of the address space that was left on
// to the new process's ru_maxrss: a child of this process can't show less than this process has. So the parent is a
// program of two pages, which may be executed from a file in folder.
func peak(argv []string, folder string, null, stderr *os.File) (bytes int64, err error) {
	image, err := launcher(argv, os.Environ()).Link()
	if err != nil {
		return 0, err
	}
	p, err := spawn.Start(spawn.Config{
		Image: image, Folder: folder, Argv: []string{"launcher"},
		Files: []*os.File{null, null, stderr, nil}, SocketAt: launcherSocket, Cgroup: -1,
	})
	if err != nil {
		return 0, err
	}
	defer p.Close()
	m, err := p.Receive()
	if _, e := p.Wait(); err == nil {
		err = e
	}
	if err == nil && m.A != 0 {
		err = fmt.Errorf("wait status %#x", m.A)
	}
	return int64(m.B) << 10, err
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
