package state

import (
	"strings"
	"testing"
)

func TestCheckID(t *testing.T) {
	for id, want := range map[string]string{
		"a":                      "",
		"...":                    "",
		"-rf":                    "",
		"Az09_+-.":               "",
		strings.Repeat("x", 255): "",
		"":                       "it is empty",
		".":                      "folder relative to itself",
		"..":                     "folder relative to itself",
		"a/b":                    `it holds '/'`,
		"a b":                    `it holds ' '`,
		"a\n":                    `it holds '\n'`,
		"é":                      `it holds 'é'`,
		"\xff":                   `it holds '�'`,
		strings.Repeat("x", 256): "256 bytes long, at most 255",
	} {
		err := CheckID(id)
		if want == "" && err != nil {
			t.Errorf("%q: %v", id, err)
		}
		if want != "" {
			wantError(t, err, want)
		}
	}
}
