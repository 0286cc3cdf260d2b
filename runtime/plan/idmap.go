package plan

import (
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/spec"
)

// idleChapters are the work of a process that is there only to be in a user namespace.
var idleChapters = []chapter{
	(*compiler).begin,
	(*compiler).idle,
	(*compiler).failures,
}

// CompileUserNamespace makes the plan of a process that makes a user namespace, sends Ready and ends with its parent, or
// when that answers. The namespace's mappings are the parent's business.
func CompileUserNamespace() (*Plan, error) {
	return compileChapters(&spec.ContainerOpts{}, Facts{Run: true}, idleChapters)
}

func (c *compiler) idle() error {
	c.call(unix.SYS_UNSHARE, num(unix.CLONE_NEWUSER))
	c.ask(program.Ready, null, null, c.text.Addr(), 8)
	c.call(unix.SYS_EXIT_GROUP, null)
	return nil
}
