package spec

import (
	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// executionDomains are PER_* of linux/personality.h. LINUX32 makes uname(2) name the machine's 32-bit kind.
var executionDomains = [...]named[specs.LinuxPersonalityDomain, uint64]{{specs.PerLinux, 0x0000}, {specs.PerLinux32, 0x0008}}

// personality knows no flag: the specification has none that is supported.
func (c *checker) personality() {
	const pointer = "/linux/personality"
	in := c.spec.Linux.Personality
	if in == nil {
		return
	}
	domain, ok := valueOf(executionDomains[:], in.Domain)
	c.knownName(pointer+"/domain", "execution domain", string(in.Domain), ok)
	if len(in.Flags) > 0 {
		c.warnf(pointer+"/flags", "are ignored: the specification supports none")
	}
	c.opts.Personality = &domain
}
