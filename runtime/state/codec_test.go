package state

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEncodeIsInvertible(t *testing.T) {
	for _, s := range []State{{}, fullState()} {
		data, err := encode(s)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode(data)
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if diff := cmp.Diff(s, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestEncodeRefusesWhatJSONCannotHold(t *testing.T) {
	_, err := encode(State{Bundle: "/b\xff"})
	wantError(t, err, "invalid UTF-8")
}

func TestDecodeSkipsUnknownMembers(t *testing.T) {
	got, err := decode([]byte(`{"new":[{"id":1}],"id":"c1","cgroup":{"new":null,"path":"p"},"last":{}}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(State{ID: "c1", Cgroup: Cgroup{Path: "p"}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeErrors(t *testing.T) {
	for data, want := range map[string]string{
		"":                                "EOF",
		"[]":                              "want {",
		`{"id":`:                          "EOF",
		`{"id":1}`:                        `at "/id": found number, want string`,
		`{"version":"1"}`:                 `at "/version": found string, want number`,
		`{"version":9007199254740993.5`:   `at "/version"`,
		`{"initPid":9223372036854775808}`: "too large",
		`{"owner":4294967296}`:            "too large",
		`{"owner":-1}`:                    `at "/owner"`,
		`{"created":"yesterday"}`:         `at "/created"`,
		`{"cgroup":{"systemd":0}}`:        `at "/cgroup/systemd"`,
		`{"annotations":{"a":null}}`:      `at "/annotations/a"`,
		`{"id":"a","id":"b"}`:             "duplicate",
		`{} {}`:                           "something follows",
	} {
		_, err := decode([]byte(data))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", data, err, want)
		}
	}
}
