package spec

import (
	"math"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

const (
	// defaultUmask applies when the config has no user.umask.
	defaultUmask = 0o022
	// The kernel's range of /proc/PID/oom_score_adj, from linux/oom.h.
	oomScoreAdjMin = -1000
	oomScoreAdjMax = 1000
)

func (c *checker) process() {
	p := c.spec.Process
	c.args(p.Args)
	c.opts.Cwd = c.absolute("/process/cwd", p.Cwd)
	c.opts.Env = c.environ(p.Env)
	c.user(p.User)
	c.terminal(p)
	if p.Capabilities != nil {
		c.opts.Caps = c.capabilities(p.Capabilities)
	}
	c.opts.NoNewPrivs = p.NoNewPrivileges
	c.opts.Rlimits = c.rlimits(p.Rlimits)
	if adj := p.OOMScoreAdj; adj != nil && (*adj < oomScoreAdjMin || *adj > oomScoreAdjMax) {
		c.errorf("/process/oomScoreAdj", "must be from %d to %d, not %d", oomScoreAdjMin, oomScoreAdjMax, *adj)
	}
	c.opts.OOMScoreAdj = p.OOMScoreAdj
	c.labels()
	c.scheduler()
	c.ioPriority()
	c.execCPUAffinity()
}

func (c *checker) args(args []string) {
	const pointer = "/process/args"
	if len(args) == 0 {
		c.errorf(pointer, "must hold at least the name of the program")
		return
	}
	if args[0] == "" {
		c.errorf(element(pointer, 0), "must not be empty")
	}
	c.texts(pointer, args)
	c.opts.Path, c.opts.Argv = args[0], args
}

// environ leaves out entries that a later one of the same name replaces, as the peers do: execve would pass on both,
// and which one a program then sees depends on its libc.
func (c *checker) environ(env []string) []string {
	const pointer = "/process/env"
	last := make(map[string]int, len(env))
	for i, entry := range env {
		name, _, _ := strings.Cut(entry, "=")
		last[name] = i
	}
	var out []string
	for i, entry := range env {
		name, _, ok := strings.Cut(entry, "=")
		switch {
		case !ok:
			c.errorf(element(pointer, i), "must have the form NAME=VALUE, not %q", entry)
		case name == "":
			c.errorf(element(pointer, i), "must have a name before the =, not %q", entry)
		case holdsNUL(entry):
			c.text(element(pointer, i), entry)
		case last[name] == i:
			out = append(out, entry)
		}
	}
	return out
}

func (c *checker) user(u specs.User) {
	c.opts.UID, c.opts.GID, c.opts.Groups = u.UID, u.GID, u.AdditionalGids
	c.id("/process/user/uid", u.UID)
	c.id("/process/user/gid", u.GID)
	for i, gid := range u.AdditionalGids {
		c.id(element("/process/user/additionalGids", i), gid)
	}
	c.mapped("/process/user/uid", c.opts.UIDMappings, u.UID)
	c.mapped("/process/user/gid", c.opts.GIDMappings, u.GID)
	for i, gid := range u.AdditionalGids {
		c.mapped(element("/process/user/additionalGids", i), c.opts.GIDMappings, gid)
	}
	c.opts.Umask = defaultUmask
	if u.Umask == nil {
		return
	}
	if *u.Umask > 0o777 {
		c.errorf("/process/user/umask", "must be from 0 to 511 (octal 777), not %d", *u.Umask)
	}
	c.opts.Umask = *u.Umask
}

// noID means "leave it as it is" to setresuid(2): who asks for it would get root.
const noID = 1<<32 - 1

func (c *checker) id(pointer string, id uint32) {
	if id == noID {
		c.errorf(pointer, "must be from 0 to %d", uint32(noID-1))
	}
}

// terminal takes over consoleSize, which the specification wants ignored when there is no terminal.
func (c *checker) terminal(p *specs.Process) {
	c.opts.Terminal = p.Terminal
	if !p.Terminal || p.ConsoleSize == nil {
		return
	}
	c.opts.ConsoleWidth = c.consoleSize("/process/consoleSize/width", p.ConsoleSize.Width)
	c.opts.ConsoleHeight = c.consoleSize("/process/consoleSize/height", p.ConsoleSize.Height)
}

// consoleSize is size as the kernel's struct winsize holds it.
func (c *checker) consoleSize(pointer string, size uint) uint16 {
	if size > math.MaxUint16 {
		c.errorf(pointer, "must be at most %d, not %d", math.MaxUint16, size)
	}
	return uint16(size)
}
