package plan

import (
	"errors"
	"runtime"
	"slices"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/runtime/seccomp"
)

var errNoExecve = errors.New("the profile does not allow execve, so no program could be started")

// filter loads the seccomp filter as the last thing before execve, so that the profile need allow none of init's own
// work but capset and execve itself.
func (c *compiler) filter() error {
	if c.o.Seccomp == nil {
		return nil
	}
	c.pointer = "/linux/seccomp"
	profile, err := profile(c.o.Seccomp)
	if err != nil {
		return &Error{c.pointer, err}
	}
	native, err := seccomp.HostArch(runtime.GOARCH)
	if err != nil {
		return err
	}
	f, err := seccomp.Compile(profile, native)
	if err != nil {
		return &Error{c.pointer, err}
	}
	if !allowsExecve(profile) {
		return &Error{c.pointer, errNoExecve}
	}
	c.filterFlags, c.unknownCalls = f.Flags, f.Unknown
	if f.Notify {
		if err := c.checkAgent(profile); err != nil {
			return &Error{c.pointer, err}
		}
		c.filterFlags |= unix.SECCOMP_FILTER_FLAG_NEW_LISTENER
	}
	c.reportToStart("load the seccomp filter")
	code := f.Bytes()
	prog := program.Words(num(len(code)/8), program.Bytes(code)) // struct sock_fprog
	load := c.call(unix.SYS_SECCOMP, num(unix.SECCOMP_SET_MODE_FILTER), num(int(c.filterFlags)), prog)
	if f.Notify {
		listener := c.Slot()
		load.to(listener)
		c.passListener(listener)
	}
	if c.lateCaps() {
		c.pointer = "/process/capabilities"
		c.reportToStart("set the capabilities, which the seccomp profile must allow")
		c.capset(c.o.Caps)
	}
	return nil
}

// allowsExecve reports whether a profile lets init become the user's program. A rule without conditions decides; one
// with conditions may.
func allowsExecve(p seccomp.Profile) bool {
	permits := func(a seccomp.Action) bool {
		return a == seccomp.Allow || a == seccomp.Log || a == seccomp.Trace || a == seccomp.Notify
	}
	maybe := permits(p.Default)
	for _, r := range p.Rules {
		if !slices.Contains(r.Names, "execve") || r.Action == p.Default {
			continue // Compile leaves out what changes nothing
		}
		if len(r.Args) == 0 {
			return permits(r.Action)
		}
		maybe = maybe || permits(r.Action)
	}
	return maybe
}

// profile turns the config's seccomp section, whose names have been checked, into the compiler's terms.
func profile(s *specs.LinuxSeccomp) (p seccomp.Profile, err error) {
	p.Default, err = seccomp.ParseAction(string(s.DefaultAction))
	if err != nil {
		return p, err
	}
	p.DefaultErrno = s.DefaultErrnoRet
	for _, name := range s.Architectures {
		arch, err := seccomp.ParseArch(string(name))
		if err != nil {
			return p, err
		}
		p.Arches = append(p.Arches, arch)
	}
	for _, name := range s.Flags {
		flag, err := seccomp.ParseFlag(string(name))
		if err != nil {
			return p, err
		}
		p.Flags |= flag
	}
	for _, rule := range s.Syscalls {
		r, err := toRule(rule)
		if err != nil {
			return p, err
		}
		p.Rules = append(p.Rules, r)
	}
	return p, nil
}

func toRule(s specs.LinuxSyscall) (r seccomp.Rule, err error) {
	r.Names, r.Errno = s.Names, s.ErrnoRet
	r.Action, err = seccomp.ParseAction(string(s.Action))
	if err != nil {
		return r, err
	}
	for _, a := range s.Args {
		op, err := seccomp.ParseOp(string(a.Op))
		if err != nil {
			return r, err
		}
		r.Args = append(r.Args, seccomp.ArgCond{Index: a.Index, Op: op, Value: a.Value, ValueTwo: a.ValueTwo})
	}
	return r, nil
}
