package plan

import (
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
)

// byInit are the namespaces that init makes itself in any case: see ownNamespaces.
const byInit = unix.CLONE_NEWCGROUP | unix.CLONE_NEWTIME

// CloneFlags are the CLONE_NEW* bits of the namespaces that init is to be started in. With a user namespace there are
// none: the others must belong to it, so init makes them all at once in its second fork. That is also quicker than to
// let the parent do it, because a clone with CLONE_NEWUSER has Go copy its whole page table (no CLONE_VFORK then).
func (c *compiler) cloneFlags() (flags uint64) {
	if c.has(unix.CLONE_NEWUSER) {
		return 0
	}
	return c.newNamespaces()
}

// newNamespaces are those that clone(2) can make.
func (c *compiler) newNamespaces() (flags uint64) {
	for _, n := range c.o.Namespaces {
		if n.Path == "" {
			flags |= n.Flag &^ byInit
		}
	}
	return flags
}

// enterUserNamespace joins or makes the user namespace and all others. Those joined by path may belong to another user
// namespace (a network made by the host's root) or to the one that is joined, so each is tried before and, when that is
// refused, after. The new ones belong to the user namespace because they are made by the process that is in it.
func (c *compiler) enterUserNamespace() {
	if n, ok := c.namespace(unix.CLONE_NEWTIME); ok && n.Path == "" && !c.f.Unprivileged {
		// Root of the user namespace could not open its timens_offsets: the file of a process that is not dumpable
		// belongs to the host's root (proc_pid(5)).
		c.pointer = n.Pointer
		c.timeNamespace()
	}
	refused := c.joinOthers()
	user, _ := c.namespace(unix.CLONE_NEWUSER)
	c.pointer = user.Pointer
	if user.Path != "" {
		c.call(unix.SYS_SETNS, c.file(RoleNamespace, user.Path), num(unix.CLONE_NEWUSER))
		c.joinRefused(refused)
	}
	c.pointer, c.maps = user.Pointer, true
	clone := len(c.notes)
	c.fork(c.newNamespaces())
	if c.staysDumpable() {
		c.notes[clone].Words = "make a user namespace, which this host may forbid its users (sysctl " +
			"user.max_user_namespaces, kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)"
	}
	c.becomeRoot()
}

// joining is a namespace that could perhaps not be joined yet.
type joining struct {
	pointer string
	flag    uint64
	fd      program.Arg
	refused program.Mem // 1 if so
}

// joinOthers joins all namespaces with a path but the user namespace.
func (c *compiler) joinOthers() (list []joining) {
	for _, n := range c.o.Namespaces {
		if n.Path == "" || n.Flag == unix.CLONE_NEWUSER {
			continue
		}
		c.pointer = n.Pointer
		j := joining{n.Pointer, n.Flag, c.file(RoleNamespace, n.Path), c.Slot()}
		refused, done := c.NewLabel(), c.NewLabel()
		c.call(unix.SYS_SETNS, j.fd, program.Int(n.Flag)).on(unix.EPERM, refused).next(done)
		c.Mark(refused)
		c.move(num(1), j.refused.Addr())
		c.Mark(done)
		list = append(list, j)
	}
	return list
}

// joinRefused tries those again that were refused.
func (c *compiler) joinRefused(list []joining) {
	for _, j := range list {
		c.pointer = j.pointer
		joined := c.NewLabel()
		c.test(j.refused.Val(), num(1), num(1), joined)
		c.call(unix.SYS_SETNS, j.fd, program.Int(j.flag))
		c.Mark(joined)
	}
}

// becomeRoot takes the ids that the namespace has mapped for its root; until then init has those of the host's caller.
// The change of ids takes back the request for a death signal (prctl(2)).
func (c *compiler) becomeRoot() {
	c.words = "become root in the user namespace, where id 0 must be mapped"
	c.call(unix.SYS_SETRESGID, null, null, null)
	c.call(unix.SYS_SETRESUID, null, null, null)
	c.words = ""
	c.keepDumpable()
	c.call(unix.SYS_PRCTL, num(unix.PR_SET_PDEATHSIG), num(int(unix.SIGKILL)))
}

