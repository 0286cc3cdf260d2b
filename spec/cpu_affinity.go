package spec

// execCPUAffinity is for processes that join the container; its own has no use for it.
func (c *checker) execCPUAffinity() {
	const pointer = "/process/execCPUAffinity"
	in := orEmpty(c.spec.Process.ExecCPUAffinity)
	c.opts.ExecAffinity = CPUAffinity{
		Initial: c.idSet(pointer+"/initial", "", in.Initial),
		Final:   c.idSet(pointer+"/final", "", in.Final),
	}
}

// idSet is a list of processors or nodes; what begins the complaint about a wrong one.
func (c *checker) idSet(pointer, what, list string) IDSet {
	set, err := parseIDSet(list)
	if err != nil {
		c.errorf(pointer, "%s%v", what, err)
	}
	return set
}
