package spec

import (
	"slices"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// seccompActions holds each action and the greatest errnoRet that it takes: a SCMP_ACT_ERRNO above the kernel's
// MAX_ERRNO would be cut to it, a tracer gets 16 bits, and with the others the specification wants an error.
var seccompActions = [...]struct {
	name     specs.LinuxSeccompAction
	maxErrno uint
}{
	{specs.ActAllow, 0},
	{specs.ActErrno, 4095},
	{specs.ActKill, 0},
	{specs.ActKillProcess, 0},
	{specs.ActKillThread, 0},
	{specs.ActLog, 0},
	{specs.ActNotify, 0},
	{specs.ActTrace, 65535},
	{specs.ActTrap, 0},
}

var seccompOperators = [...]specs.LinuxSeccompOperator{
	specs.OpNotEqual, specs.OpLessThan, specs.OpLessEqual, specs.OpEqualTo, specs.OpGreaterEqual, specs.OpGreaterThan,
	specs.OpMaskedEqual,
}

var seccompArchitectures = [...]specs.Arch{
	specs.ArchX86, specs.ArchX86_64, specs.ArchX32, specs.ArchARM, specs.ArchAARCH64, specs.ArchMIPS, specs.ArchMIPS64,
	specs.ArchMIPS64N32, specs.ArchMIPSEL, specs.ArchMIPSEL64, specs.ArchMIPSEL64N32, specs.ArchPPC, specs.ArchPPC64,
	specs.ArchPPC64LE, specs.ArchS390, specs.ArchS390X, specs.ArchPARISC, specs.ArchPARISC64, specs.ArchRISCV64,
	specs.ArchLOONGARCH64, specs.ArchM68K, specs.ArchSH, specs.ArchSHEB,
}

// seccompFlags has one name more than the Go binding: the specification's text lists TSYNC too.
var seccompFlags = [...]specs.LinuxSeccompFlag{
	"SECCOMP_FILTER_FLAG_TSYNC", specs.LinuxSeccompFlagLog, specs.LinuxSeccompFlagSpecAllow,
	specs.LinuxSeccompFlagWaitKillableRecv,
}

// maxSyscallArg is the last argument of a system call that a filter sees, struct seccomp_data.
const maxSyscallArg = 5

func (c *checker) seccomp() {
	const pointer = "/linux/seccomp"
	profile := c.spec.Linux.Seccomp
	// A profile without any action is how callers spell "unconfined".
	if profile == nil || profile.DefaultAction == "" && len(profile.Syscalls) == 0 {
		return
	}
	c.seccompAction(pointer+"/defaultAction", pointer+"/defaultErrnoRet", profile.DefaultAction, profile.DefaultErrnoRet)
	checkNames(c, pointer+"/architectures", "architecture", profile.Architectures, seccompArchitectures[:])
	checkNames(c, pointer+"/flags", "filter flag", profile.Flags, seccompFlags[:])
	for i := range profile.Syscalls {
		c.seccompRule(element(pointer+"/syscalls", i), &profile.Syscalls[i])
	}
	c.seccompListener(profile)
	if profile.Flags == nil {
		// As in runc: a filter is there to confine, not to slow the program down by the mitigation of speculative store
		// bypass, which kernels before 5.16 switch on for every filter without this flag.
		profile.Flags = []specs.LinuxSeccompFlag{specs.LinuxSeccompFlagSpecAllow}
	}
	c.opts.Seccomp = profile
}

func (c *checker) seccompRule(pointer string, rule *specs.LinuxSyscall) {
	if len(rule.Names) == 0 {
		c.errorf(pointer+"/names", "must hold at least one system call")
	}
	for i, name := range rule.Names {
		if name == "" {
			c.errorf(element(pointer+"/names", i), "must not be empty")
		}
	}
	c.seccompAction(pointer+"/action", pointer+"/errnoRet", rule.Action, rule.ErrnoRet)
	for i, arg := range rule.Args {
		entry := element(pointer+"/args", i)
		if arg.Index > maxSyscallArg {
			c.errorf(entry+"/index", "must be from 0 to %d, not %d", maxSyscallArg, arg.Index)
		}
		c.knownName(entry+"/op", "operator", string(arg.Op), slices.Contains(seccompOperators[:], arg.Op))
	}
}

func (c *checker) seccompAction(pointer, errnoPointer string, name specs.LinuxSeccompAction, errno *uint) {
	for _, action := range seccompActions {
		if action.name != name {
			continue
		}
		switch {
		case errno == nil:
		case action.maxErrno == 0:
			c.errorf(errnoPointer, "cannot be used with %s", name)
		case *errno > action.maxErrno:
			c.errorf(errnoPointer, "must be at most %d, not %d", action.maxErrno, *errno)
		}
		return
	}
	c.knownName(pointer, "action", string(name), false)
}

// knownName reports an error at pointer unless name is known.
func (c *checker) knownName(pointer, what, name string, known bool) {
	switch {
	case known:
	case name == "":
		c.errorf(pointer, "is required")
	default:
		c.errorf(pointer, "unknown %s %q", what, name)
	}
}

func checkNames[T ~string](c *checker, pointer, what string, names, known []T) {
	for i, name := range names {
		if !slices.Contains(known, name) {
			c.errorf(element(pointer, i), "unknown %s %q", what, name)
		}
	}
}
