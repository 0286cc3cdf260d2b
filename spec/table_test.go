package spec

import (
	"reflect"
	"strings"
	"testing"

	"github.com/moby/sys/capability"
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

func TestCapabilityNumbers(t *testing.T) {
	known := capability.ListKnown()
	if len(known) != len(capabilityNames) {
		t.Fatalf("%d names, want %d", len(capabilityNames), len(known))
	}
	for _, number := range known {
		if want := "CAP_" + strings.ToUpper(number.String()); capabilityNames[number] != want {
			t.Errorf("capability %d is %s, want %s", number, capabilityNames[number], want)
		}
	}
}

func TestRlimitNumbers(t *testing.T) {
	for name, want := range map[string]int{
		"RLIMIT_CPU": unix.RLIMIT_CPU, "RLIMIT_FSIZE": unix.RLIMIT_FSIZE, "RLIMIT_DATA": unix.RLIMIT_DATA,
		"RLIMIT_STACK": unix.RLIMIT_STACK, "RLIMIT_CORE": unix.RLIMIT_CORE, "RLIMIT_RSS": unix.RLIMIT_RSS,
		"RLIMIT_NPROC": unix.RLIMIT_NPROC, "RLIMIT_NOFILE": unix.RLIMIT_NOFILE, "RLIMIT_MEMLOCK": unix.RLIMIT_MEMLOCK,
		"RLIMIT_AS": unix.RLIMIT_AS, "RLIMIT_LOCKS": unix.RLIMIT_LOCKS, "RLIMIT_SIGPENDING": unix.RLIMIT_SIGPENDING,
		"RLIMIT_MSGQUEUE": unix.RLIMIT_MSGQUEUE, "RLIMIT_NICE": unix.RLIMIT_NICE, "RLIMIT_RTPRIO": unix.RLIMIT_RTPRIO,
		"RLIMIT_RTTIME": unix.RLIMIT_RTTIME,
	} {
		if rlimitNames[want] != name {
			t.Errorf("limit %d is %s, want %s", want, rlimitNames[want], name)
		}
	}
}

// TestBinding checks what the decoder takes for granted of the specification's Go binding: every field is tagged, and of
// a type that it can fill. Fields for other platforms are skipped, whatever their type.
func TestBinding(t *testing.T) {
	checkBinding(t, reflect.TypeFor[specs.Spec](), map[reflect.Type]bool{})
}

func checkBinding(t *testing.T, typ reflect.Type, seen map[reflect.Type]bool) {
	if seen[typ] {
		return
	}
	seen[typ] = true
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		checkBinding(t, typ.Elem(), seen)
	case reflect.Struct:
		for i := range typ.NumField() {
			f := typ.Field(i)
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name == "" && !f.Anonymous {
				t.Errorf("%s.%s has no name", typ, f.Name)
			}
			if foreignPlatform(f.Tag.Get("platform")) == "" {
				checkBinding(t, f.Type, seen)
			}
		}
	case reflect.String, reflect.Bool:
	default:
		if zero := reflect.Zero(typ); !zero.CanInt() && !zero.CanUint() {
			t.Errorf("%s: the decoder cannot fill it", typ)
		}
	}
}

func TestDotted(t *testing.T) {
	for pointer, want := range map[string]string{
		"":                                  "",
		"/mounts/3/options/1":               "mounts[3].options[1]",
		"/process/args":                     "process.args",
		"/linux/sysctl/net.ipv4.ip_forward": `linux.sysctl["net.ipv4.ip_forward"]`,
		"/linux/sysctl/net~1ipv4~1x":        `linux.sysctl["net/ipv4/x"]`,
		"/annotations/":                     `annotations[""]`,
		"/annotations/~01":                  `annotations["~1"]`,
		"/annotations/a\nb":                 `annotations["a\nb"]`,
	} {
		if got := Dotted(pointer); got != want {
			t.Errorf("Dotted(%q) = %q, want %q", pointer, got, want)
		}
	}
}
