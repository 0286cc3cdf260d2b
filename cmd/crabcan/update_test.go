package main

import "testing"

// Sizes mean what they mean to runc; -2 stands for an error.
func TestSize(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "-1": -1, "4096": 4096, "9223372036854775807": 1<<63 - 1, "9007199254740993": 1<<53 + 1,
		"1k": 1 << 10, "1K": 1 << 10, "1kb": 1 << 10, "1KiB": 1 << 10, "7b": 7, "2t": 2 << 40, "2p": 2 << 50,
		"1.5g": 3 << 29, "512 m": 512 << 20, "512 MiB": 512 << 20, "0.5": 0, ".5k": 512,
		"-2": -2, "-1m": -2, "plenty": -2, "m": -2, "1x": -2, "1mm": -2, "1 kib b": -2, "0x10": -2, " 1": -2,
		"9223372036854775808": -2, "9000000000g": -2, "1e400": -2, "inf": -2, "nan": -2,
	} {
		var got *int64
		if err := size(&got, text); err != nil {
			got = new(int64(-2))
		}
		if *got != want {
			t.Errorf("%q is %d, not %d", text, *got, want)
		}
	}
}
