package spec

// labels are names that only the host's security modules can judge; what is no text at all is refused here.
func (c *checker) labels() {
	p := c.spec.Process
	c.text("/process/apparmorProfile", p.ApparmorProfile)
	c.text("/process/selinuxLabel", p.SelinuxLabel)
	c.text("/linux/mountLabel", c.spec.Linux.MountLabel)
	c.opts.AppArmor, c.opts.SELinux, c.opts.MountLabel = p.ApparmorProfile, p.SelinuxLabel, c.spec.Linux.MountLabel
}
