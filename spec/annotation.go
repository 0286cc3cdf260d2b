package spec

// annotations are kept as they are; the specification forbids an empty name.
func (c *checker) annotations() {
	c.opts.Annotations = c.spec.Annotations
	if _, ok := c.spec.Annotations[""]; ok {
		c.errorf(member("/annotations", ""), "must have a name that is not empty")
	}
}
