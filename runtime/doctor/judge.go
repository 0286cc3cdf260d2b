package doctor

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

func judgeKernel(f Facts) Finding {
	if f.KernelErr != nil {
		return failed(f.KernelErr.Error(), "Boot a newer kernel.")
	}
	return ok("Linux " + f.Release)
}

func judgeRights(f Facts) Finding {
	switch {
	case f.UID != 0:
		return ok(fmt.Sprintf("user %d: containers need a user namespace (crabcan spec --rootless)", f.UID))
	case !f.SysAdmin:
		return failed("root without CAP_SYS_ADMIN: no namespace can be made",
			"Give crabcan that capability; in a container, run that one privileged.")
	case f.InUserNS:
		return ok("root of a user namespace: what belongs to the host is out of reach")
	}
	return ok("root")
}

func judgeCalls(f Facts) Finding {
	if len(f.MissingCalls) > 0 {
		return failed("missing: "+strings.Join(f.MissingCalls, ", "),
			"The kernel has them since 5.14, so a seccomp filter keeps them away: run crabcan outside of it.")
	}
	return ok("all that crabcan uses")
}

func judgeProgram(f Facts) Finding {
	switch {
	case f.StartErr != nil:
		return failed("the program that makes a container does not start: "+f.StartErr.Error(),
			"Set vm.memfd_noexec to 0 or 1, or choose with --root a folder that is not mounted noexec.")
	case f.MemfdNoexec >= 2:
		return ok("starts from a file in the root folder, because vm.memfd_noexec is 2")
	}
	return ok("starts from memory")
}

func judgeNamespaces(f Facts) Finding {
	if f.StartErr != nil {
		return Finding{} // nothing could be tried
	}
	why := map[string]error{}
	var have []string
	for _, n := range f.Namespaces {
		if n.Err == nil {
			have = append(have, n.Name)
		} else {
			why[n.Name] = n.Err
		}
	}
	switch {
	case len(why) == 0 && f.UID != 0 && f.Sysctls[appArmorUserNS] == "1":
		return limited("AppArmor lets a user's namespaces be made, but nothing be mounted in them",
			"As root: sysctl "+appArmorUserNS+"=0, or give crabcan an AppArmor profile with the rule userns.")
	case len(why) == 0:
		return ok(strings.Join(have, ", "))
	case why["mount"] != nil || why["user"] != nil && f.UID != 0:
		return failed(lackedNamespaces(f.Namespaces), adviseNamespaces(f, why))
	}
	return limited(lackedNamespaces(f.Namespaces), adviseNamespaces(f, why))
}

// lackedNamespaces names the namespaces that can't be made, by the reasons for that.
func lackedNamespaces(list []Namespace) string {
	var reasons []string
	names := map[string][]string{}
	for _, n := range list {
		if n.Err == nil {
			continue
		}
		reason := n.Err.Error()
		if names[reason] == nil {
			reasons = append(reasons, reason)
		}
		names[reason] = append(names[reason], n.Name)
	}
	for i, reason := range reasons {
		reasons[i] = fmt.Sprintf("no new %s: %s", strings.Join(names[reason], ", "), reason)
	}
	return strings.Join(reasons, "; ")
}

// The settings that forbid namespaces.
const (
	appArmorUserNS = "kernel.apparmor_restrict_unprivileged_userns"
	debianUserNS   = "kernel.unprivileged_userns_clone"
	maxUserNS      = "user.max_user_namespaces"
)

// sysctlNames are those settings.
var sysctlNames = []string{appArmorUserNS, debianUserNS, maxUserNS}

// adviseNamespaces says what keeps namespaces from being made; why has an error for each such kind.
func adviseNamespaces(f Facts, why map[string]error) string {
	for _, err := range why {
		if errors.Is(err, unix.ENOSPC) && f.Sysctls[maxUserNS] != "0" {
			return "A limit of namespaces is reached: raise it in /proc/sys/user."
		}
	}
	switch {
	case f.UID == 0 && !f.SysAdmin:
		return "They take CAP_SYS_ADMIN."
	case f.Sysctls[maxUserNS] == "0":
		return "As root: sysctl " + maxUserNS + "=10000."
	case f.UID != 0 && f.Sysctls[debianUserNS] == "0":
		return "As root: sysctl " + debianUserNS + "=1."
	case errors.Is(why["user"], unix.EPERM):
		return "A seccomp filter or a security module forbids it, or this is a chroot: run crabcan outside of it."
	}
	return "The kernel is built without them: configs must do without them, too."
}

