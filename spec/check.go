package spec

import (
	"fmt"
	"path"
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// checker turns a decoded config into options and collects everything that is wrong with it on the way.
type checker struct {
	env      Env
	spec     *specs.Spec
	opts     *ContainerOpts
	problems []problem
	// broken has the pointers of the values that are missing or could not be decoded.
	broken []string
	// namespaces has the CLONE_NEW* bit of each namespace that the container makes or joins.
	namespaces uint64
}

// newChecker continues the list of problems that decoding s began.
func newChecker(s *specs.Spec, env Env, problems []problem) *checker {
	c := &checker{spec: s, env: env, opts: &ContainerOpts{}, problems: problems}
	for _, p := range problems {
		if !p.warning {
			c.broken = append(c.broken, p.pointer)
		}
	}
	return c
}

func (c *checker) errorf(pointer, format string, args ...any) { c.report(false, pointer, format, args) }
func (c *checker) warnf(pointer, format string, args ...any)  { c.report(true, pointer, format, args) }

// report says nothing about what could not be decoded: it is empty here, and that the file has something there, which
// is wrong, has been said.
func (c *checker) report(warning bool, pointer, format string, args []any) {
	if !c.isBroken(pointer) {
		message := fmt.Sprintf(format, args...)
		c.problems = append(c.problems, problem{pointer: pointer, offset: unplaced, message: message, warning: warning})
	}
}

// isBroken reports whether the value at pointer, a part of it or what holds it could not be decoded.
func (c *checker) isBroken(pointer string) bool {
	return slices.ContainsFunc(c.broken, func(b string) bool { return within(b, pointer) || within(pointer, b) })
}

// check fills in c.opts. Namespaces come first: what other members may ask for depends on them.
func (c *checker) check() {
	c.fillAbsent()
	c.version()
	c.namespaceList()
	c.userNamespace()
	c.process()
	c.root()
	c.utsNames()
	c.annotations()
	c.mounts()
	c.timeOffsets()
	c.devices()
	c.sysctl()
	c.restrictedPaths()
	c.cgroup()
	c.seccomp()
	c.personality()
	c.memoryPolicy()
	c.netDevices()
	c.intelRdt()
	c.hooks()
}

// fillAbsent puts empty objects where the config has none, so that no rule has to ask; those without which there is no
// container are errors.
func (c *checker) fillAbsent() {
	c.required("/process", c.spec.Process != nil)
	c.required("/root", c.spec.Root != nil)
	c.spec.Process = orEmpty(c.spec.Process)
	c.spec.Root = orEmpty(c.spec.Root)
	c.spec.Linux = orEmpty(c.spec.Linux)
	c.spec.Hooks = orEmpty(c.spec.Hooks)
}

// required makes an object that the config does not have one error, not one for each of its members.
func (c *checker) required(pointer string, present bool) {
	if !present {
		c.errorf(pointer, "is required")
		c.broken = append(c.broken, pointer)
	}
}

// orEmpty is p, or a zero value in its place.
func orEmpty[T any](p *T) *T {
	if p == nil {
		return new(T)
	}
	return p
}

// text reports whether s can be handed to the kernel, which ends a string at its first NUL byte.
func (c *checker) text(pointer, s string) bool {
	if holdsNUL(s) {
		c.errorf(pointer, "must not hold a NUL byte")
		return false
	}
	return true
}

func holdsNUL(s string) bool { return strings.IndexByte(s, 0) >= 0 }

func (c *checker) texts(pointer string, list []string) {
	for i, s := range list {
		if holdsNUL(s) {
			c.text(element(pointer, i), s)
		}
	}
}

// absolute is p cleaned, or "" and an error.
func (c *checker) absolute(pointer, p string) string {
	switch {
	case p == "":
		c.errorf(pointer, "is required")
	case !path.IsAbs(p):
		c.errorf(pointer, "must be an absolute path, not %q", p)
	case c.text(pointer, p):
		return path.Clean(p)
	}
	return ""
}

// inBundle is p cleaned, relative paths being relative to the bundle, or "" and an error.
func (c *checker) inBundle(pointer, p string) string {
	if p != "" && !path.IsAbs(p) {
		p = path.Join(c.env.Bundle, p)
	}
	return c.absolute(pointer, p)
}
