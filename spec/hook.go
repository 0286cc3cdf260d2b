package spec

import specs "github.com/opencontainers/runtime-spec/specs-go"

func (c *checker) hooks() {
	h, own := c.spec.Hooks, &c.opts.Hooks
	for _, kind := range []struct {
		name string
		from []specs.Hook
		to   *[]Hook
	}{
		//lint:ignore SA1019 deprecated or not, engines still use it
		{"prestart", h.Prestart, &own.Prestart},
		{"createRuntime", h.CreateRuntime, &own.CreateRuntime},
		{"createContainer", h.CreateContainer, &own.CreateContainer},
		{"startContainer", h.StartContainer, &own.StartContainer},
		{"poststart", h.Poststart, &own.Poststart},
		{"poststop", h.Poststop, &own.Poststop},
	} {
		for i, hook := range kind.from {
			*kind.to = append(*kind.to, c.hook(element("/hooks/"+kind.name, i), hook))
		}
	}
}

func (c *checker) hook(pointer string, h specs.Hook) Hook {
	hook := Hook{Path: c.absolute(pointer+"/path", h.Path), Argv: h.Args, Env: h.Env, Pointer: pointer}
	c.texts(pointer+"/args", h.Args)
	c.texts(pointer+"/env", h.Env)
	if len(h.Args) == 0 {
		hook.Argv = []string{hook.Path}
	}
	if h.Timeout != nil {
		if *h.Timeout <= 0 {
			c.errorf(pointer+"/timeout", "must be greater than zero, not %d", *h.Timeout)
		}
		hook.Timeout = *h.Timeout
	}
	return hook
}
