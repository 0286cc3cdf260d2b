package plan

import (
	"encoding/binary"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/spec"
)

// hostname names the machine that the container believes to be.
func (c *compiler) hostname() error {
	if h := c.o.Hostname; h != "" {
		c.pointer = "/hostname"
		c.call(unix.SYS_SETHOSTNAME, program.Bytes([]byte(h)), num(len(h)))
	}
	if d := c.o.Domainname; d != "" {
		c.pointer = "/domainname"
		c.call(unix.SYS_SETDOMAINNAME, program.Bytes([]byte(d)), num(len(d)))
	}
	return nil
}

// sysctl writes kernel parameters, after the hooks, which may bring the network interfaces that some are about.
func (c *compiler) sysctl() error {
	for _, s := range c.o.Sysctl {
		c.pointer = s.Pointer
		c.writeProc("sys/"+s.Name, s.Value)
	}
	return nil
}

// workingFolder makes the working directory while init still may, and before the root becomes read-only.
func (c *compiler) workingFolder() error {
	if c.o.Cwd == "/" {
		return nil
	}
	c.pointer = "/process/cwd"
	fd, missing, found := c.Slot(), c.NewLabel(), c.NewLabel()
	c.open(c.o.Cwd, unix.O_PATH|unix.O_DIRECTORY).to(fd).on(unix.ENOENT, missing).next(found)
	c.Mark(missing)
	c.mkdirs(c.o.Cwd, fd)
	c.Mark(found)
	c.close(fd)
	return nil
}

// limits sets what must be set while init is still privileged.
func (c *compiler) limits() error {
	c.rlimits()
	if c.o.NoNewPrivs {
		c.pointer = "/process/noNewPrivileges"
		c.call(unix.SYS_PRCTL, num(unix.PR_SET_NO_NEW_PRIVS), num(1), null, null, null)
	}
	return nil
}

// rlimits sets the resource limits. Only the host's root may raise one (setrlimit(2)), so in a user namespace the parent
// is asked when that is refused.
func (c *compiler) rlimits() {
	refused, done := c.NewLabel(), c.NewLabel()
	ask := c.mayAsk() && len(c.o.Rlimits) > 0
	for _, r := range c.o.Rlimits {
		c.pointer = r.Pointer
		limit := program.Words(program.Int(r.Soft), program.Int(r.Hard))
		set := c.call(unix.SYS_PRLIMIT64, null, num(r.Resource), limit, null)
		if ask {
			set.on(unix.EPERM, refused)
		}
	}
	if !ask {
		return
	}
	c.jump(done)
	c.Mark(refused)
	c.ask(program.Limits, null, null, c.text.Addr(), 8)
	c.Mark(done)
}

// identity makes init the user that the config names: first what only root may do, then the ids, then the
// capabilities, which KEEPCAPS saves over the change of ids (capabilities(7)).
func (c *compiler) identity() error {
	c.pointer = "/process/user"
	for _, fd := range c.f.OwnStdio {
		// /dev/stdout must be open to the user who writes there; where it can't be given away it stays as it is.
		c.ignore(unix.SYS_FCHOWN, num(fd), num(int(c.o.UID)), num(-1))
	}
	if c.o.Terminal {
		c.call(unix.SYS_FCHOWN, num(0), num(int(c.o.UID)), num(-1))
	}
	c.boundingSet()
	c.pointer = "/process/cwd"
	later := c.Slot()
	denied, inside := c.NewLabel(), c.NewLabel()
	c.call(unix.SYS_CHDIR, str(c.o.Cwd)).on(unix.EACCES, denied).next(inside)
	c.Mark(denied)
	c.move(num(1), later.Addr())
	c.Mark(inside)
	c.pointer = "/process/user"
	c.call(unix.SYS_PRCTL, num(unix.PR_SET_KEEPCAPS), num(1), null, null, null)
	c.setIDs()
	c.capabilities()
	c.pointer = "/process/user/umask"
	c.call(unix.SYS_UMASK, num(int(c.o.Umask)))
	c.pointer = "/process/cwd"
	c.enterFolder(later)
	return nil
}

