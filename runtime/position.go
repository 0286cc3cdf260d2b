package runtime

import (
	"errors"

	"github.com/crabcan/crabcan/runtime/cgroup"
	"github.com/crabcan/crabcan/runtime/plan"
	"github.com/crabcan/crabcan/spec"
)

// diagnostic says something of a member of the bundle's config, with its place in the file.
func (c *Container) diagnostic(pointer, message string) spec.Diagnostic {
	line, column := spec.Positions(c.bundle.Config)(pointer)
	return spec.Diagnostic{File: "config.json", Line: line, Col: column, Pointer: pointer, Message: message}
}

// placed turns errors that name a member of the config into such that also name its line. Only what the decoder can't
// see comes this way: what this host or the member's neighbours don't allow.
func (c *Container) placed(err error) error {
	if err == nil {
		return nil
	}
	if several := parts(err); len(several) > 1 {
		var list spec.Errors
		for _, e := range several {
			if d, ok := c.find(e); ok {
				list = append(list, d)
			}
		}
		if len(list) == len(several) {
			return list
		}
		return err
	}
	if d, ok := c.find(err); ok {
		return &placedError{spec.Errors{d}, err}
	}
	return err
}

// parts are the errors that errors.Join has put together, however often.
func parts(err error) (list []error) {
	several, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	for _, e := range several.Unwrap() {
		list = append(list, parts(e)...)
	}
	return list
}

// find looks for the member that an error is about.
func (c *Container) find(err error) (spec.Diagnostic, bool) {
	if e, ok := errors.AsType[*cgroup.Error](err); ok {
		return c.diagnostic(e.Pointer, e.Err.Error()), true
	}
	if e, ok := errors.AsType[*plan.Error](err); ok {
		return c.diagnostic(e.Pointer, e.Err.Error()), true
	}
	return spec.Diagnostic{}, false
}

// placedError is an error in the words of spec.Errors that still unwraps to its cause.
type placedError struct {
	spec.Errors
	cause error
}

func (e *placedError) Unwrap() error { return e.cause }
