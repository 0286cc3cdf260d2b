package spec

import "golang.org/x/sys/unix"

// restrictedPaths takes over the masked and the read-only paths. Both are mounts: in the host's mount namespace they
// would restrict the host.
func (c *checker) restrictedPaths() {
	c.opts.MaskedPaths = c.pathList("/linux/maskedPaths", c.spec.Linux.MaskedPaths)
	c.opts.ReadonlyPaths = c.pathList("/linux/readonlyPaths", c.spec.Linux.ReadonlyPaths)
}

func (c *checker) pathList(pointer string, paths []string) []string {
	if len(paths) == 0 {
		return nil
	}
	c.needs(unix.CLONE_NEWNS, pointer, "mount")
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = c.absolute(element(pointer, i), p)
	}
	return out
}
