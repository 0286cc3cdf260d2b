package spec

import specs "github.com/opencontainers/runtime-spec/specs-go"

// Env holds the facts about the world that a config.json is read against.
type Env struct {
	// Bundle is the bundle's folder, absolute: relative root paths and bind sources are relative to it.
	Bundle string
	// Own holds the CLONE_NEW* bits of those namespaces that the config joins by path although crabcan is in them
	// already. To join them is to have none of one's own.
	Own uint64
}

// Decode turns the bytes of a config.json into options. file is the name that diagnostics carry. The diagnostics are
// warnings; the error is of type Errors and holds every error of the file, or the first one of its syntax. Nothing
// outside of data is looked at: neither files nor the host's abilities. The options keep no part of data.
func Decode(file string, data []byte, env Env) (*ContainerOpts, []Diagnostic, error) {
	var s specs.Spec
	problems, ok := unmarshal(data, &s)
	c := newChecker(&s, env, problems)
	if ok {
		c.check()
	}
	if len(c.problems) == 0 {
		return c.opts, nil, nil
	}
	warnings, err := place(file, data, c.problems)
	if err != nil {
		return nil, warnings, err
	}
	return c.opts, warnings, nil
}
