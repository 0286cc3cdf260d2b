package plan

import (
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
)

// socket is init's end of the socket to its parent: always the first descriptor of crabcan's own.
func (c *compiler) socket() program.Arg { return num(c.firstFile()) }

// InitName is init's command name until it executes the user's program, which then has its own.
const InitName = "crabcan:[init]"

// begin makes init safe before it touches anything: it dies with its parent until the parent has written it down,
// nobody may ptrace it (CVE-2016-9962), and modes of what it makes are exact.
func (c *compiler) begin() error {
	c.file(RoleSocket, "")
	c.onFailure(c.failed)
	c.call(unix.SYS_PRCTL, num(unix.PR_SET_PDEATHSIG), num(int(unix.SIGKILL)))
	c.ownOOMScore()
	if !c.staysDumpable() {
		c.call(unix.SYS_PRCTL, num(unix.PR_SET_DUMPABLE), null)
	}
	// Else the name would be the number of the descriptor it was executed from.
	c.call(unix.SYS_PRCTL, num(unix.PR_SET_NAME), str(InitName))
	c.call(unix.SYS_UMASK, null)
	if c.makes(unix.CLONE_NEWTIME) && c.f.Join == 0 {
		c.hostProc = c.Slot()
		c.openat2(cwd, "/proc", unix.O_PATH|unix.O_DIRECTORY, 0, 0).to(c.hostProc)
	}
	return nil
}

// joinNamespaces enters the namespaces that the config names by path. They were opened by the parent, so the paths
// mean what they mean on the host.
func (c *compiler) joinNamespaces() error {
	if c.has(unix.CLONE_NEWUSER) {
		c.enterUserNamespace()
		return nil
	}
	for _, n := range c.o.Namespaces {
		if n.Path != "" {
			c.pointer = n.Pointer
			fd := c.file(RoleNamespace, n.Path)
			c.call(unix.SYS_SETNS, fd, program.Int(n.Flag))
		}
	}
	if n, ok := c.namespace(unix.CLONE_NEWPID); ok && n.Path != "" {
		c.pointer = n.Pointer
		c.secondFork()
	}
	return nil
}

// secondFork: joining a pid namespace only moves one's children (setns(2)), so init becomes one. CLONE_PARENT makes
// the parent of both the same, who hears the new pid from the old process and then lets the new one go on: else that
// could be ready before the parent knows of it. The new one must ask for its own death signal, which a fork does not
// inherit.
func (c *compiler) secondFork() { c.fork(0) }

// fork makes the second process, in new namespaces if flags has any.
func (c *compiler) fork(flags uint64) {
	c.forks = true
	pid, message := c.Slot(), c.Data(program.Int(program.Forked), null, null)
	inside, told := c.NewLabel(), c.NewLabel()
	c.call(unix.SYS_CLONE, program.Int(flags|unix.CLONE_PARENT|uint64(unix.SIGCHLD)), null, null, null, null).to(pid)
	c.test(pid.Val(), program.Int(^uint64(0)), null, told).next(inside)
	c.Mark(told)
	c.move(pid.Val(), message.At(8))
	c.send(message.Addr(), program.MessageSize)
	c.call(unix.SYS_EXIT_GROUP, null)
	c.Mark(inside)
	c.call(unix.SYS_PRCTL, num(unix.PR_SET_PDEATHSIG), num(int(unix.SIGKILL)))
	c.receive(c.text.Addr(), 8)
}

// enterCgroup waits until the parent has put init into its cgroup, where clone3 could not. A cgroup namespace made
// afterwards has that cgroup as its root.
func (c *compiler) enterCgroup() error {
	if c.f.Attach {
		c.ask(program.Attach, null, null, c.text.Addr(), 8)
	}
	return nil
}

// ownNamespaces makes the namespaces that clone could not make right: the root of a cgroup namespace is the cgroup
// that its maker is in, which for clone is the parent's; and a time namespace takes offsets only before anyone is in.
func (c *compiler) ownNamespaces() error {
	if n, ok := c.namespace(unix.CLONE_NEWCGROUP); ok && n.Path == "" {
		c.pointer = n.Pointer
		c.call(unix.SYS_UNSHARE, num(unix.CLONE_NEWCGROUP))
	}
	if n, ok := c.namespace(unix.CLONE_NEWTIME); ok && n.Path == "" && !c.mayAsk() {
		c.pointer = n.Pointer
		c.timeNamespace()
	}
	if n, ok := c.namespace(unix.CLONE_NEWNET); ok && n.Path == "" {
		c.pointer = n.Pointer
		c.loopback()
	}
	return nil
}

// timeNamespace makes the namespace for children, sets its offsets and then enters it itself (time_namespaces(7)). The
// /proc for that was opened before a mount namespace could be joined, so it is the host's.
func (c *compiler) timeNamespace() {
	fd := c.Slot()
	made := c.pointer
	c.call(unix.SYS_UNSHARE, num(unix.CLONE_NEWTIME))
	for _, t := range c.o.TimeOffsets {
		c.pointer = t.Pointer
		line := t.Clock + " " + strconv.FormatInt(t.Secs, 10) + " " + strconv.FormatUint(uint64(t.Nanos), 10) + "\n"
		c.openat2(c.hostProc.Val(), "self/timens_offsets", unix.O_WRONLY, 0, 0).to(fd)
		c.call(unix.SYS_WRITE, fd.Val(), program.Bytes([]byte(line)), num(len(line)))
		c.close(fd)
	}
	c.pointer = made
	c.openat2(c.hostProc.Val(), "self/ns/time_for_children", unix.O_RDONLY, 0, 0).to(fd)
	c.call(unix.SYS_SETNS, fd.Val(), num(unix.CLONE_NEWTIME))
	c.close(fd)
	c.close(c.hostProc)
}

// loopback brings up lo, without which 127.0.0.1 doesn't answer in a new network namespace.
func (c *compiler) loopback() {
	fd := c.Slot()
	var request [40]byte // struct ifreq, netdevice(7): 16 bytes of name, then the flags
	copy(request[:], "lo")
	request[16] = unix.IFF_UP
	c.call(unix.SYS_SOCKET, num(unix.AF_INET), num(unix.SOCK_DGRAM|unix.SOCK_CLOEXEC), null).to(fd)
	c.call(unix.SYS_IOCTL, fd.Val(), num(unix.SIOCSIFFLAGS), program.Bytes(request[:]))
	c.close(fd)
}

// session makes init the leader of a session of its own, as a terminal needs, and gives it a keyring of its own, so
// that it can't read the keys of whoever called crabcan.
func (c *compiler) session() error {
	c.call(unix.SYS_SETSID)
	if c.f.NoNewKeyring {
		return nil
	}
	// Possessors may do everything but change the permissions, the user may view, read, search and link.
	const permissions = 0x3f1b0000
	ring, none := c.Slot(), c.NewLabel()
	c.keyringLabel(c.o.SELinux)
	c.call(unix.SYS_KEYCTL, num(unix.KEYCTL_JOIN_SESSION_KEYRING), str("_ses."+c.f.ID)).to(ring).on(unix.ENOSYS, none)
	c.call(unix.SYS_KEYCTL, num(unix.KEYCTL_SETPERM), ring.Val(), num(permissions))
	c.Mark(none)
	c.keyringLabel("")
	return nil
}
