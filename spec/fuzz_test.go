package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// FuzzDecode checks that Decode survives any bytes, that whatever it says has a place in the file, that it reads valid
// files as encoding/json does, with which the peers read them, and that options come only without errors.
func FuzzDecode(f *testing.F) {
	for _, rules := range allRules {
		for _, rule := range rules {
			f.Add(edited(rule.edits...))
		}
	}
	f.Add(Encode(Default()))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, warnings, err := Decode("c", data, testEnv)
		var list Errors
		if (o == nil) != errors.As(err, &list) || err != nil && len(list) == 0 {
			t.Fatalf("options %v with error %v", o, err)
		}
		for _, d := range slices.Concat(warnings, list) {
			checkPlace(t, data, d)
		}
		if err == nil {
			checkOptions(t, o)
			if !slices.ContainsFunc(warnings, isForeign) {
				checkSameAsPeers(t, data)
			}
		}
	})
}

func checkPlace(t *testing.T, data []byte, d Diagnostic) {
	t.Helper()
	lines := bytes.Split(data, []byte("\n"))
	if d.Line < 1 || d.Line > len(lines) || d.Col < 1 || d.Col > len(lines[d.Line-1])+1 || d.Message == "" {
		t.Errorf("%q has no place in the file", d.String())
	}
}

// checkOptions checks what opts.go promises.
func checkOptions(t *testing.T, o *ContainerOpts) {
	t.Helper()
	caps := o.Caps
	ok := len(o.Argv) > 0 && o.Path != "" && o.Path == o.Argv[0] && filepath.IsAbs(o.Cwd) && filepath.IsAbs(o.MountDir) &&
		o.Umask <= 0o777 && caps.Inheritable&^caps.Bounding == 0 && caps.Effective&^caps.Permitted == 0 &&
		caps.Ambient&^(caps.Permitted&caps.Inheritable) == 0
	for _, p := range slices.Concat(o.MaskedPaths, o.ReadonlyPaths, []string{o.Cwd, o.MountDir}) {
		ok = ok && filepath.IsAbs(p) && filepath.Clean(p) == p
	}
	for _, m := range o.Mounts {
		ok = ok && filepath.IsAbs(m.Destination) && filepath.Clean(m.Destination) == m.Destination && m.Pointer != ""
		if m.Bind {
			ok = ok && m.Type == "bind" && (filepath.IsAbs(m.Source) || m.Remount) && m.Data == nil && m.SBFlags == nil
		}
	}
	for _, s := range o.Sysctl {
		ok = ok && filepath.IsLocal(s.Name) && filepath.Clean(s.Name) == s.Name
	}
	if !ok {
		t.Errorf("broken promise: %+v", o)
	}
}

// isForeign reports whether d says that a member was skipped because it is for another platform.
func isForeign(d Diagnostic) bool { return strings.HasSuffix(d.Message, " only and ignored") }

func checkSameAsPeers(t *testing.T, data []byte) {
	t.Helper()
	var ours, theirs specs.Spec
	unmarshal(data, &ours)
	if err := json.Unmarshal(data, &theirs); err != nil {
		t.Errorf("encoding/json: %v", err)
		return
	}
	if !reflect.DeepEqual(ours, theirs) {
		t.Errorf("decoded as\n%s\nencoding/json has\n%s", Encode(&ours), Encode(&theirs))
	}
	again := Encode(&ours)
	if _, _, err := Decode("again", again, testEnv); err != nil {
		t.Errorf("encoded again it has errors: %v\n%s", err, again)
	}
}

// FuzzMountOptions checks that the parser survives any options and keeps its promises about the bits.
func FuzzMountOptions(f *testing.F) {
	for _, option := range mountOptions {
		f.Add(option.name+" ro,size=1", "/src", "tmpfs")
	}
	f.Add(`lowerdir=/a\,b context="x,y" rbind rro`, "src", "bind")
	f.Fuzz(func(t *testing.T, options, source, fsType string) {
		list := strings.Split(options, " ")
		m := parseMountOptions(list)
		for _, a := range []MountAttr{m.Attr, m.RecAttr} {
			const atime = 0x70 // MOUNT_ATTR__ATIME
			mode := a.Set & atime
			if a.Set&a.Clear&^atime != 0 || mode != 0 && a.Clear&atime != atime || mode == 0x30 {
				t.Errorf("%q: mount_setattr would refuse %+v", options, a)
			}
		}
		for _, parameter := range m.Data {
			if parameter == "" {
				t.Errorf("%q: empty parameter in %q", options, m.Data)
			}
		}
		s := DefaultWith(Changes{})
		s.Mounts = []specs.Mount{{Destination: "/m", Type: fsType, Source: source, Options: list}}
		data := Encode(s)
		_, warnings, err := Decode("c", data, testEnv)
		found, _ := err.(Errors)
		for _, d := range slices.Concat(warnings, found) {
			checkPlace(t, data, d)
		}
	})
}
