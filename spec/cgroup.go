package spec

import (
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// deviceRuleTypes are the types of linux.resources.devices; an absent one means all.
var deviceRuleTypes = [...]string{"", "a", "b", "c"}

// cgroup passes path and resources through: what they mean depends on the host's cgroup version.
func (c *checker) cgroup() {
	c.text("/linux/cgroupsPath", c.spec.Linux.CgroupsPath)
	c.opts.CgroupsPath = c.spec.Linux.CgroupsPath
	c.opts.Resources = c.spec.Linux.Resources
	resources := orEmpty(c.opts.Resources)
	for i, rule := range resources.Devices {
		c.deviceRule(element("/linux/resources/devices", i), rule)
	}
	c.ignoredMemory(orEmpty(resources.Memory))
}

// ignoredMemory warns of the limits that cgroup v2 never had and v1 has lost.
func (c *checker) ignoredMemory(memory *specs.LinuxMemory) {
	const pointer = "/linux/resources/memory"
	//lint:ignore SA1019 a config may still have it
	if memory.Kernel != nil {
		c.warnf(pointer+"/kernel", "is ignored: kernels since 5.4 have no such limit")
	}
	if memory.KernelTCP != nil {
		c.warnf(pointer+"/kernelTCP", "is ignored: cgroup v2 has no such limit")
	}
}

func (c *checker) deviceRule(pointer string, rule specs.LinuxDeviceCgroup) {
	if !slices.Contains(deviceRuleTypes[:], rule.Type) {
		c.errorf(pointer+"/type", "must be a, b or c, not %q", rule.Type)
	}
	if rule.Access == "" {
		c.errorf(pointer+"/access", "is required")
	}
	switch {
	case !strings.ContainsAny(rule.Access, "rwm") && rule.Access != "":
		c.errorf(pointer+"/access", "must be made of r, w and m, not %q", rule.Access)
	case strings.Trim(rule.Access, "rwm") != "":
		c.warnf(pointer+"/access", "should be made of r, w and m only; the rest of %q is ignored", rule.Access)
	}
}
