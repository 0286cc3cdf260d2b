package seccomp

import (
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// roundTrip checks that every name parses to a value that prints as it.
func roundTrip[T interface {
	comparable
	String() string
}](t *testing.T, parse func(string) (T, error), names string) {
	t.Helper()
	for name := range strings.FieldsSeq(names) {
		value, err := parse(name)
		if err != nil {
			t.Error(err)
		} else if again, err := parse(value.String()); err != nil || again != value {
			t.Errorf("%s prints as %s", name, value)
		}
		if value, err := parse(name + "_NOT"); err == nil {
			t.Errorf("%s_NOT parses as %v", name, value)
		}
	}
}

func TestParse(t *testing.T) {
	roundTrip(t, ParseAction, `SCMP_ACT_KILL SCMP_ACT_KILL_PROCESS SCMP_ACT_KILL_THREAD SCMP_ACT_TRAP SCMP_ACT_ERRNO
		SCMP_ACT_TRACE SCMP_ACT_ALLOW SCMP_ACT_LOG SCMP_ACT_NOTIFY`)
	roundTrip(t, ParseOp, `SCMP_CMP_NE SCMP_CMP_LT SCMP_CMP_LE SCMP_CMP_EQ SCMP_CMP_GE SCMP_CMP_GT SCMP_CMP_MASKED_EQ`)
	roundTrip(t, ParseArch, `SCMP_ARCH_X86 SCMP_ARCH_X86_64 SCMP_ARCH_X32 SCMP_ARCH_ARM SCMP_ARCH_AARCH64
		SCMP_ARCH_MIPS SCMP_ARCH_MIPS64 SCMP_ARCH_MIPS64N32 SCMP_ARCH_MIPSEL SCMP_ARCH_MIPSEL64 SCMP_ARCH_MIPSEL64N32
		SCMP_ARCH_PPC SCMP_ARCH_PPC64 SCMP_ARCH_PPC64LE SCMP_ARCH_S390 SCMP_ARCH_S390X SCMP_ARCH_PARISC SCMP_ARCH_PARISC64
		SCMP_ARCH_RISCV64 SCMP_ARCH_LOONGARCH64 SCMP_ARCH_M68K SCMP_ARCH_SH SCMP_ARCH_SHEB`)
}

func TestParseFlag(t *testing.T) {
	for name, want := range map[string]uint{
		"SECCOMP_FILTER_FLAG_TSYNC":              0,
		"SECCOMP_FILTER_FLAG_LOG":                unix.SECCOMP_FILTER_FLAG_LOG,
		"SECCOMP_FILTER_FLAG_SPEC_ALLOW":         unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV": unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
	} {
		if got, err := ParseFlag(name); err != nil || got != want {
			t.Errorf("%s: got %#x and error %v, want %#x", name, got, err, want)
		}
	}
	if _, err := ParseFlag("SECCOMP_FILTER_FLAG_NEW_LISTENER"); err == nil {
		t.Error("a flag that no profile may have was accepted")
	}
}

func TestActionsAreTheKernels(t *testing.T) {
	for a, want := range map[Action]uint32{
		KillThread: unix.SECCOMP_RET_KILL_THREAD, KillProcess: unix.SECCOMP_RET_KILL_PROCESS, Trap: unix.SECCOMP_RET_TRAP,
		Errno: unix.SECCOMP_RET_ERRNO, Notify: unix.SECCOMP_RET_USER_NOTIF, Trace: unix.SECCOMP_RET_TRACE,
		Log: unix.SECCOMP_RET_LOG, Allow: unix.SECCOMP_RET_ALLOW,
	} {
		if uint32(a) != want {
			t.Errorf("%v is %#x, want %#x", a, uint32(a), want)
		}
	}
}

func TestArchesAreTheKernels(t *testing.T) {
	for a, want := range map[Arch]uint32{
		X86: unix.AUDIT_ARCH_I386, X86_64: unix.AUDIT_ARCH_X86_64, X32: unix.AUDIT_ARCH_X86_64, ARM: unix.AUDIT_ARCH_ARM,
		AARCH64: unix.AUDIT_ARCH_AARCH64, LOONGARCH64: unix.AUDIT_ARCH_LOONGARCH64, MIPS: unix.AUDIT_ARCH_MIPS,
		MIPSEL: unix.AUDIT_ARCH_MIPSEL, MIPS64: unix.AUDIT_ARCH_MIPS64, MIPSEL64: unix.AUDIT_ARCH_MIPSEL64,
		MIPS64N32: unix.AUDIT_ARCH_MIPS64N32, MIPSEL64N32: unix.AUDIT_ARCH_MIPSEL64N32, PPC: unix.AUDIT_ARCH_PPC,
		PPC64: unix.AUDIT_ARCH_PPC64, PPC64LE: unix.AUDIT_ARCH_PPC64LE, RISCV64: unix.AUDIT_ARCH_RISCV64,
		S390: unix.AUDIT_ARCH_S390, S390X: unix.AUDIT_ARCH_S390X, M68K: unix.AUDIT_ARCH_M68K, PARISC: unix.AUDIT_ARCH_PARISC,
		PARISC64: unix.AUDIT_ARCH_PARISC64, SH: unix.AUDIT_ARCH_SHEL, SHEB: unix.AUDIT_ARCH_SH,
	} {
		if got := arches[a].audit; got != want {
			t.Errorf("%v has seccomp_data.arch %#x, want %#x", a, got, want)
		}
	}
}

func TestHostArch(t *testing.T) {
	for goarch, want := range map[string]Arch{"amd64": X86_64, "arm64": AARCH64} {
		if got, err := HostArch(goarch); err != nil || got != want {
			t.Errorf("%s: got %v and error %v, want %v", goarch, got, err, want)
		}
	}
	for _, goarch := range []string{"", "wasm"} {
		if got, err := HostArch(goarch); err == nil {
			t.Errorf("%q is taken for %v", goarch, got)
		}
	}
}

// Every name is found, no other is, and every table is in order.
func TestTables(t *testing.T) {
	for i := range nameEnds {
		name := callName(uint16(i))
		if got, ok := lookupName(name); !ok || int(got) != i {
			t.Errorf("%q is found at %d, %v; it is at %d", name, got, ok, i)
		}
		if got, ok := lookupName(name + "_not"); ok {
			t.Errorf("%q is found, as %q", name+"_not", callName(got))
		}
	}
	for i := range arches {
		for j, c := range arches[i].calls {
			if j > 0 && arches[i].calls[j-1].number >= c.number {
				t.Errorf("%s: %s is out of order", arches[i].name, callName(c.name))
			}
		}
	}
}

func TestNumbers(t *testing.T) {
	host, err := HostArch(runtime.GOARCH)
	if err != nil {
		t.Skip(err)
	}
	for _, c := range []struct {
		arch   Arch
		name   string
		number uint32
	}{
		{host, "read", unix.SYS_READ}, {host, "execve", unix.SYS_EXECVE}, {host, "clone3", unix.SYS_CLONE3},
		{host, "mount_setattr", unix.SYS_MOUNT_SETATTR}, {host, "landlock_create_ruleset", unix.SYS_LANDLOCK_CREATE_RULESET},
		{X86, "_llseek", 140}, {X86, "socketcall", 102}, {X86_64, "arch_prctl", 158}, {X32, "read", 0x40000000},
		{X32, "execve", 0x40000208}, {X32, "cachestat", 0x400001c3}, {ARM, "set_tls", 0xf0005}, {ARM, "openat", 322},
		{AARCH64, "openat", 56}, {MIPS, "read", 4003}, {MIPS64, "read", 5000}, {MIPS64N32, "statx", 6330}, {MIPS64N32, "cachestat", 6451},
		{PPC64, "swapcontext", 249}, {RISCV64, "riscv_flush_icache", 259}, {S390, "lchown", 16}, {S390X, "s390_pci_mmio_write", 352},
		{LOONGARCH64, "clone", 220},
	} {
		if got := (wantCall{arch: c.arch, name: c.name}).data(t).number; got != c.number {
			t.Errorf("%s on %v is %d, want %d", c.name, c.arch, got, c.number)
		}
	}
}