func judgeIDs(f Facts) Finding {
	switch {
	case f.UID == 0:
		return Finding{}
	case len(f.MissingIDTools) > 0:
		return limited("no "+strings.Join(f.MissingIDTools, " and ")+": a container has one user only, which is you",
			"Install them (Debian package uidmap).")
	case f.UserIDs == 0 || f.GroupIDs == 0:
		return limited("you have no subordinate ids: a container has one user only, which is you",
			"As root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 YOU.")
	}
	return ok(fmt.Sprintf("%d subordinate user ids and %d group ids can be mapped", f.UserIDs, f.GroupIDs))
}

func judgeRoot(f Facts) Finding {
	switch {
	case f.RootErr != nil:
		return failed(fmt.Sprintf("no containers can be kept in %s: %v", f.Root, f.RootErr), "Choose another with --root.")
	case f.RootFS != "tmpfs":
		return limited(fmt.Sprintf("%s is on %s: after a reboot there are containers that don't exist", f.Root, f.RootFS),
			"Mount a tmpfs there, or choose another folder with --root.")
	}
	return ok(f.Root + " on tmpfs")
}

// usual are the controllers that engines ask for.
var usual = []string{"cpu", "cpuset", "io", "memory", "pids"}

func judgeCgroups(f Facts) Finding {
	if f.CgroupErr != nil {
		return limited(f.CgroupErr.Error()+": containers run only with --cgroup-manager disabled", "Mount cgroup2 at /sys/fs/cgroup.")
	}
	if !f.CgroupWritable && f.UID == 0 && !f.InUserNS {
		return limited(f.CgroupMode+", but no cgroup can be made: containers run only with --cgroup-manager disabled",
			"Mount /sys/fs/cgroup writable.")
	}
	if !f.CgroupWritable {
		advice := "Run crabcan in a cgroup that was delegated to you: systemd-run --user --scope -p Delegate=yes crabcan ..."
		if f.CgroupMode != "v2" {
			advice = "Only cgroup v2 can be delegated to users: boot with it alone (systemd.unified_cgroup_hierarchy=1)."
		}
		return limited(f.CgroupMode+", but none is yours: containers can't be limited, paused, or have a cgroupsPath", advice)
	}
	var lack []string
	for _, name := range usual {
		if !slices.Contains(f.Controllers, name) {
			lack = append(lack, name)
		}
	}
	if len(lack) > 0 {
		return limited(f.CgroupMode+", but nothing can be limited by "+strings.Join(lack, ", "), adviseControllers(f))
	}
	return ok(f.CgroupMode + " with " + strings.Join(f.Controllers, ", "))
}

func adviseControllers(f Facts) string {
	if f.UID != 0 {
		return "As root, let systemd delegate them: Delegate=yes for user@.service."
	}
	return "The kernel does not have them, or gives them to another hierarchy: configs must do without their limits."
}

func judgeSystemd(f Facts) Finding {
	switch {
	case !f.Systemd:
		return limited("systemd does not manage this machine: --systemd-cgroup won't work", "Use the default, --cgroup-manager cgroupfs.")
	case f.UID != 0 && !f.UserManager:
		return limited("systemd manages this machine, but nothing of yours: --systemd-cgroup won't work",
			"Log in through systemd, so that there is $XDG_RUNTIME_DIR/systemd: loginctl enable-linger.")
	}
	return ok("manages this machine: --systemd-cgroup works")
}

func judgeSeccomp(f Facts) Finding {
	switch {
	case len(f.SeccompActions) == 0:
		return limited("the kernel has no filters: configs with linux.seccomp won't work", "Boot a kernel with CONFIG_SECCOMP_FILTER.")
	case !slices.Contains(f.SeccompActions, "user_notif"):
		return limited("filters, but not SCMP_ACT_NOTIFY", "")
	}
	return ok("filters, also with SCMP_ACT_NOTIFY")
}

func judgeLSM(f Facts) Finding {
	var have []string
	if f.AppArmor {
		have = append(have, "AppArmor")
	}
	if f.SELinux {
		have = append(have, "SELinux")
	}
	if len(have) == 0 {
		return ok("neither AppArmor nor SELinux: configs that ask for a profile or label are refused")
	}
	return ok(strings.Join(have, " and "))
}

func judgeCRIU(f Facts) Finding {
	if f.CRIU == "" {
		return limited("no criu in PATH: checkpoint and restore won't work", "Install it (Debian package criu), if you need them.")
	}
	if f.CRIUErr != nil {
		return limited(fmt.Sprintf("%s does not work on this kernel: %s", f.CRIU, f.CRIUErr),
			"Run criu check, and install a newer CRIU, if you need checkpoint and restore.")
	}
	if f.HelperErr != nil {
		return limited(f.HelperErr.Error(), "Install it beside crabcan, if you need checkpoint and restore.")
	}
	return ok(f.CRIU)
}
