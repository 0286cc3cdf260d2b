// Package plan turns the options of a container into the ordered list of system calls that makes a fresh process
// the container's init. It is pure: what it must know of the host comes in as Facts, and nothing happens before the
// program is started.
package plan

import (
	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/spec"
)

// Plan is a compiled container.
type Plan struct {
	Program *program.Program
	// Notes says for each step of the program why it is there.
	Notes []Note
	// Files lists what must be open in init, from descriptor FirstFile on.
	Files []File
	// FirstFile is the number of the first of Files: 3, or more when descriptors are preserved.
	FirstFile int
	// Forks says that the process which is started is not the one that becomes the user's: see secondFork.
	Forks bool
	// Maps says that the ids of a user namespace are to be mapped when it has forked.
	Maps bool
	// CloneFlags are the CLONE_NEW* bits of the namespaces that the process is to be started in.
	CloneFlags uint64
	// FilterFlags are the SECCOMP_FILTER_FLAG_* bits that the seccomp filter, if there is one, is loaded with.
	FilterFlags uint
	// UnknownCalls are the names in the seccomp profile that are no system call's: they have no effect.
	UnknownCalls []string
	// Requests are what init may ask its parent to open, by the number in program.Open.
	Requests []Request
}

// Note says why a step is in a plan.
type Note struct {
	// Pointer is the JSON pointer of the member of config.json that asked for the step; "" is crabcan itself.
	Pointer string
	// Words, when not empty, stands in the error message for the step's own text. The errno's text follows, unless
	// the step is one that fails of the plan's own accord (program.OpFail): its words are complete.
	Words string
}

// Role says what a descriptor of init is for.
type Role int

// The roles. RoleNamespace is the file at File.Path, opened for setns(2).
const (
	RoleSocket    Role = iota // the socket to the parent
	RoleExec                  // the fifo that start writes to
	RoleResult                // the fifo that start reads from
	RoleConsole               // the socket that takes the pty master
	RoleNamespace             // a namespace to join
	RolePidfd                 // the pidfd of the init whose container exec joins
	RoleRoot                  // the root folder of such a container that has no mount namespace
)

// File is one descriptor that init is started with.
type File struct {
	Role Role
	Path string
}

// Request is something of the host's that init asks its parent to open (program.Open): by descriptor for any use, or,
// if Mount is set, as the detached and idmapped mount tree of that bind mount's source.
type Request struct {
	Path  string
	Mount *spec.Mount
	// Pointer is the JSON pointer of the member of config.json that asks for it.
	Pointer string
}

// compiler is the state of one compilation.
type compiler struct {
	*program.Program
	o *spec.ContainerOpts
	f Facts
	// pointer and words are the Note of the steps that are added.
	pointer, words string
	notes          []Note
	files          []File
	// root is the descriptor of the container's root, whatever is mounted there by now.
	root program.Mem
	// fs and text are what a failing fsconfig needs: the context and room for the kernel's explanation.
	fs, text program.Mem
	// failed and failedFs are where a failing step leads: to the plain report, or the one with explanation.
	failed, failedFs program.Label
	// path holds the candidate to execute, home the variable HOME when only the parent can tell it.
	path, home program.Mem
	// hostProc is the host's /proc, open only for a time namespace.
	hostProc program.Mem
	// exec is the fifo that start writes to, result the one it reads, reports the ends of the program that write there.
	exec    program.Arg
	result  program.Arg
	reports []report
	// forks, maps and requests are those of Plan.
	forks    bool
	maps     bool
	requests []Request
	// filterFlags are those of Plan.
	filterFlags uint
	// unknownCalls are those of Plan.
	unknownCalls []string
	// proc is the private procfs.
	proc program.Mem
}

// Error is something in the config that can't be compiled.
type Error struct {
	// Pointer is the JSON pointer (RFC 6901) of the member.
	Pointer string
	Err     error
}

func (e *Error) Error() string { return spec.Dotted(e.Pointer) + ": " + e.Err.Error() }

// Unwrap is the reason.
func (e *Error) Unwrap() error { return e.Err }

// chapter is one part of init's work. Their order is what the kernel and old CVEs demand; each says why.
type chapter func(*compiler) error

// chapters are init's work in the order it is done.
var chapters = []chapter{
	(*compiler).checkMounts,
	(*compiler).checkLabels,
	(*compiler).begin,
	(*compiler).joinNamespaces,
	(*compiler).enterCgroup,
	(*compiler).ownNamespaces,
	(*compiler).openProc,
	(*compiler).session,
	(*compiler).rootfs,
	(*compiler).mounts,
	(*compiler).devices,
	(*compiler).readonlyPaths,
	(*compiler).maskedPaths,
	(*compiler).mounted,
	(*compiler).pivot,
	(*compiler).hostname,
	(*compiler).sysctl,
	(*compiler).workingFolder,
	(*compiler).nullStdio,
	(*compiler).console,
	(*compiler).readonlyRoot,
	(*compiler).labels,
	(*compiler).closeProc,
	(*compiler).limits,
	(*compiler).scheduling,
	(*compiler).identity,
	(*compiler).closeOnExec,
	(*compiler).findExecutable,
	(*compiler).ready,
	(*compiler).execute,
	(*compiler).failures,
}

// Compile makes the plan of a container. The errors are of type *Error.
func Compile(o *spec.ContainerOpts, f Facts) (*Plan, error) {
	return compileChapters(o, f, chapters)
}

func compileChapters(o *spec.ContainerOpts, f Facts, chapters []chapter) (*Plan, error) {
	c := &compiler{Program: program.New(), o: o, f: f}
	c.Steps = make([]program.Step, 0, 384)
	c.notes = make([]Note, 0, 384)
	c.root, c.fs, c.path = c.Slot(), c.Slot(), c.Slot()
	c.text = c.Zero(program.TextSize)
	c.failed, c.failedFs = c.NewLabel(), c.NewLabel()
	for _, write := range chapters {
		c.pointer, c.words = "", ""
		if err := write(c); err != nil {
			return nil, err
		}
	}
	return &Plan{
		Program: c.Program, Notes: c.notes, Files: c.files, FirstFile: c.firstFile(),
		Forks: c.forks, Maps: c.maps, CloneFlags: c.cloneFlags(), Requests: c.requests,
		FilterFlags:  c.filterFlags,
		UnknownCalls: c.unknownCalls,
	}, nil
}

// firstFile is the number of the first descriptor that is crabcan's own.
func (c *compiler) firstFile() int { return 3 + c.f.PreserveFds }

// file adds a descriptor to those init is started with and returns its number.
func (c *compiler) file(role Role, path string) program.Arg {
	c.files = append(c.files, File{role, path})
	return program.Int(c.firstFile() + len(c.files) - 1)
}

// has reports whether the container gets (new or joined) a namespace of the kind flag.
func (c *compiler) has(flag uint64) bool {
	_, ok := c.namespace(flag)
	return ok
}

// makes reports whether the container gets a new namespace of the kind flag.
func (c *compiler) makes(flag uint64) bool {
	n, ok := c.namespace(flag)
	return ok && n.Path == ""
}

func (c *compiler) namespace(flag uint64) (spec.Namespace, bool) {
	for _, n := range c.o.Namespaces {
		if n.Flag == flag {
			return n, true
		}
	}
	return spec.Namespace{}, false
}