// enterFolder tries once more, as the user, to enter a folder that root could not (a network file system), and makes
// sure that the working directory is one of the container's: a leaked descriptor of the host's would show here as
// "(unreachable)" (CVE-2024-21626).
func (c *compiler) enterFolder(later program.Mem) {
	done, ok := c.NewLabel(), c.NewLabel()
	c.test(later.Val(), num(1), num(1), done)
	c.call(unix.SYS_CHDIR, str(c.o.Cwd))
	c.Mark(done)
	here := c.Zero(unix.PathMax)
	outside := c.NewLabel()
	c.call(unix.SYS_GETCWD, here.Addr(), num(unix.PathMax))
	c.test(here.Load(0), num(0xff), num('/'), outside).next(ok)
	c.Mark(outside)
	c.words = "the working directory is outside of the container"
	c.fail(unix.EPERM)
	c.words = ""
	c.Mark(ok)
}

func (c *compiler) boundingSet() {
	c.pointer = "/process/capabilities/bounding"
	for n := range c.f.LastCap + 1 {
		if c.o.Caps.Bounding&(1<<n) == 0 {
			c.call(unix.SYS_PRCTL, num(unix.PR_CAPBSET_DROP), num(n), null, null, null)
		}
	}
}

func (c *compiler) setIDs() {
	groups := make([]byte, 0, 4*len(c.o.Groups))
	for _, g := range c.o.Groups {
		groups = binary.LittleEndian.AppendUint32(groups, g)
	}
	var denied []unix.Errno
	if c.inUserNS() && len(c.o.Groups) == 0 {
		// A user may not give up groups unless root allowed it (user_namespaces(7)); whoever asks for some must know.
		denied = []unix.Errno{unix.EPERM}
	}
	c.try(denied, unix.SYS_SETGROUPS, num(len(c.o.Groups)), program.Bytes(groups))
	uid, gid := program.Int(c.o.UID), program.Int(c.o.GID)
	c.call(unix.SYS_SETRESGID, gid, gid, gid)
	c.call(unix.SYS_SETRESUID, uid, uid, uid)
	c.keepDumpable()
}

// capabilities sets the five sets. A filter can be loaded only with no_new_privs or CAP_SYS_ADMIN (seccomp(2)), so
// without the former that capability is kept until the filter is in place.
func (c *compiler) capabilities() {
	caps := c.o.Caps
	if c.lateCaps() {
		caps.Permitted |= 1 << unix.CAP_SYS_ADMIN
		caps.Effective |= 1 << unix.CAP_SYS_ADMIN
	}
	c.pointer = "/process/capabilities"
	c.capset(caps)
	c.call(unix.SYS_PRCTL, num(unix.PR_SET_KEEPCAPS), null, null, null, null)
	c.call(unix.SYS_PRCTL, num(unix.PR_CAP_AMBIENT), num(unix.PR_CAP_AMBIENT_CLEAR_ALL), null, null, null)
	c.pointer = "/process/capabilities/ambient"
	for n := range c.f.LastCap + 1 {
		if caps.Ambient&(1<<n) != 0 {
			c.call(unix.SYS_PRCTL, num(unix.PR_CAP_AMBIENT), num(unix.PR_CAP_AMBIENT_RAISE), num(n), null, null)
		}
	}
}

// lateCaps reports whether the last capabilities go only after the filter was loaded.
func (c *compiler) lateCaps() bool { return c.o.Seccomp != nil && !c.o.NoNewPrivs }

// capset is capset(2) with the 64-bit masks split as the kernel wants them: low words first.
func (c *compiler) capset(caps spec.Caps) {
	known := uint64(1)<<(c.f.LastCap+1) - 1
	var data []byte
	for shift := 0; shift < 64; shift += 32 {
		for _, set := range []uint64{caps.Effective, caps.Permitted, caps.Inheritable} {
			data = binary.LittleEndian.AppendUint32(data, uint32((set&known)>>shift))
		}
	}
	header := program.Words(num(unix.LINUX_CAPABILITY_VERSION_3))
	c.call(unix.SYS_CAPSET, header, program.Bytes(data))
}

// closeOnExec keeps everything but stdio and the preserved descriptors from the user's process (CVE-2024-21626).
func (c *compiler) closeOnExec() error {
	c.call(unix.SYS_CLOSE_RANGE, num(c.firstFile()), program.Int(^uint32(0)), num(unix.CLOSE_RANGE_CLOEXEC))
	return nil
}

// env looks a variable up in the container's environment; as in getenv(3) the first one counts.
func (c *compiler) env(name string) (string, bool) {
	for _, e := range c.o.Env {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			return value, true
		}
	}
	return "", false
}
