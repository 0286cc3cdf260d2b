package spec

import "golang.org/x/sys/unix"

// maxName is the kernel's __NEW_UTS_LEN, in bytes.
const maxName = 64

// utsNames checks hostname and domainname; without a UTS namespace they would rename the host.
func (c *checker) utsNames() {
	c.opts.Hostname = c.utsName("/hostname", c.spec.Hostname)
	c.opts.Domainname = c.utsName("/domainname", c.spec.Domainname)
}

func (c *checker) utsName(pointer, name string) string {
	if name == "" {
		return ""
	}
	c.text(pointer, name)
	if len(name) > maxName {
		c.errorf(pointer, "must be at most %d bytes long, not %d", maxName, len(name))
	}
	c.needs(unix.CLONE_NEWUTS, pointer, "uts")
	return name
}
