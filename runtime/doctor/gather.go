package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moby/sys/userns"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/cgroup"
)

// Gather looks at this machine. Containers would be kept in the folder root; helperErr is Facts.HelperErr. It starts a few
// processes that end at once, and changes nothing but what CRIU notes of the kernel for itself (/run/criu.kdat).
func Gather(root string, helperErr error) Facts {
	f := Facts{HelperErr: helperErr, UID: os.Geteuid(), InUserNS: userns.RunningInUserNS(), Release: release()}
	f.SysAdmin = hasSysAdmin()
	f.MissingCalls = missingCalls()
	f.MemfdNoexec, _ = strconv.Atoi(sysctl("vm.memfd_noexec"))
	f.Root = root
	f.RootFS, f.RootErr = examineRoot(root)
	if f.StartErr = tryStart(root); f.StartErr == nil {
		f.Namespaces = tryNamespaces(root, f.UID)
	}
	f.Sysctls = map[string]string{}
	for _, name := range sysctlNames {
		if value := sysctl(name); value != "" {
			f.Sysctls[name] = value
		}
	}
	gatherIDs(&f)
	gatherCgroup(&f)
	f.Systemd = exists("/run/systemd/system")
	f.UserManager = exists(filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "systemd/private"))
	f.SeccompActions = strings.Fields(sysctl("kernel.seccomp.actions_avail"))
	f.AppArmor = strings.HasPrefix(read("/sys/module/apparmor/parameters/enabled"), "Y")
	f.SELinux = kindOf("/sys/fs/selinux") == "selinuxfs"
	gatherCRIU(&f)
	return f
}

func release() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}

func hasSysAdmin() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	return unix.Capget(&header, &data[0]) == nil && data[0].Effective&(1<<unix.CAP_SYS_ADMIN) != 0
}

// calls are what crabcan can't do without. Each is called with arguments that make it fail before it does anything.
var calls = []struct {
	name string
	nr   uintptr
	args [6]uintptr
	// privileged says that it may fail with EPERM for users.
	privileged bool
}{
	{"clone3", unix.SYS_CLONE3, [6]uintptr{}, false},
	{"close_range", unix.SYS_CLOSE_RANGE, [6]uintptr{1, 0}, false},
	{"openat2", unix.SYS_OPENAT2, [6]uintptr{}, false},
	{"pidfd_open", unix.SYS_PIDFD_OPEN, [6]uintptr{}, false},
	{"memfd_create", unix.SYS_MEMFD_CREATE, [6]uintptr{0, ^uintptr(0)}, false},
	{"open_tree", unix.SYS_OPEN_TREE, [6]uintptr{0, 0, ^uintptr(0)}, true},
	{"move_mount", unix.SYS_MOVE_MOUNT, [6]uintptr{0, 0, 0, 0, ^uintptr(0)}, true},
	{"mount_setattr", unix.SYS_MOUNT_SETATTR, [6]uintptr{0, 0, ^uintptr(0)}, true},
	{"fsopen", unix.SYS_FSOPEN, [6]uintptr{0, ^uintptr(0)}, true},
	{"fsmount", unix.SYS_FSMOUNT, [6]uintptr{^uintptr(0), ^uintptr(0)}, true},
}

func missingCalls() (names []string) {
	for _, c := range calls {
		_, _, errno := unix.Syscall6(c.nr, c.args[0], c.args[1], c.args[2], c.args[3], c.args[4], c.args[5])
		if errno == unix.ENOSYS || errno == unix.EPERM && !c.privileged {
			names = append(names, c.name)
		}
	}
	return names
}

// examineRoot looks at the folder, or at that in which it would be made.
func examineRoot(root string) (kind string, err error) {
	dir := existing(root)
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return "", &os.PathError{Op: "write to", Path: dir, Err: err}
	}
	return kindOf(dir), nil
}

