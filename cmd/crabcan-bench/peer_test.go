package main

import (
	"errors"
	"slices"
	"testing"
)

func TestParsePeers(t *testing.T) {
	look := func(path string) (string, error) {
		if path == "gone" {
			return "", errors.New("gone: not found")
		}
		return "/found/" + path, nil
	}
	tests := []struct {
		list         string
		want         []executable
		missing, bad bool
	}{
		{list: ""},
		{list: " runc  crun ", want: []executable{{"runc", "/found/runc"}, {"crun", "/found/crun"}}},
		{list: "new=bin/runc", want: []executable{{"new", "/found/bin/runc"}}},
		{list: "a=gone b=runc", want: []executable{{"b", "/found/runc"}}, missing: true},
		{list: "a/b=runc", bad: true},
		{list: "=runc", bad: true},
		{list: "crabcan=runc", bad: true},
		{list: "floor", bad: true},
	}
	for _, test := range tests {
		got, missing, err := parsePeers(test.list, look)
		if !slices.Equal(got, test.want) || (missing != nil) != test.missing || (err != nil) != test.bad {
			t.Errorf("parsePeers(%q) = %v, %v, %v", test.list, got, missing, err)
		}
	}
}

func TestLastWord(t *testing.T) {
	for text, want := range map[string]string{
		"runc version 1.1.5+ds1\ncommit: x\n": "1.1.5+ds1",
		"crun version 1.8.1\n":                "1.8.1",
		"":                                    "",
		"\n":                                  "",
	} {
		if got := lastWord(text); got != want {
			t.Errorf("lastWord(%q) = %q, want %q", text, got, want)
		}
	}
}
