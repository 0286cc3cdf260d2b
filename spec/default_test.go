package spec

import (
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// TestDefault shows the default config and what it means. It has to be beyond reproach.
func TestDefault(t *testing.T) {
	data := Encode(Default())
	golden(t, "default.json", string(data))
	if text := said(data); text != "" {
		t.Error(text)
	}
}

func TestDefaultWith(t *testing.T) {
	for _, test := range []struct {
		name     string
		changes  Changes
		terminal bool
		user     specs.User
		rootfs   string
		command  string
	}{
		{"nothing", Changes{}, true, specs.User{}, "rootfs", "sh"},
		{"user", Changes{UID: 1000}, true, specs.User{UID: 1000, GID: 1000}, "rootfs", "sh"},
		{"user and group", Changes{UID: 1000, GID: new(uint32)}, true, specs.User{UID: 1000}, "rootfs", "sh"},
		{"command", Changes{Rootfs: "/srv", Args: []string{"id", "-u"}}, false, specs.User{}, "/srv", "id"},
	} {
		s := DefaultWith(test.changes)
		o, warnings, err := Decode("c", Encode(s), testEnv)
		if err != nil || warnings != nil {
			t.Errorf("%s: %v %v", test.name, warnings, err)
			continue
		}
		if o.Terminal != test.terminal || o.UID != test.user.UID || o.GID != test.user.GID ||
			s.Root.Path != test.rootfs || o.Path != test.command {
			t.Errorf("%s: got %s", test.name, Encode(s))
		}
	}
}
