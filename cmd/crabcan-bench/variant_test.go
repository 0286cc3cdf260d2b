package main

import (
	"testing"

	"github.com/crabcan/crabcan/bundles"
)

// TestVariants checks that each variant makes a bundle that crabcan understands.
func TestVariants(t *testing.T) {
	t.Chdir("../..") // the profile is found from the repository's root folder
	work := t.TempDir()
	for _, v := range variants {
		dir, err := v.writeBundle(work, []string{truePath})
		if err != nil {
			t.Fatal(err)
		}
		b, err := bundles.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		o, warnings, err := b.Decode(0)
		if err != nil || len(warnings) > 0 {
			t.Errorf("%q: %v, %v", v.name, warnings, err)
			continue
		}
		if o.Terminal || o.Path != "/bin/true" || o.MountDir != rootfs(work) {
			t.Errorf("%q: terminal %v, path %s, root %s", v.name, o.Terminal, o.Path, o.MountDir)
		}
		if got := o.Seccomp != nil; got != (v.name == "seccomp") {
			t.Errorf("%q: seccomp %v", v.name, got)
		}
		if got := len(o.UIDMappings) > 0; got != (v.name == "userns") {
			t.Errorf("%q: maps ids: %v", v.name, got)
		}
		if got := len(o.Mounts) > moreMounts; got != (v.name == "mounts") {
			t.Errorf("%q: %d mounts", v.name, len(o.Mounts))
		}
	}
}
