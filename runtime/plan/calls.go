package plan

import (
	"strings"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
)

// Short names for what every chapter writes down.
var (
	num   = program.Int[int]
	str   = program.Str
	null  = program.Int(0)
	empty = program.Str("")
	cwd   = program.Int(unix.AT_FDCWD)
)

// step is a step that was just added, for saying what comes of it.
type step struct{ s *program.Step }

// to keeps the result in a slot.
func (s step) to(m program.Mem) step { s.s.Result = m.Addr(); return s }

// on leads to a label after an errno.
func (s step) on(errno unix.Errno, to program.Label) step {
	s.s.On = append(s.s.On, program.Case{Errno: uint32(errno), To: to})
	return s
}

// onAny leads to a label after any error.
func (s step) onAny(to program.Label) step {
	s.s.On = append(s.s.On, program.Case{Errno: program.AnyErrno, To: to})
	return s
}

// next leads to a label after success.
func (s step) next(to program.Label) step { s.s.Next = to; return s }

// add appends a step under the current note.
func (c *compiler) add(s program.Step) step {
	c.Add(s)
	c.notes = append(c.notes, Note{c.pointer, c.words})
	return step{&c.Steps[len(c.Steps)-1]}
}

// call appends a system call.
func (c *compiler) call(nr uintptr, args ...program.Arg) step {
	return c.add(program.Step{Nr: nr, Args: args})
}

// try appends a system call whose failure with one of errnos is as good as success.
func (c *compiler) try(errnos []unix.Errno, nr uintptr, args ...program.Arg) step {
	s := c.call(nr, args...)
	after := c.NewLabel()
	c.Mark(after)
	for _, e := range errnos {
		s.on(e, after)
	}
	return s
}

// ignore appends a system call whose failure doesn't matter.
func (c *compiler) ignore(nr uintptr, args ...program.Arg) step {
	s := c.call(nr, args...)
	after := c.NewLabel()
	c.Mark(after)
	return s.onAny(after)
}

// move keeps a value in memory.
func (c *compiler) move(value, to program.Arg) step {
	return c.add(program.Step{Op: program.OpMove, Args: []program.Arg{value}, Result: to})
}

// test goes on if value&mask == want, else to a label.
func (c *compiler) test(value, mask, want program.Arg, otherwise program.Label) step {
	return c.add(program.Step{Op: program.OpTest, Args: []program.Arg{value, mask, want}}).onAny(otherwise)
}

// jump goes to a label. A test of 0 == 0 always succeeds, so its other way out is never taken.
func (c *compiler) jump(to program.Label) {
	c.test(null, null, null, to).next(to)
}

// onFailure makes l the place where unforeseen errors lead from here on.
func (c *compiler) onFailure(l program.Label) {
	c.Failure(l)
	c.notes = append(c.notes, Note{c.pointer, ""})
}

// fail ends the program with an errno of the plan's own choice.
func (c *compiler) fail(errno unix.Errno) {
	c.add(program.Step{Op: program.OpFail, Args: []program.Arg{num(int(errno))}})
}

func (c *compiler) close(fd program.Mem) { c.call(unix.SYS_CLOSE, fd.Val()) }

// inRoot are the rules by which every path inside the container is resolved: nothing leads out of dir, whatever the
// image's symbolic links say, and /proc's magic links lead nowhere (CVE-2019-19921, CVE-2021-30465 and their kin).
const inRoot = unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS

// openat2 opens path below dir under the rules given.
func (c *compiler) openat2(dir program.Arg, path string, flags, mode, resolve uint64) step {
	how := program.Words(program.Int(flags|unix.O_CLOEXEC), program.Int(mode), program.Int(resolve))
	again := c.NewLabel()
	c.Mark(again)
	s := c.call(unix.SYS_OPENAT2, dir, str(path), how, num(24))
	if resolve != 0 {
		// A mount or rename anywhere on the machine while the kernel follows a ".." makes it give up (openat2(2)).
		s.on(unix.EAGAIN, again)
	}
	return s
}

// open opens an absolute path of the container as the container sees it.
func (c *compiler) open(path string, flags uint64) step {
	return c.openat2(c.root.Val(), below(path), flags, 0, inRoot)
}

// below turns an absolute path into one relative to the root's descriptor.
func below(path string) string {
	if path == "/" {
		return "."
	}
	return strings.TrimPrefix(path, "/")
}

// mountSetattr changes the mount that fd stands for, and with recursive all mounts below it.
func (c *compiler) mountSetattr(fd program.Arg, path string, set, clear, propagation uint64, recursive bool) step {
	flags := unix.AT_EMPTY_PATH
	if recursive {
		flags |= unix.AT_RECURSIVE
	}
	attr := program.Words(program.Int(set), program.Int(clear), program.Int(propagation), null)
	return c.call(unix.SYS_MOUNT_SETATTR, fd, str(path), num(flags), attr, num(32))
}

// moveMount attaches the detached mount tree to what target stands for. Both are descriptors: nothing can be swapped
// between the check of a path and its use.
func (c *compiler) moveMount(tree, target program.Arg) step {
	return c.call(unix.SYS_MOVE_MOUNT, tree, empty, target, empty,
		num(unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH))
}

// openTree makes a detached copy of the mount at path below dir ("" is dir itself).
func (c *compiler) openTree(dir program.Arg, path string, recursive bool) step {
	flags := uint64(unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC)
	if path == "" {
		flags |= unix.AT_EMPTY_PATH
	}
	if recursive {
		flags |= unix.AT_RECURSIVE
	}
	return c.call(unix.SYS_OPEN_TREE, dir, str(path), program.Int(flags))
}

// mkdirs makes the missing folders of an absolute path inside the container and keeps a descriptor of the last one.
// mkdirat never follows a link at its last component, and each level is opened under the rules of inRoot, so nothing
// is ever made outside (CVE-2024-45310).
func (c *compiler) mkdirs(path string, fd program.Mem) {
	if path == "/" {
		c.open("/", unix.O_PATH|unix.O_DIRECTORY).to(fd)
		return
	}
	folder, next := c.root, c.Slot()
	names := strings.Split(below(path), "/")
	for i, name := range names {
		c.try([]unix.Errno{unix.EEXIST, unix.EROFS}, unix.SYS_MKDIRAT, folder.Val(), str(name), num(0o755))
		c.open("/"+strings.Join(names[:i+1], "/"), unix.O_PATH|unix.O_DIRECTORY).to(next)
		if i > 0 {
			c.close(fd)
		}
		c.move(next.Val(), fd.Addr())
		folder = fd
	}
}
