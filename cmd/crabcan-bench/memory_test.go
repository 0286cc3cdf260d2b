package main

import (
	"os"
	"testing"
)

// TestPeak measures commands of this user's own: it needs no privilege.
func TestPeak(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	measure := func(argv ...string) (int64, error) { return peak(argv, t.TempDir(), null, null) }
	bytes, err := measure("/bin/sh", "-c", "exit 0")
	if err != nil {
		t.Fatal(err)
	}
	// This process has more than that, and must not be seen in the figure.
	if bytes <= 0 || bytes > 8<<20 {
		t.Errorf("a shell takes %d bytes", bytes)
	}
	if _, err := measure("/bin/sh", "-c", "exit 7"); err == nil {
		t.Error("a command that fails is accepted")
	}
	if _, err := measure("/nonexistent"); err == nil {
		t.Error("a command that does not exist is accepted")
	}
}
