package spec

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var testEnv = Env{Bundle: "/bundles/test"}

// golden compares got with a file of testdata.
func golden(t *testing.T, name string, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; go test -update rewrites it):\n%s", file, diff)
	}
}

// render shows what Decode returns: warnings, then errors, then options.
func render(o *ContainerOpts, warnings []Diagnostic, err error) string {
	var b strings.Builder
	for _, w := range warnings {
		b.WriteString("warning: " + w.String() + "\n")
	}
	if err != nil {
		b.WriteString(err.Error() + "\n")
	}
	if o != nil {
		data, _ := json.MarshalIndent(o, "", "  ")
		b.Write(append(data, '\n'))
	}
	return b.String()
}

// TestGolden decodes every config of testdata.
func TestGolden(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.json")
	if len(files) == 0 {
		t.Fatal("no configs in testdata")
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(name, ".json")+".golden", render(Decode("config.json", data, testEnv)))
		})
	}
}

// TestClientsConfigs says in words what the golden files of the clients' configs must never show.
func TestClientsConfigs(t *testing.T) {
	for _, name := range []string{"docker.json", "podman.json", "containerd.json", "runc.json"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := Decode(name, data, testEnv); err != nil {
			t.Error(err)
		}
	}
}

// TestBrokenText has files that are no JSON, or not one object: one error, with its place.
func TestBrokenText(t *testing.T) {
	for _, test := range []struct{ data, want string }{
		{"", "c:1:1: the file ends before the object does"},
		{"\n\n", "c:3:1: the file ends before the object does"},
		{"{", "c:1:2: the file ends before the object does"},
		{"{\n \"linux\": {\"devices\": [{\"path\": \"/d", "c:2:36: the file ends before the object does"},
		{"null", "c:1:1: must be a JSON object"},
		{"\n[]", "c:2:1: must be a JSON object"},
		{"{}\n{}", "c:2:1: unexpected text after the object"},
		{"{} ,", "c:1:4: unexpected text after the object"},
		{"{\n\"root\": tru}", "c:2:12: root: invalid character '}' in literal true (expecting 'e')"},
		{"{\"root\": {\"path\": \"\xff\"}}", "c:1:20: root.path: invalid UTF-8"},
		{"\ufeff{}", "c:1:1: invalid character '\\ufeff' at start of value"},
		{`{"hostname" "h"}`, "c:1:13: hostname: invalid character '\"' after object name (expecting ':')"},
		{`{"process": {"args": ["a" "b"]}}`, "c:1:27: process.args: invalid character '\"' after array element (expecting ',' or ']')"},
		{strings.Repeat(`{"a":`, 20000), "c:1:50001: " + strings.Repeat("a.", 9999) + "a: exceeded max depth"},
	} {
		o, _, err := Decode("c", []byte(test.data), testEnv)
		if o != nil {
			t.Errorf("%.40q: options in spite of the error", test.data)
		}
		var list Errors
		if !errors.As(err, &list) || len(list) != 1 {
			t.Errorf("%.40q: got %v, want one error", test.data, err)
			continue
		}
		if diff := cmp.Diff(test.want, err.Error()); diff != "" {
			t.Errorf("%.40q: (-want +got):\n%s", test.data, diff)
		}
	}
}

// TestDecodeKeepsNothing checks that the options survive the buffer that they were read from.
func TestDecodeKeepsNothing(t *testing.T) {
	data := Encode(Default())
	o, _, err := Decode("c", data, testEnv)
	if err != nil {
		t.Fatal(err)
	}
	before := render(o, nil, nil)
	clear(data)
	if diff := cmp.Diff(before, render(o, nil, nil)); diff != "" {
		t.Error(diff)
	}
}