// existing is the folder itself, or the nearest one above that is there.
func existing(dir string) string {
	for !exists(dir) && dir != "/" {
		dir = filepath.Dir(dir)
	}
	return dir
}

// fileSystems names those that a root folder is found on.
var fileSystems = map[int64]string{
	unix.TMPFS_MAGIC: "tmpfs", unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.BTRFS_SUPER_MAGIC: "btrfs",
	unix.OVERLAYFS_SUPER_MAGIC: "overlayfs", unix.NFS_SUPER_MAGIC: "nfs", unix.SELINUX_MAGIC: "selinuxfs",
}

func kindOf(dir string) string {
	var fs unix.Statfs_t
	if unix.Statfs(dir, &fs) != nil {
		return ""
	}
	if name := fileSystems[int64(fs.Type)]; name != "" {
		return name
	}
	return fmt.Sprintf("a file system of type %#x", fs.Type)
}

func gatherIDs(f *Facts) {
	for _, tool := range []string{"newuidmap", "newgidmap"} {
		if _, err := exec.LookPath(tool); err != nil {
			f.MissingIDTools = append(f.MissingIDTools, tool)
		}
	}
	if name := userName(f.UID); name != "" {
		f.UserIDs = subordinate(read("/etc/subuid"), name, f.UID)
		f.GroupIDs = subordinate(read("/etc/subgid"), name, f.UID)
	}
}

// userName is the name of a user in /etc/passwd, "" if it has none there.
func userName(uid int) string {
	for line := range strings.Lines(read("/etc/passwd")) {
		if fields := strings.Split(line, ":"); len(fields) > 2 && fields[2] == strconv.Itoa(uid) {
			return fields[0]
		}
	}
	return ""
}

// subordinate counts the ids that a file such as /etc/subuid gives to a user, by name or by number (subuid(5)).
func subordinate(file, name string, uid int) (count int) {
	for line := range strings.Lines(file) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) == 3 && (fields[0] == name || fields[0] == strconv.Itoa(uid)) {
			n, _ := strconv.Atoi(fields[2])
			count += n
		}
	}
	return count
}

func gatherCgroup(f *Facts) {
	place, err := cgroup.Survey()
	f.CgroupErr = err
	if err != nil {
		return
	}
	f.CgroupMode, f.Controllers = place.Mode.String(), place.Controllers
	f.CgroupWritable = unix.Access(place.Folder, unix.W_OK) == nil
	slices.Sort(f.Controllers)
}

func gatherCRIU(f *Facts) {
	out, err := exec.Command("criu", "--version").Output()
	if err != nil {
		return
	}
	version, _, _ := strings.Cut(string(out), "\n")
	f.CRIU = strings.Replace(version, "Version:", "version", 1)
	if f.SysAdmin {
		f.CRIUErr = checkCRIU()
	}
}

// criuTime is how long CRIU may take to look at the kernel.
const criuTime = 10 * time.Second

// checkCRIU is what CRIU itself says against this kernel: versions of it that are older than the kernel can't do
// anything on some. It needs CAP_SYS_ADMIN.
func checkCRIU() error {
	ctx, cancel := context.WithTimeout(context.Background(), criuTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, "criu", "check").CombinedOutput()
	if err == nil {
		return nil
	}
	// The first error is the cause, the others say what it was needed for.
	for line := range strings.Lines(string(out)) {
		if _, why, found := strings.Cut(line, "): "); found && strings.HasPrefix(line, "Error (") {
			return errors.New(strings.TrimSpace(why))
		}
	}
	return err
}

// sysctl is the value of a setting, "" if the kernel does not have it.
func sysctl(name string) string { return read("/proc/sys/" + strings.ReplaceAll(name, ".", "/")) }

// read is a file's content without the space around it, "" if it can't be read: that is a fact as well.
func read(path string) string {
	data, _ := os.ReadFile(path)
	return strings.TrimSpace(string(data))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, os.ErrNotExist)
}
