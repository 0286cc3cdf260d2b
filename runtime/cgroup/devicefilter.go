package cgroup

import (
	"slices"

	"github.com/opencontainers/cgroups/devices/config"
	"golang.org/x/sys/unix"
)

// instruction is struct bpf_insn (linux/bpf.h). Both architectures that crabcan runs on are little-endian, where the
// destination register is in the low half of registers.
type instruction struct {
	code      uint8
	registers uint8
	offset    int16
	immediate int32
}

// Registers of the filter, above r0 (the result) and r1 (struct bpf_cgroup_dev_ctx, linux/bpf.h).
const (
	regResult  = 0
	regContext = 1
	regType    = 2
	regAccess  = 3 // what is asked for and not yet allowed
	regMajor   = 4
	regMinor   = 5
	regDevice  = 6 // major and minor as the kernel's dev_t has them
)

// minorBits is MINORBITS of the kernel's dev_t (linux/kdev_t.h): 12 bits of major lie above 20 of minor.
const (
	minorBits = 20
	maxMajor  = 1<<(32-minorBits) - 1
	maxMinor  = 1<<minorBits - 1
)

// maxFilterRules keeps the verifier inside its limit of a million instructions: for rules about some accesses to one
// device its work grows with the square of their number, to a second here.
const maxFilterRules = 1000

// deviceFilter compiles rules to a BPF_PROG_TYPE_CGROUP_DEVICE program. It goes through them from the last to the
// first, so that a later rule wins: a rule that allows takes its accesses off those asked for, and none left is yes;
// a rule that denies one of those left is no. At the end decides what holds for devices without a rule. The two types
// of devices have parts of their own, and the usual rule is a single jump: loading the filter is most of the time that
// a container's cgroup takes, and grows with every jump.
func deviceFilter(rules []*config.Rule) []instruction {
	allow, rules := splitRules(rules)
	f := filter{
		{code: unix.BPF_LDX | unix.BPF_MEM | unix.BPF_W, registers: regAccess | regContext<<4},
		{code: unix.BPF_ALU | bpfMov | unix.BPF_X, registers: regType | regAccess<<4},
		{code: unix.BPF_ALU | unix.BPF_AND, registers: regType, immediate: 0xffff},
		{code: unix.BPF_ALU | unix.BPF_RSH, registers: regAccess, immediate: 16},
		{code: unix.BPF_LDX | unix.BPF_MEM | unix.BPF_W, registers: regMajor | regContext<<4, offset: 4},
		{code: unix.BPF_LDX | unix.BPF_MEM | unix.BPF_W, registers: regMinor | regContext<<4, offset: 8},
		{code: unix.BPF_ALU | bpfMov | unix.BPF_X, registers: regDevice | regMajor<<4},
		{code: unix.BPF_ALU | unix.BPF_LSH, registers: regDevice, immediate: minorBits},
		{code: unix.BPF_ALU | unix.BPF_OR | unix.BPF_X, registers: regDevice | regMinor<<4},
	}
	f.jump(bpfJ32|bpfJne, regType, unix.BPF_DEVCG_DEV_CHAR, toBlock)
	f.rules(rules, config.CharDevice, allow)
	f.land(toBlock)
	f.rules(rules, config.BlockDevice, allow)
	f.end(false)
	f.end(true)
	return f
}

// What golang.org/x/sys/unix lacks of linux/bpf.h and linux/bpf_common.h.
const (
	bpfMov  = 0xb0 // BPF_MOV
	bpfJne  = 0x50 // BPF_JNE
	bpfJ32  = 0x06 // BPF_JMP32
	bpfExit = 0x90 // BPF_EXIT
)

// Offsets that stand for places further on until land is called there. No jump goes backwards.
const (
	toReject = -1 - iota
	toAccept
	toBlock
	toNext // what follows the rule
)

func target(allow bool) int16 {
	if allow {
		return toAccept
	}
	return toReject
}

// filter is a program under construction.
type filter []instruction

func (f *filter) add(code, register uint8, immediate int32) {
	*f = append(*f, instruction{code: code, registers: register, immediate: immediate})
}

func (f *filter) jump(code, register uint8, immediate int32, offset int16) {
	*f = append(*f, instruction{code: code, registers: register, offset: offset, immediate: immediate})
}

// rules adds the rules about one type of devices and what holds for those without a rule. It ends early at a rule
// about every access to every such device: the verifier refuses instructions that are never reached.
func (f *filter) rules(rules []*config.Rule, kind config.Type, allow bool) {
	for _, r := range slices.Backward(rules) {
		if r.Type != kind {
			continue
		}
		if r.Major == wildcard && r.Minor == wildcard && r.Permissions == allAccess {
			allow = r.Allow
			break
		}
		f.rule(r)
	}
	f.jump(unix.BPF_JMP, 0, 0, target(allow))
}

// rule adds one rule. If it decides about every access the test itself can jump to the end.
func (f *filter) rule(r *config.Rule) {
	register, number := uint8(regDevice), int32(uint32(r.Major)<<minorBits|uint32(r.Minor))
	switch {
	case r.Major == wildcard && r.Minor == wildcard:
		f.decide(r.Allow, accessBits(r.Permissions))
		return
	case r.Major == wildcard:
		register, number = regMinor, int32(r.Minor)
	case r.Minor == wildcard:
		register, number = regMajor, int32(r.Major)
	}
	if r.Permissions == allAccess {
		f.jump(bpfJ32|unix.BPF_JEQ, register, number, target(r.Allow))
		return
	}
	f.jump(bpfJ32|bpfJne, register, number, toNext)
	f.decide(r.Allow, accessBits(r.Permissions))
	f.land(toNext)
}

// decide adds what a rule about some accesses says of a device that it is about.
func (f *filter) decide(allow bool, access int32) {
	const all = unix.BPF_DEVCG_ACC_MKNOD | unix.BPF_DEVCG_ACC_READ | unix.BPF_DEVCG_ACC_WRITE
	if !allow {
		f.jump(bpfJ32|unix.BPF_JSET, regAccess, access, toReject)
		return
	}
	f.add(unix.BPF_ALU|unix.BPF_AND, regAccess, all&^access)
	f.jump(bpfJ32|unix.BPF_JEQ, regAccess, 0, toAccept)
}

// end adds an end of the program, if a jump goes there.
func (f *filter) end(allow bool) {
	if f.land(target(allow)) {
		f.add(unix.BPF_ALU|bpfMov, regResult, int32(index(allow)))
		f.add(unix.BPF_JMP|bpfExit, 0, 0)
	}
}

// land leads the jumps to a place here, and reports whether there are any.
func (f *filter) land(place int16) (any bool) {
	for i := range *f {
		if (*f)[i].offset == place {
			(*f)[i].offset = int16(len(*f) - i - 1)
			any = true
		}
	}
	return any
}

func accessBits(p config.Permissions) (bits int32) {
	for _, c := range p {
		switch c {
		case 'm':
			bits |= unix.BPF_DEVCG_ACC_MKNOD
		case 'r':
			bits |= unix.BPF_DEVCG_ACC_READ
		case 'w':
			bits |= unix.BPF_DEVCG_ACC_WRITE
		}
	}
	return bits
}

func index(b bool) int {
	if b {
		return 1
	}
	return 0
}
