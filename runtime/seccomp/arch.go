package seccomp

import "fmt"

// An Arch is one of the runtime-spec's architectures. The zero value is none.
type Arch uint8

// The architectures, named as in SCMP_ARCH_*.
const (
	X86 Arch = iota + 1
	X86_64
	X32
	ARM
	AARCH64
	LOONGARCH64
	M68K
	MIPS
	MIPSEL
	MIPS64
	MIPSEL64
	MIPS64N32
	MIPSEL64N32
	PARISC
	PARISC64
	PPC
	PPC64
	PPC64LE
	RISCV64
	S390
	S390X
	SH
	SHEB
)

// An archInfo is what the compiler knows of an architecture.
type archInfo struct {
	name   string // in the runtime-spec
	goarch string // Go's name for it as a host, or empty
	audit  uint32 // AUDIT_ARCH_* of linux/audit.h, seccomp_data.arch
	calls  []call // in ascending order of number; nil if we have none

	// wide: arguments have 64 bits. libseccomp counts x32 and n32 among
	// those of 32, and so do we.
	wide bool
	// multiplexed: socketcall and ipc stand for families of calls.
	multiplexed bool
	// hidesUnknown: a call that the kernel does not know reaches the
	// filter as number 0.
	hidesUnknown bool
	// private, if not zero, is the first number of a block of calls apart
	// from those whose numbers grow as Linux does.
	private uint32
}

// A call is the number of a system call and the index of its name.
type call struct {
	number uint32
	name   uint16
}

const (
	auditLE  = 0x40000000 // __AUDIT_ARCH_LE
	audit64  = 0x80000000 // __AUDIT_ARCH_64BIT
	auditN32 = 0x20000000 // __AUDIT_ARCH_CONVENTION_MIPS64_N32
	x32Bit   = 0x40000000 // __X32_SYSCALL_BIT, set in the number of a call
	skipped  = 0xffffffff // the number -1: a tracer had the call skipped
	armOwn   = 0x000f0000 // __ARM_NR_BASE
)

// arches is indexed by Arch. The parts of audit are EM_* of linux/elf-em.h and
// the bits above.
var arches = [...]archInfo{
	X86:         {name: "SCMP_ARCH_X86", goarch: "386", audit: 3 | auditLE, calls: callsX86, multiplexed: true},
	X86_64:      {name: "SCMP_ARCH_X86_64", goarch: "amd64", audit: 62 | auditLE | audit64, calls: callsX8664, wide: true},
	X32:         {name: "SCMP_ARCH_X32", audit: 62 | auditLE | audit64, calls: callsX32},
	ARM:         {name: "SCMP_ARCH_ARM", goarch: "arm", audit: 40 | auditLE, calls: callsARM, private: armOwn},
	AARCH64:     {name: "SCMP_ARCH_AARCH64", goarch: "arm64", audit: 183 | auditLE | audit64, calls: callsAARCH64, wide: true},
	LOONGARCH64: {name: "SCMP_ARCH_LOONGARCH64", goarch: "loong64", audit: 258 | auditLE | audit64, calls: callsLOONGARCH64, wide: true},
	M68K:        {name: "SCMP_ARCH_M68K", audit: 4},
	MIPS:        {name: "SCMP_ARCH_MIPS", goarch: "mips", audit: 8, calls: callsMIPS, multiplexed: true},
	MIPSEL:      {name: "SCMP_ARCH_MIPSEL", goarch: "mipsle", audit: 8 | auditLE, calls: callsMIPS, multiplexed: true},
	MIPS64:      {name: "SCMP_ARCH_MIPS64", goarch: "mips64", audit: 8 | audit64, calls: callsMIPS64, wide: true},
	MIPSEL64:    {name: "SCMP_ARCH_MIPSEL64", goarch: "mips64le", audit: 8 | auditLE | audit64, calls: callsMIPS64, wide: true},
	MIPS64N32:   {name: "SCMP_ARCH_MIPS64N32", audit: 8 | audit64 | auditN32, calls: callsMIPS64N32},
	MIPSEL64N32: {name: "SCMP_ARCH_MIPSEL64N32", audit: 8 | auditLE | audit64 | auditN32, calls: callsMIPS64N32},
	PARISC:      {name: "SCMP_ARCH_PARISC", audit: 15},
	PARISC64:    {name: "SCMP_ARCH_PARISC64", audit: 15 | audit64, wide: true},
	PPC:         {name: "SCMP_ARCH_PPC", goarch: "ppc", audit: 20, calls: callsPPC, multiplexed: true},
	PPC64:       {name: "SCMP_ARCH_PPC64", goarch: "ppc64", audit: 21 | audit64, calls: callsPPC64, wide: true, multiplexed: true},
	PPC64LE:     {name: "SCMP_ARCH_PPC64LE", goarch: "ppc64le", audit: 21 | auditLE | audit64, calls: callsPPC64, wide: true, multiplexed: true},
	RISCV64:     {name: "SCMP_ARCH_RISCV64", goarch: "riscv64", audit: 243 | auditLE | audit64, calls: callsRISCV64, wide: true},
	S390:        {name: "SCMP_ARCH_S390", audit: 22, calls: callsS390, multiplexed: true, hidesUnknown: true},
	S390X:       {name: "SCMP_ARCH_S390X", goarch: "s390x", audit: 22 | audit64, calls: callsS390X, wide: true, multiplexed: true, hidesUnknown: true},
	SH:          {name: "SCMP_ARCH_SH", audit: 42 | auditLE},
	SHEB:        {name: "SCMP_ARCH_SHEB", audit: 42},
}

// ParseArch returns the architecture that the runtime-spec calls name, such as
// SCMP_ARCH_X86_64. It knows them all; Compile does not take them all.
func ParseArch(name string) (Arch, error) {
	for a := X86; int(a) < len(arches); a++ {
		if arches[a].name == name {
			return a, nil
		}
	}
	return 0, fmt.Errorf("%q is no seccomp architecture", name)
}

// ArchNames returns the names of the architectures that Compile takes.
func ArchNames() []string {
	var list []string
	for _, a := range arches {
		if a.calls != nil {
			list = append(list, a.name)
		}
	}
	return list
}

// HostArch returns the architecture of a host with that runtime.GOARCH.
func HostArch(goarch string) (Arch, error) {
	for a := X86; int(a) < len(arches); a++ {
		if goarch != "" && arches[a].goarch == goarch {
			return a, nil
		}
	}
	return 0, fmt.Errorf("no seccomp architecture is known for GOARCH %q", goarch)
}

// String returns the name of a in the runtime-spec.
func (a Arch) String() string {
	if !a.valid() {
		return fmt.Sprintf("unknown (%d)", uint8(a))
	}
	return arches[a].name
}

func (a Arch) valid() bool { return a > 0 && int(a) < len(arches) }

// bigEndian reports whether a stores the high word of an argument first.
func (a *archInfo) bigEndian() bool { return a.audit&auditLE == 0 }
