package console

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/containerd/console"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// pty makes a pseudo-terminal. The master is not closed by the test.
func pty(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, path, err := console.NewPtyFromFile(master)
	if err != nil {
		t.Fatal(err)
	}
	return master, openTerminal(t, path)
}

func openTerminal(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// piped is a container's terminal whose caller has pipes.
type piped struct {
	*Proxy
	terminal *os.File // as the container's processes have it
	keys     *os.File // what the caller types
	screen   *os.File // what the caller sees
}

func attachPipes(t *testing.T) piped {
	t.Helper()
	master, slave := pty(t)
	in, keys := pipe(t)
	screen, out := pipe(t)
	p, err := Attach(master, Caller{In: in, Out: out, Err: out})
	if err != nil {
		t.Fatal(err)
	}
	return piped{p, slave, keys, screen}
}

func mustWrite(t *testing.T, f *os.File, s string) {
	t.Helper()
	if _, err := f.WriteString(s); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, f *os.File, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(f, got); err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("got %q, not %q", got, want)
	}
}

func TestProxyShows(t *testing.T) {
	p := attachPipes(t)
	mustWrite(t, p.terminal, "one\ntwo\n")
	expect(t, p.screen, "one\ntwo\n")
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestProxyEnters(t *testing.T) {
	p := attachPipes(t)
	defer p.Close()
	mustWrite(t, p.keys, "hello\n")
	expect(t, p.terminal, "hello\n")
	expect(t, p.screen, "hello\n") // its echo
}

func TestProxyPassesEndOfInputOn(t *testing.T) {
	for _, typed := range []string{"", "line\n", "no line end"} {
		t.Run(typed, func(t *testing.T) {
			p := attachPipes(t)
			defer p.Close()
			mustWrite(t, p.keys, typed)
			p.keys.Close()
			if got, err := io.ReadAll(p.terminal); err != nil || string(got) != typed {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestProxyTakesInputFromFile(t *testing.T) {
	file := t.TempDir() + "/in"
	if err := os.WriteFile(file, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	master, slave := pty(t)
	_, out := pipe(t)
	p, err := Attach(master, Caller{In: in, Out: out, Err: out})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if got, err := io.ReadAll(slave); err != nil || string(got) != "from a file\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestProxyDrainsAtEnd(t *testing.T) {
	want := strings.Repeat("0123456789abcde\n", 200) // less than a pty holds
	for range 20 {
		p := attachPipes(t)
		mustWrite(t, p.terminal, want)
		p.terminal.Close()
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		p.caller.Out.Close()
		if got, err := io.ReadAll(p.screen); err != nil || string(got) != want {
			t.Fatalf("got %d bytes of %d, %v", len(got), len(want), err)
		}
	}
}

func TestProxyEndsThoughTerminalIsStillOpen(t *testing.T) {
	p := attachPipes(t)
	mustWrite(t, p.terminal, "last words\n")
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	expect(t, p.screen, "last words\n")
}

func TestProxyGoesOnWhenTerminalIsOpenedAgain(t *testing.T) {
	p := attachPipes(t)
	defer p.Close()
	path := p.terminal.Name()
	mustWrite(t, p.terminal, "first\n")
	p.terminal.Close()
	expect(t, p.screen, "first\n")
	mustWrite(t, openTerminal(t, path), "second\n")
	expect(t, p.screen, "second\n")
}

func TestProxyHangsUpWhenNobodyReads(t *testing.T) {
	p := attachPipes(t)
	p.screen.Close()
	mustWrite(t, p.terminal, "to nobody\n")
	// A terminal that was hung up is at its end, for readers and writers.
	got, err := io.ReadAll(p.terminal)
	if len(got) != 0 || err != nil && !errors.Is(err, unix.EIO) {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := p.terminal.WriteString("x"); !errors.Is(err, unix.EIO) {
		t.Errorf("writing: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestProxyEndsWhenContainerReadsNothing(t *testing.T) {
	p := attachPipes(t)
	typed := make(chan error)
	go func() {
		// More than the two ptys and pipes hold together.
		_, err := p.keys.Write(bytes.Repeat([]byte("x"), 1<<20))
		typed <- err
	}()
	expect(t, p.screen, "xxx") // it has begun: the echo
	go func() { _, _ = io.Copy(io.Discard, p.screen) }()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p.caller.In.Close()
	if err := <-typed; !errors.Is(err, unix.EPIPE) {
		t.Errorf("typing: %v", err)
	}
}

func modes(t *testing.T, f *os.File) unix.Termios {
	t.Helper()
	m, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *m
}

func TestProxyWithCallersTerminal(t *testing.T) {
	window, tty := pty(t)
	defer window.Close()
	before := modes(t, tty)
	setSize(t, window, 123, 45)
	master, slave := pty(t)
	p, err := Attach(master, Caller{In: tty, Out: tty, Err: tty})
	if err != nil {
		t.Fatal(err)
	}
	if raw := modes(t, tty); raw.Lflag&(unix.ICANON|unix.ECHO|unix.ISIG) != 0 {
		t.Errorf("the caller's terminal is not in raw mode: %#x", raw.Lflag)
	}
	expectSize(t, slave, 123, 45)
	setSize(t, window, 80, 25)
	p.Resize()
	expectSize(t, slave, 80, 25)

	mustWrite(t, slave, "hello\n")
	expect(t, window, "hello\r\n")
	mustWrite(t, window, "typed\r")
	expect(t, slave, "typed\n")

	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(before, modes(t, tty)); diff != "" {
		t.Errorf("the caller's terminal was not restored:\n%s", diff)
	}
	p.Resize() // a signal may come late
}

func TestProxyLeavesTerminalThatIsNotInput(t *testing.T) {
	window, tty := pty(t)
	defer window.Close()
	before := modes(t, tty)
	setSize(t, window, 123, 45)
	in, _ := pipe(t)
	master, slave := pty(t)
	p, err := Attach(master, Caller{In: in, Out: tty, Err: tty})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if diff := cmp.Diff(before, modes(t, tty)); diff != "" {
		t.Errorf("the caller's terminal was changed:\n%s", diff)
	}
	expectSize(t, slave, 123, 45)
}

func setSize(t *testing.T, f *os.File, columns, rows uint16) {
	t.Helper()
	if err := unix.IoctlSetWinsize(int(f.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: columns, Row: rows}); err != nil {
		t.Fatal(err)
	}
}

func expectSize(t *testing.T, f *os.File, columns, rows uint16) {
	t.Helper()
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		t.Fatal(err)
	}
	if size.Col != columns || size.Row != rows {
		t.Errorf("the size is %d x %d, not %d x %d", size.Col, size.Row, columns, rows)
	}
}

func TestAttachNoTerminal(t *testing.T) {
	r, w := pipe(t)
	if _, err := Attach(r, Caller{In: r, Out: w, Err: w}); err == nil {
		t.Error("a pipe was taken for a terminal")
	}
	if err := r.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the master was not closed: %v", err)
	}
}
