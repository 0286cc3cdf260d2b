package state

import "testing"

func TestDefaultRoot(t *testing.T) {
	for name, c := range map[string]struct {
		uid      int
		env      map[string]string
		inUserNS bool
		want     Root
	}{
		"root":                     {want: "/run/crabcan"},
		"root of a login":          {env: map[string]string{"XDG_RUNTIME_DIR": "/run/user/0"}, want: "/run/crabcan"},
		"user":                     {uid: 7, env: map[string]string{"XDG_RUNTIME_DIR": "/run/user/7"}, want: "/run/user/7/crabcan"},
		"user without environment": {uid: 7, want: "/run/user/7/crabcan"},
		"podman's user namespace":  {env: map[string]string{"XDG_RUNTIME_DIR": "/run/user/7"}, inUserNS: true, want: "/run/user/7/crabcan"},
		"root in a container": {
			env:      map[string]string{"XDG_RUNTIME_DIR": "/run/user/7", "USER": "root"},
			inUserNS: true,
			want:     "/run/crabcan",
		},
	} {
		env := func(key string) string { return c.env[key] }
		if got := DefaultRoot(c.uid, env, func() bool { return c.inUserNS }); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