// staysDumpable reports whether init must be dumpable: an unprivileged parent can open nothing below /proc/PID of a
// process that is not, neither uid_map nor later, for hooks and exec, its namespaces. In a new user namespace there is
// nobody who could take advantage of it, but what the user starts there; and init has nothing of the host's. A process
// that joins a container never may be (CVE-2016-9962).
func (c *compiler) staysDumpable() bool {
	return c.f.Unprivileged && c.f.Join == 0 && c.makes(unix.CLONE_NEWUSER)
}

// keepDumpable follows each change of ids, which makes it what fs.suid_dumpable says (proc_sys_fs(5)).
func (c *compiler) keepDumpable() {
	dumpable := 0
	if c.staysDumpable() {
		dumpable = 1
	}
	c.call(unix.SYS_PRCTL, num(unix.PR_SET_DUMPABLE), num(dumpable))
}

// ownOOMScore sets the score where the parent could not: see staysDumpable. It is still the host's /proc that is
// written to, and a process's own file belongs to it as long as it is dumpable.
func (c *compiler) ownOOMScore() {
	if c.o.OOMScoreAdj == nil || !c.f.Unprivileged {
		return
	}
	c.pointer = "/process/oomScoreAdj"
	fd, score := c.Slot(), strconv.Itoa(*c.o.OOMScoreAdj)
	c.openat2(cwd, "/proc/self/oom_score_adj", unix.O_WRONLY, 0, 0).to(fd)
	c.call(unix.SYS_WRITE, fd.Val(), program.Bytes([]byte(score)), num(len(score)))
	c.close(fd)
	c.pointer = ""
}

// mayAsk reports whether the parent may do what init may no longer.
func (c *compiler) mayAsk() bool { return c.has(unix.CLONE_NEWUSER) && !c.f.Unprivileged }

// request has the parent open something and keeps the descriptor that it sends (unix(7), SCM_RIGHTS).
func (c *compiler) request(r Request, fd program.Mem) {
	const header = 16 // bytes of struct cmsghdr, in front of the descriptor
	r.Pointer = c.pointer
	c.requests = append(c.requests, r)
	c.say(program.Open, num(len(c.requests)-1), null)
	control := c.Data(null, null, null)
	data := program.Words(c.text.Addr(), num(1))
	message := c.Data(null, null, data, num(1), control.Addr(), num(8*3), null) // struct msghdr
	c.hear(unix.SYS_RECVMSG, message.Addr(), num(unix.MSG_CMSG_CLOEXEC))
	c.move(control.Load(header), fd.Addr())
}

// openHost opens a path of the host that root of a user namespace may have no way to.
func (c *compiler) openHost(path string, flags uint64, fd program.Mem) {
	if !c.mayAsk() {
		c.openat2(cwd, path, flags, 0, 0).to(fd)
		return
	}
	denied, opened := c.NewLabel(), c.NewLabel()
	c.openat2(cwd, path, flags, 0, 0).to(fd).on(unix.EACCES, denied).next(opened)
	c.Mark(denied)
	c.request(Request{Path: path}, fd)
	c.Mark(opened)
}

// copyHost makes a detached copy of the mount that the host has at a path, which root of a user namespace may have no
// way to.
func (c *compiler) copyHost(path string, recursive bool, tree program.Mem) {
	if !c.mayAsk() {
		c.openTree(cwd, path, recursive).to(tree)
		return
	}
	denied, copied, fd := c.NewLabel(), c.NewLabel(), c.Slot()
	c.openTree(cwd, path, recursive).to(tree).on(unix.EACCES, denied).next(copied)
	c.Mark(denied)
	c.request(Request{Path: path}, fd)
	c.openTree(fd.Val(), "", recursive).to(tree)
	c.close(fd)
	c.Mark(copied)
}
