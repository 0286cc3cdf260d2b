package netdev

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// twoNamespaces makes this thread a host of its own and returns another namespace beside it.
func twoNamespaces(t *testing.T) (other *os.File) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("needs ip(8)")
	}
	runtime.LockOSThread() // and never unlocked: the thread ends with the test
	for range 2 {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			t.Skip(err)
		}
		if other == nil {
			var err error
			if other, err = os.Open("/proc/thread-self/ns/net"); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { other.Close() })
		}
	}
	return other
}

// ip runs ip(8) in the thread's namespace.
func ip(t *testing.T, args string) string {
	t.Helper()
	out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput()
	if err != nil {
		t.Fatalf("ip %s: %v: %s", args, err, out)
	}
	return string(out)
}

// in runs ip(8) in another namespace.
func in(t *testing.T, ns *os.File, args string) string {
	t.Helper()
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	defer home.Close()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); err != nil {
			t.Error(err)
		}
	}()
	return ip(t, args)
}

func TestMove(t *testing.T) {
	ns := twoNamespaces(t)
	ip(t, "link add v0 mtu 1400 address 02:00:00:00:00:07 type veth peer name v1")
	for _, args := range []string{
		"link set v0 up", "address add 10.1.2.3/24 broadcast + dev v0", "address add 10.9.9.9/32 scope host dev v0",
		"address add 2001:db8::7/64 dev v0 nodad", "address add 10.1.2.4/24 valid_lft 1000 preferred_lft 1000 dev v0",
	} {
		ip(t, args)
	}
	if err := Move("v0", "net0", ns); err != nil {
		t.Fatal(err)
	}
	got := in(t, ns, "address show dev net0")
	for _, want := range []string{
		"mtu 1400", "02:00:00:00:00:07", "inet 10.1.2.3/24 brd 10.1.2.255 scope global net0", "inet6 2001:db8::7/64 scope global", "UP",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %s", want, got)
		}
	}
	for _, other := range []string{"10.9.9.9", "10.1.2.4"} {
		if strings.Contains(got, other) {
			t.Errorf("%s came along: %s", other, got)
		}
	}
	if strings.Contains(ip(t, "link"), "v0") {
		t.Error("it is still here")
	}
}

func TestMoveToFreeNumber(t *testing.T) {
	ns := twoNamespaces(t)
	in(t, ns, "link add net0 type bridge")
	ip(t, "link add v0 type veth peer name v1")
	if err := Move("v0", "net%d", ns); err != nil {
		t.Fatal(err)
	}
	if got := in(t, ns, "-brief link show dev net1"); !strings.Contains(got, "net1") {
		t.Error(got)
	}
}

func TestMoveRefused(t *testing.T) {
	ns := twoNamespaces(t)
	in(t, ns, "link add taken type bridge")
	ip(t, "link add v0 up type veth peer name v1")
	ip(t, "link set lo up")
	for _, c := range []struct{ name, newName, want string }{
		{"absent", "x", "there is no network device absent on the host"},
		{"v0", "taken", "a network device taken already exists in the container's network namespace"},
		{"lo", "x", "move it to the container's network namespace: invalid argument"},
	} {
		if err := Move(c.name, c.newName, ns); err == nil || err.Error() != c.want {
			t.Errorf("Move(%s, %s): %v, want %s", c.name, c.newName, err, c.want)
		}
	}
	for _, device := range []string{"v0", "lo"} {
		if got := ip(t, "link show dev "+device); !strings.Contains(got, "UP") {
			t.Error("it does not stay up on the host:", got)
		}
	}
}

// What the kernel sends is believed only as far as it goes.
func TestOutcome(t *testing.T) {
	for data, want := range map[string]error{
		"\x00\x00\x00\x00": nil, "\xff\xff\xff\xff": unix.EPERM, "": unix.EBADMSG,
	} {
		if err := outcome([]byte(data)); !errors.Is(err, want) {
			t.Errorf("outcome(%q) = %v, want %v", data, err, want)
		}
	}
}
