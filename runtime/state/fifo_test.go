package state

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func makeFifos(t *testing.T) (*Dir, Fifos) {
	t.Helper()
	_, d := newDir(t, "c1")
	fifos, err := d.MakeFifos()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fifos.Close)
	return d, fifos
}

func TestFifosArePrivate(t *testing.T) {
	d, _ := makeFifos(t)
	for _, name := range []string{execFifo, resultFifo} {
		info, err := os.Stat(filepath.Join(d.Path(), name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != os.ModeNamedPipe|0o600 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
}

// start releases init with a byte and then hears nothing (execve happened) or why it failed.
func TestStartHandshake(t *testing.T) {
	for name, record := range map[string]string{"execve happened": "", "execve failed": "step 7: ENOENT"} {
		t.Run(name, func(t *testing.T) {
			d, init := makeFifos(t)
			go func() {
				defer init.Close()
				init.Exec.Read(make([]byte, 1))
				init.Result.WriteString(record)
			}()
			result, err := d.OpenResult()
			if err != nil {
				t.Fatal(err)
			}
			defer result.Close()
			exec, err := d.OpenExec()
			if err != nil {
				t.Fatal(err)
			}
			defer exec.Close()
			if _, err := exec.Write([]byte{1}); err != nil {
				t.Fatal(err)
			}
			if err := result.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(result)
			if err != nil || string(got) != record {
				t.Errorf("start reads %q (%v), want %q", got, err, record)
			}
		})
	}
}

func TestWaiting(t *testing.T) {
	d, init := makeFifos(t)
	want := func(want bool) {
		t.Helper()
		if got, err := d.Waiting(); got != want || err != nil {
			t.Errorf("Waiting is %v (%v), want %v", got, err, want)
		}
	}
	want(true)
	init.Close()
	want(false)
	if _, err := d.OpenExec(); !errors.Is(err, unix.ENXIO) {
		t.Errorf("OpenExec without an init: %v, want ENXIO", err)
	}
	if err := d.RemoveFifos(); err != nil {
		t.Fatal(err)
	}
	want(false)
	if _, err := d.OpenExec(); !errors.Is(err, unix.ENOENT) {
		t.Errorf("OpenExec without a fifo: %v, want ENOENT", err)
	}
}
