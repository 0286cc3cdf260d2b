package spec

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

const processPointer = "/process"

// ExecChanges is what exec's flags change in the container's own process.
type ExecChanges struct {
	Args []string
	Env  []string // added
	// Cwd, AppArmor and SELinux replace when not empty.
	Cwd, AppArmor, SELinux string
	// User is "UID" or "UID:GID", Groups are added.
	User   string
	Groups []uint32
	// Caps are added to the bounding, effective and permitted sets. Not to the inheritable one: a program with file
	// capabilities would gain them (CVE-2022-29162).
	Caps     []string
	Terminal bool
	// NoNewPrivs is nil for what the container has.
	NoNewPrivs *bool
}

// DecodeProcess turns the bytes of a process file (exec --process) into the options of a process in the container that
// config describes; all but the process is the container's. Diagnostics are as in Decode, members without "process.".
func DecodeProcess(file string, data, config []byte, env Env) (*ContainerOpts, []Diagnostic, error) {
	var process specs.Process
	problems, ok := unmarshal(data, &process)
	for i := range problems {
		problems[i].pointer = processPointer + problems[i].pointer
	}
	c := ofContainer(config, env, problems)
	if ok {
		inherit(&process, orEmpty(c.spec.Process))
		c.spec.Process = &process
		c.check()
	}
	var own []problem
	for _, p := range c.problems {
		if within(processPointer, p.pointer) {
			p.pointer = p.pointer[len(processPointer):]
			own = append(own, p)
		}
	}
	warnings, err := place(file, data, own)
	if err != nil {
		return nil, warnings, err
	}
	return c.opts, warnings, nil
}

// inherit gives a process what its file doesn't say and what would be a loss to have none of: without its labels it
// would run unconfined in a confined container.
func inherit(p, container *specs.Process) {
	replace(&container.ApparmorProfile, p.ApparmorProfile)
	replace(&container.SelinuxLabel, p.SelinuxLabel)
	p.ApparmorProfile, p.SelinuxLabel = container.ApparmorProfile, container.SelinuxLabel
	p.Capabilities = cmp.Or(p.Capabilities, container.Capabilities)
	p.User.Umask = cmp.Or(p.User.Umask, container.User.Umask)
	p.OOMScoreAdj = cmp.Or(p.OOMScoreAdj, container.OOMScoreAdj)
	p.Scheduler = cmp.Or(p.Scheduler, container.Scheduler)
	p.IOPriority = cmp.Or(p.IOPriority, container.IOPriority)
	p.ExecCPUAffinity = cmp.Or(p.ExecCPUAffinity, container.ExecCPUAffinity)
	if len(p.Rlimits) == 0 {
		p.Rlimits = container.Rlimits
	}
}

// ChangeProcess is the container's own process with some changes. The error names the member that a change made wrong.
func ChangeProcess(config []byte, env Env, change ExecChanges) (*ContainerOpts, error) {
	c := ofContainer(config, env, nil)
	p := orEmpty(c.spec.Process)
	p.Args = change.Args
	p.Env = append(p.Env, change.Env...)
	p.Terminal = change.Terminal
	p.NoNewPrivileges = *cmp.Or(change.NoNewPrivs, &p.NoNewPrivileges)
	replace(&p.Cwd, change.Cwd)
	replace(&p.ApparmorProfile, change.AppArmor)
	replace(&p.SelinuxLabel, change.SELinux)
	p.User.AdditionalGids = append(p.User.AdditionalGids, change.Groups...)
	if change.User != "" {
		c.parseUser(change.User, &p.User)
	}
	for _, name := range change.Caps {
		if !slices.Contains(capabilityNames[:], name) {
			c.errorf("/process/capabilities", "unknown capability %q", name)
		}
	}
	if len(change.Caps) > 0 {
		p.Capabilities = orEmpty(p.Capabilities)
		for _, set := range []*[]string{&p.Capabilities.Bounding, &p.Capabilities.Effective, &p.Capabilities.Permitted} {
			*set = append(slices.Clip(*set), change.Caps...)
		}
		if len(p.Capabilities.Inheritable) > 0 {
			// An ordinary user's program keeps only ambient ones, which must be inheritable already.
			p.Capabilities.Ambient = append(slices.Clip(p.Capabilities.Ambient), change.Caps...)
		}
	}
	c.spec.Process = p
	c.check()
	var wrong []string
	for _, p := range c.problems {
		if !p.warning && within(processPointer, p.pointer) {
			wrong = append(wrong, Dotted(p.pointer)+": "+p.message)
		}
	}
	if len(wrong) > 0 {
		return nil, changeError(strings.Join(wrong, "\n"))
	}
	return c.opts, nil
}

// changeError is what the flags of exec made wrong: there is no file to point into.
type changeError string

func (e changeError) Error() string { return string(e) }

// ofContainer is a checker of a config that was accepted when the container was created.
func ofContainer(config []byte, env Env, problems []problem) *checker {
	var s specs.Spec
	unmarshal(config, &s)
	return newChecker(&s, env, problems)
}

func replace(old *string, value string) {
	if value != "" {
		*old = value
	}
}

// parseUser is strict: numbers of 32 bits, and never a fall-back to a name or to 0 (CVE-2026-30892, CVE-2024-40635).
func (c *checker) parseUser(text string, u *specs.User) {
	uid, gid, both := strings.Cut(text, ":")
	u.UID = c.parseID("/process/user/uid", uid)
	if both {
		u.GID = c.parseID("/process/user/gid", gid)
	}
}

func (c *checker) parseID(pointer, text string) uint32 {
	id, err := strconv.ParseUint(text, 10, 32)
	if err != nil || id == noID || strings.HasPrefix(text, "+") {
		c.errorf(pointer, "must be a number from 0 to %d, not %q", uint32(noID-1), text)
	}
	return uint32(id)
}
