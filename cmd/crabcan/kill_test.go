package main

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestParseSignal(t *testing.T) {
	for text, want := range map[string]unix.Signal{
		"":            unix.SIGTERM,
		"0":           0,
		"9":           unix.SIGKILL,
		"64":          64,
		"KILL":        unix.SIGKILL,
		"SIGKILL":     unix.SIGKILL,
		"sigwinch":    unix.SIGWINCH,
		"Usr1":        unix.SIGUSR1,
		"RTMIN":       34,
		"SIGRTMIN+3":  37,
		"rtmin+30":    64,
		"RTMAX":       64,
		"SIGRTMAX-14": 50,
	} {
		if got, err := parseSignal(text); got != want || err != nil {
			t.Errorf("%q: got %d, %v, not %d", text, got, err, want)
		}
	}
	for _, text := range []string{
		"65", "-9", "+9", "256", "4294967305", "9 ", "SIG", "SIGSIGKILL", "BOGUS", "RTMIN+", "RTMIN+31", "RTMIN-1", "RTMAX-31",
		"KILL+1", "KILL-1",
	} {
		if got, err := parseSignal(text); err == nil {
			t.Errorf("%q: got %d", text, got)
		}
	}
}
