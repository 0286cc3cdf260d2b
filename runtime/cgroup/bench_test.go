package cgroup

import (
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// BenchmarkCgroup is what a container's cgroup costs from New to Destroy, with the rules that runc spec writes.
func BenchmarkCgroup(b *testing.B) {
	needRoot(b)
	config := Config{CgroupsPath: "/crabcan-bench", Resources: &specs.LinuxResources{
		Devices: []specs.LinuxDeviceCgroup{{Access: "rwm"}}}}
	for b.Loop() {
		m := newManager(b, config)
		for _, step := range []func() error{
			m.Create, func() error { return m.Enter(func(int) error { return nil }) }, m.Limit, m.Destroy} {
			if err := step(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func newManager(b *testing.B, c Config) *Manager {
	m, err := New(c)
	if err != nil {
		b.Fatal(err)
	}
	return m
}

func BenchmarkDeviceFilter(b *testing.B) {
	rules := deviceRules(nil, nil)
	for b.Loop() {
		deviceFilter(rules)
	}
}
