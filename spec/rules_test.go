package spec

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// minimal is a config that no rule has anything to say about.
const minimal = `{
	"ociVersion": "1.3.0",
	"process": {"args": ["sh"], "cwd": "/", "user": {"uid": 0, "gid": 0}},
	"root": {"path": "rootfs"},
	"linux": {"namespaces": [{"type": "mount"}, {"type": "uts"}, {"type": "ipc"}, {"type": "network"}, {"type": "pid"}]}
}`

// edit is one change of a config: "POINTER JSON" sets a member, "POINTER" alone deletes it. Objects on the way are made.
type edit string

func (e edit) apply(config map[string]any) {
	pointer, value, set := strings.Cut(string(e), " ")
	tokens := strings.Split(pointer, "/")[1:]
	object := config
	for _, token := range tokens[:len(tokens)-1] {
		inner, ok := object[token].(map[string]any)
		if !ok {
			inner = map[string]any{}
			object[token] = inner
		}
		object = inner
	}
	name := tokens[len(tokens)-1]
	if set {
		object[name] = json.RawMessage(value)
	} else {
		delete(object, name)
	}
}

// edited is the minimal config with edits.
func edited(edits ...edit) []byte {
	var config map[string]any
	if err := json.Unmarshal([]byte(minimal), &config); err != nil {
		panic(err)
	}
	for _, e := range edits {
		e.apply(config)
	}
	data, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		panic(err)
	}
	return data
}

// said is what Decode says about data, without the places: errors, and warnings marked as such.
func said(data []byte) string {
	_, warnings, err := Decode("c", data, testEnv)
	list, _ := err.(Errors)
	var b strings.Builder
	for _, d := range list {
		b.WriteString(Dotted(d.Pointer) + ": " + d.Message + "\n")
	}
	for _, d := range warnings {
		b.WriteString("warning: " + Dotted(d.Pointer) + ": " + d.Message + "\n")
	}
	return b.String()
}

// ruleTest is one change of the minimal config and everything that is said about it.
type ruleTest struct {
	edits []edit
	want  string // "" for nothing
}

var allRules = map[string][]ruleTest{
	"user namespace": userNamespaceRules, "idmap": idMapRules,
	"version": versionRules, "member": memberRules, "process": processRules, "rlimit": rlimitRules,
	"capability": capabilityRules, "root and names": rootAndNameRules, "mount": mountRules, "namespace": namespaceRules,
	"device": deviceRules, "sysctl": sysctlRules, "path and cgroup": pathAndCgroupRules, "seccomp": seccompRules,
	"scheduling": schedulingRules, "label": labelRules, "listener": listenerRules, "network device": netDeviceRules, "rdt": rdtRules,
	"empty": emptyRules,
}

func TestRules(t *testing.T) {
	for about, rules := range allRules {
		for i, rule := range rules {
			t.Run(about+" "+strconv.Itoa(i), func(t *testing.T) {
				want := rule.want
				if want != "" {
					want += "\n"
				}
				if diff := cmp.Diff(want, said(edited(rule.edits...))); diff != "" {
					t.Errorf("%s (-want +got):\n%s", rule.edits, diff)
				}
			})
		}
	}
}

var versionRules = []ruleTest{
	{[]edit{`/ociVersion`}, `ociVersion: is required`},
	{[]edit{`/ociVersion ""`}, `ociVersion: is required`},
	{[]edit{`/ociVersion "1.0.0"`}, ``},
	{[]edit{`/ociVersion "1.0.2-dev"`}, ``},
	{[]edit{`/ociVersion "1.1.0+dev"`}, ``},
	{[]edit{`/ociVersion "1.2.0-rc.1+build-7"`}, ``},
	{[]edit{`/ociVersion "1.4.0"`}, `warning: ociVersion: version 1.4.0 is newer than 1.3: what it added is ignored`},
	{[]edit{`/ociVersion "0.9.0"`}, `ociVersion: version 0.9.0 is not supported, only 1.x is`},
	{[]edit{`/ociVersion "2.0.0"`}, `ociVersion: version 2.0.0 is not supported, only 1.x is`},
	{[]edit{`/ociVersion "1.3"`}, `ociVersion: must be a semantic version such as 1.3.0, not "1.3"`},
	{[]edit{`/ociVersion "1.03.0"`}, `ociVersion: must be a semantic version such as 1.3.0, not "1.03.0"`},
	{[]edit{`/ociVersion "v1.3.0"`}, `ociVersion: must be a semantic version such as 1.3.0, not "v1.3.0"`},
	{[]edit{`/ociVersion "1.3.0-"`}, `ociVersion: must be a semantic version such as 1.3.0, not "1.3.0-"`},
	{[]edit{`/ociVersion "1.3.0-a_b"`}, `ociVersion: must be a semantic version such as 1.3.0, not "1.3.0-a_b"`},
	{[]edit{`/ociVersion 1`}, `ociVersion: must be a string, not a number`},
}

var memberRules = []ruleTest{
	{nil, ``},
	{[]edit{`/surprise {"deep": [1]}`}, `warning: surprise: is unknown and ignored`},
	{[]edit{`/linux/surprise 1`}, `warning: linux.surprise: is unknown and ignored`},
	{[]edit{`/root/readOnly true`}, `warning: root.readOnly: is spelt "readonly" in the specification`},
	{[]edit{`/root/read_only true`}, `warning: root.read_only: is unknown and ignored`},
	{[]edit{`/Root {"path": "r"}`}, `warning: Root: is spelt "root" in the specification`},
	{[]edit{`/linux/resources {"pids": {"limit": 1, "limit": 2}}`}, `linux.resources.pids.limit: is given twice`},
	{[]edit{`/windows {"layerFolders": 3}`}, `warning: windows: is for windows only and ignored`},
	{[]edit{`/solaris {}`, `/vm {}`, `/zos {}`, `/freebsd {}`}, "" +
		"warning: freebsd: is for freebsd only and ignored\nwarning: solaris: is for solaris only and ignored\n" +
		"warning: vm: is for vm only and ignored\nwarning: zos: is for zos only and ignored"},
	{[]edit{`/windows null`}, ``},
	{[]edit{`/process/commandLine "x"`}, `warning: process.commandLine: is for windows only and ignored`},
	{[]edit{`/process/user/username "x"`}, `warning: process.user.username: is for windows only and ignored`},
	{[]edit{`/process/terminal 1`}, `process.terminal: must be true or false, not a number`},
	{[]edit{`/process/env {}`}, `process.env: must be an array, not an object`},
	{[]edit{`/process/user []`}, `process.user: must be an object, not an array`},
	{[]edit{`/process/args "sh"`}, `process.args: must be an array, not a string`},
	{[]edit{`/process/user/uid true`}, `process.user.uid: must be a number, not a boolean`},
	{[]edit{`/process/user/uid 1.5`}, `process.user.uid: must be a whole number, not 1.5`},
	{[]edit{`/process/user/uid 1e3`}, `process.user.uid: must be a whole number, not 1e3`},
	{[]edit{`/process/user/uid -1`}, `process.user.uid: must be from 0 to 2^32-1, not -1`},
	{[]edit{`/process/user/uid 4294967296`}, `process.user.uid: must be from 0 to 2^32-1, not 4294967296`},
	{[]edit{`/process/oomScoreAdj 9223372036854775808`},
		`process.oomScoreAdj: must be from -2^63 to 2^63-1, not 9223372036854775808`},
	{[]edit{`/annotations {"a": 1}`}, `annotations.a: must be a string, not a number`},
	{[]edit{`/annotations {"a": "1", "a": "1"}`}, `annotations.a: is given twice`},
	{[]edit{`/annotations {"": "x"}`}, `annotations[""]: must have a name that is not empty`},
	{[]edit{`/annotations {"A": "x", "a": "y"}`}, ``},
	{[]edit{`/process null`}, `process: is required`},
	{[]edit{`/process`, `/root`}, "process: is required\nroot: is required"},
	{[]edit{`/process 1`, `/root "r"`}, "process: must be an object, not a number\nroot: must be an object, not a string"},
	{[]edit{`/linux 1`, `/hostname "h"`}, `linux: must be an object, not a number`},
}

var processRules = []ruleTest{
	{[]edit{`/process/args`}, `process.args: must hold at least the name of the program`},
	{[]edit{`/process/args []`}, `process.args: must hold at least the name of the program`},
	{[]edit{`/process/args [""]`}, `process.args[0]: must not be empty`},
	{[]edit{`/process/args [null]`}, `process.args[0]: must not be empty`},
	{[]edit{`/process/args ["a", "", "b\u0000"]`}, `process.args[2]: must not hold a NUL byte`},
	{[]edit{`/process/cwd`}, `process.cwd: is required`},
	{[]edit{`/process/cwd "tmp"`}, `process.cwd: must be an absolute path, not "tmp"`},
	{[]edit{`/process/cwd "/t\u0000"`}, `process.cwd: must not hold a NUL byte`},
	{[]edit{`/process/env ["A=1", "B=", "A=2"]`}, ``},
	{[]edit{`/process/env ["A"]`}, `process.env[0]: must have the form NAME=VALUE, not "A"`},
	{[]edit{`/process/env ["=1"]`}, `process.env[0]: must have a name before the =, not "=1"`},
	{[]edit{`/process/env ["A=\u0000", "A=1"]`}, `process.env[0]: must not hold a NUL byte`},
	{[]edit{`/process/user/umask 511`}, ``},
	{[]edit{`/process/user/umask 512`}, `process.user.umask: must be from 0 to 511 (octal 777), not 512`},
	{[]edit{`/process/oomScoreAdj -1000`}, ``},
	{[]edit{`/process/oomScoreAdj 1001`}, `process.oomScoreAdj: must be from -1000 to 1000, not 1001`},
	{[]edit{`/process/consoleSize {"width": 70000, "height": 1}`}, ``},
	{[]edit{`/process/terminal true`, `/process/consoleSize {"width": 70000, "height": 1}`},
		`process.consoleSize.width: must be at most 65535, not 70000`},
}

var rlimitRules = []ruleTest{
	{[]edit{`/process/rlimits [{"type": "RLIMIT_CORE", "soft": 0, "hard": 18446744073709551615}]`}, ``},
	{[]edit{`/process/rlimits [{"soft": 0, "hard": 0}]`}, `process.rlimits[0].type: is required`},
	{[]edit{`/process/rlimits [{"type": "RLIMIT_X"}]`}, `process.rlimits[0].type: unknown resource limit "RLIMIT_X"`},
	{[]edit{`/process/rlimits [{"type": "RLIMIT_CPU"}, {"type": "RLIMIT_CPU"}]`},
		`process.rlimits[1].type: RLIMIT_CPU is listed twice`},
	{[]edit{`/process/rlimits [{"type": "RLIMIT_CPU", "soft": 2, "hard": 1}]`},
		`process.rlimits[0].soft: soft limit 2 is above the hard limit 1`},
	{[]edit{`/process/rlimits [{"type": "RLIMIT_CPU", "soft": 2, "hard": "1"}]`},
		`process.rlimits[0].hard: must be a number, not a string`},
}

const killSets = `"bounding": ["CAP_KILL"], "permitted": ["CAP_KILL"]`

var capabilityRules = []ruleTest{
	{[]edit{`/process/capabilities {` + killSets + `, "inheritable": ["CAP_KILL"], "ambient": ["CAP_KILL"]}`}, ``},
	{[]edit{`/process/capabilities {"bounding": ["CAP_FLY", "cap_kill"]}`}, "" +
		"warning: process.capabilities.bounding[0]: unknown capability \"CAP_FLY\" is ignored\n" +
		"warning: process.capabilities.bounding[1]: unknown capability \"cap_kill\" is ignored"},
	{[]edit{`/process/capabilities {` + killSets + `, "ambient": ["CAP_KILL"]}`},
		`warning: process.capabilities.ambient: can't raise ambient capability CAP_KILL: not in permitted and inheritable`},
	{[]edit{`/process/capabilities {"effective": ["CAP_KILL", "CAP_CHOWN"]}`},
		`warning: process.capabilities.effective: can't raise effective capability CAP_CHOWN, CAP_KILL: not in permitted`},
	{[]edit{`/process/capabilities {"inheritable": ["CAP_BPF"]}`},
		`warning: process.capabilities.inheritable: can't raise inheritable capability CAP_BPF: not in bounding`},
}

var rootAndNameRules = []ruleTest{
	{[]edit{`/root/path`}, `root.path: is required`},
	{[]edit{`/root/path "a\u0000"`}, `root.path: must not hold a NUL byte`},
	{[]edit{`/linux/rootfsPropagation "rslave"`}, ``},
	{[]edit{`/linux/rootfsPropagation "free"`}, `linux.rootfsPropagation: unknown mount propagation "free"`},
	{[]edit{`/hostname "h"`, `/domainname "d"`}, ``},
	{[]edit{edit(`/hostname "` + strings.Repeat("h", 65) + `"`)}, `hostname: must be at most 64 bytes long, not 65`},
	{[]edit{`/domainname "d\u0000"`}, `domainname: must not hold a NUL byte`},
	{[]edit{`/linux/namespaces []`, `/hostname "h"`, `/domainname "d"`}, "" +
		"domainname: needs a namespace of type uts in linux.namespaces\nhostname: needs a namespace of type uts in linux.namespaces"},
	{[]edit{`/linux`, `/hostname "h"`}, `hostname: needs a namespace of type uts in linux.namespaces`},
	{[]edit{`/linux/namespaces [{"type": "uts", "path": "/proc/1/ns/uts"}]`, `/hostname "h"`}, ``},
	{[]edit{`/linux/namespaces 1`, `/hostname "h"`}, `linux.namespaces: must be an array, not a number`},
}

var mountRules = []ruleTest{
	{[]edit{`/mounts [{"destination": "/a", "type": "tmpfs"}, {"destination": "/a", "type": "tmpfs"}]`}, ``},
	{[]edit{`/mounts [{"type": "tmpfs"}]`}, `mounts[0].destination: is required`},
	{[]edit{`/mounts [null]`}, "mounts[0].destination: is required\n" +
		"mounts[0].type: is required unless the options hold bind, rbind or remount"},
	{[]edit{`/mounts [{"destination": "a/../b", "type": "tmpfs"}]`},
		`warning: mounts[0].destination: should be an absolute path; "a/../b" is taken as "/b"`},
	{[]edit{`/mounts [{"destination": "/a\u0000", "type": "t\u0000", "source": "s\u0000", "options": ["o\u0000"]}]`}, "" +
		"mounts[0].destination: must not hold a NUL byte\nmounts[0].type: must not hold a NUL byte\n" +
		"mounts[0].source: must not hold a NUL byte\nmounts[0].options[0]: must not hold a NUL byte"},
	{[]edit{`/mounts [{"destination": "/a", "options": ["remount", "ro"]}]`}, ``},
	{[]edit{`/mounts [{"destination": "/a", "type": "bind"}]`}, `mounts[0].source: is required`},
	{[]edit{`/mounts [{"destination": "/a", "source": "b", "options": ["bind"]}]`}, ``},
	{[]edit{`/mounts [{"destination": "/a", "options": ["bind", "remount", "ro"]}]`}, ``},
	{[]edit{`/mounts [{"destination": "/a", "source": "/b", "options": ["size=1", "rbind"]}]`},
		`mounts[0].options[0]: "size=1" is no option of a bind mount`},
	{[]edit{`/mounts [{"destination": "/a", "source": "/b", "options": ["bind", "sync", "tmpcopyup", "ro", ""]}]`}, "" +
		"warning: mounts[0].options[1]: sync has no effect on a bind mount\n" +
		"warning: mounts[0].options[2]: tmpcopyup is ignored: it is for tmpfs only"},
	{[]edit{`/mounts [{"destination": "/a", "type": "proc", "options": ["tmpcopyup"]}]`},
		`warning: mounts[0].options: tmpcopyup is ignored: it is for a new tmpfs only`},
	{[]edit{`/mounts [{"destination": "/a", "type": "tmpfs", "options": ["tmpcopyup"]}]`}, ``},
}

var namespaceRules = []ruleTest{
	{[]edit{`/linux/namespaces [{"type": "time"}, {"type": "cgroup"}]`}, ``},
	{[]edit{`/linux/namespaces [{}]`}, `linux.namespaces[0].type: is required`},
	{[]edit{`/linux/namespaces [{"type": "net"}]`}, `linux.namespaces[0].type: unknown namespace type "net"`},
	{[]edit{`/linux/namespaces [{"type": "pid"}, {"type": "pid", "path": "/p"}]`},
		`linux.namespaces[1].type: namespace pid is listed twice`},
	{[]edit{`/linux/namespaces [{"type": "pid", "path": "p"}]`},
		`linux.namespaces[0].path: must be an absolute path, not "p"`},
	{[]edit{`/linux/timeOffsets {}`}, ``},
	{[]edit{`/linux/timeOffsets {"monotonic": {"secs": 1}}`}, `linux.timeOffsets: needs a namespace of type time in linux.namespaces`},
	{[]edit{`/linux/namespaces [{"type": "time"}]`, `/linux/timeOffsets {"boottime": {"secs": -1, "nanosecs": 999999999}}`}, ``},
	{[]edit{`/linux/namespaces [{"type": "time"}]`, `/linux/timeOffsets {"realtime": {}, "boottime": {"nanosecs": 1000000000}}`},
		"linux.timeOffsets.realtime: unknown clock, must be monotonic or boottime\n" +
			"linux.timeOffsets.boottime.nanosecs: must be below 1000000000, not 1000000000"},
	{[]edit{`/linux/namespaces [{"type": "time", "path": "/t"}]`, `/linux/timeOffsets {"monotonic": {}}`},
		`linux.timeOffsets: cannot be set in a time namespace that is joined by path`},
}

var deviceRules = []ruleTest{
	{[]edit{`/linux/devices [{"type": "c", "path": "/dev/fuse", "major": 10, "minor": 229, "fileMode": 438}]`}, ``},
	{[]edit{`/linux/devices [{"type": "p", "path": "/dev/fifo", "fileMode": 4516}]`}, ``},
	{[]edit{`/linux/devices [{}]`}, "linux.devices[0].path: is required\nlinux.devices[0].type: is required"},
	{[]edit{`/linux/devices [{"type": "x", "path": "dev"}]`}, "linux.devices[0].type: must be c, u, b or p, not \"x\"\n" +
		"linux.devices[0].path: must be an absolute path, not \"dev\""},
	{[]edit{`/linux/devices [{"type": "b", "path": "/d", "major": 4096, "minor": -1}]`}, "" +
		"linux.devices[0].major: must be from 0 to 4095, not 4096\nlinux.devices[0].minor: must be from 0 to 1048575, not -1"},
	{[]edit{`/linux/devices [{"type": "u", "path": "/d", "fileMode": 67109248}]`},
		`linux.devices[0].fileMode: must hold permission bits only, not octal 400000600`},
	{[]edit{`/linux/devices [{"type": "c", "path": "/dev/ptmx", "major": 5, "minor": 2}]`}, ``},
	{[]edit{`/linux/devices [{"type": "c", "path": "/dev/ptmx", "major": 5, "minor": 0}]`},
		`linux.devices[0].path: /dev/ptmx is the character device 5:2 of the container's own devpts`},
}

var labelRules = []ruleTest{
	{[]edit{`/process/apparmorProfile "p"`, `/process/selinuxLabel "u:r:t:s0"`, `/linux/mountLabel "u:r:t:s0:c1,c2"`}, ``},
	{[]edit{`/process/apparmorProfile "\u0000"`, `/process/selinuxLabel "\u0000"`, `/linux/mountLabel "\u0000"`}, "" +
		"linux.mountLabel: must not hold a NUL byte\n" +
		"process.apparmorProfile: must not hold a NUL byte\nprocess.selinuxLabel: must not hold a NUL byte"},
}

const (
	profile = `/linux/seccomp {"defaultAction": "SCMP_ACT_ALLOW", `
	notify  = profile + `"syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}], `
)

var listenerRules = []ruleTest{
	{[]edit{notify + `"listenerPath": "/run/agent.sock", "listenerMetadata": "m", "flags": ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]}`}, ``},
	{[]edit{notify + `"listenerPath": "@agent"}`}, ``},
	{[]edit{notify + `"listenerPath": ""}`}, `linux.seccomp.listenerPath: is required`},
	{[]edit{notify + `"listenerPath": "agent.sock"}`}, `linux.seccomp.listenerPath: must be an absolute path, not "agent.sock"`},
	{[]edit{notify + `"listenerPath": "@\u0000"}`}, `linux.seccomp.listenerPath: must not hold a NUL byte`},
	{[]edit{profile + `"listenerPath": "/s"}`},
		`warning: linux.seccomp.listenerPath: is ignored: nothing in the profile has SCMP_ACT_NOTIFY`},
	{[]edit{profile + `"listenerMetadata": "m"}`}, `linux.seccomp.listenerMetadata: needs a listenerPath to be sent to`},
	{[]edit{profile + `"flags": ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]}`},
		`linux.seccomp.flags[1]: is only for profiles with SCMP_ACT_NOTIFY`},
	{[]edit{`/linux/seccomp {"defaultAction": "SCMP_ACT_NOTIFY"}`},
		`linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be used as default action`},
	{[]edit{profile + `"listenerPath": "/s", "syscalls": [{"names": ["read", "write"], "action": "SCMP_ACT_NOTIFY"}]}`},
		`linux.seccomp.syscalls[0].names[1]: SCMP_ACT_NOTIFY cannot be used for the write syscall`},
}

var netDeviceRules = []ruleTest{
	{[]edit{`/linux/netDevices {"eth0": {}, "eth1": {"name": "net%d"}, "eth2": {"name": "net%d"}}`}, ``},
	{[]edit{`/linux/namespaces []`, `/linux/netDevices {"eth0": {}}`}, `linux.netDevices: needs a namespace of type network in linux.namespaces`},
	{[]edit{`/linux/netDevices {"": {}, "..": {}, "a%d": {}, "sixteen-bytes-xx": {}}`}, "" +
		"linux.netDevices[\"\"]: invalid network device name \"\": must have from 1 to 15 bytes\n" +
		"linux.netDevices[\"..\"]: invalid network device name \"..\"\n" +
		"linux.netDevices[\"a%d\"]: invalid network device name \"a%d\"\n" +
		"linux.netDevices[\"sixteen-bytes-xx\"]: invalid network device name \"sixteen-bytes-xx\": must have from 1 to 15 bytes"},
	{[]edit{`/linux/netDevices {"eth0": {"name": "a/b"}, "eth1": {"name": "%s"}, "eth2": {"name": "eth%d%d"}}`}, "" +
		"linux.netDevices.eth0.name: invalid network device name \"a/b\"\n" +
		"linux.netDevices.eth1.name: invalid network device name \"%s\"\n" +
		"linux.netDevices.eth2.name: invalid network device name \"eth%d%d\""},
	{[]edit{`/linux/netDevices {"eth0": {}, "eth1": {"name": "eth0"}}`}, `linux.netDevices.eth1: another device is to be "eth0" in the container`},
}

var rdtRules = []ruleTest{
	{[]edit{`/linux/intelRdt {}`}, ``},
	{[]edit{`/linux/intelRdt {"closID": "/", "l3CacheSchema": "L3:0=f", "memBwSchema": "MB:0=10", "schemata": ["L2:0=3"], "enableMonitoring": true}`}, ``},
	{[]edit{`/linux/intelRdt {"closID": "a/b"}`}, `linux.intelRdt.closID: invalid intelRdt.ClosID "a/b"`},
	{[]edit{`/linux/intelRdt {"closID": ".."}`}, `linux.intelRdt.closID: invalid intelRdt.ClosID ".."`},
	{[]edit{`/linux/intelRdt {"closID": "mon_groups"}`}, `linux.intelRdt.closID: "mon_groups" is a folder of resctrl's own`},
	{[]edit{`/linux/intelRdt {"l3CacheSchema": "L3:0=f\n", "memBwSchema": "L3:0=f", "schemata": ["", "a\nb"]}`}, "" +
		"linux.intelRdt.l3CacheSchema: must not hold a newline\n" +
		"linux.intelRdt.memBwSchema: must begin with MB:, not \"L3:0=f\"\n" +
		"linux.intelRdt.schemata[1]: must not hold a newline"},
	{[]edit{`/linux/intelRdt {"enableCMT": true}`}, `warning: linux.intelRdt.enableCMT: is unknown and ignored`},
}

const hostSysctl = "belongs to no namespace of the container: it would change the host"

var sysctlRules = []ruleTest{
	{[]edit{`/linux/sysctl {"net.ipv4.ip_forward": "1", "net/ipv4/conf/eth0.1/forwarding": "1"}`}, ``},
	{[]edit{`/linux/sysctl {"kernel.msgmax": "1", "fs.mqueue.msg_max": "1", "kernel.shm_rmid_forced": "1"}`}, ``},
	{[]edit{`/linux/sysctl {"kernel.domainname": "d"}`}, ``},
	{[]edit{`/linux/namespaces []`, `/linux/sysctl {"net.a": "", "kernel.sem": "", "fs.mqueue.x": "", "kernel.domainname": ""}`},
		"linux.sysctl[\"net.a\"]: needs a namespace of type network in linux.namespaces\n" +
			"linux.sysctl[\"kernel.sem\"]: needs a namespace of type ipc in linux.namespaces\n" +
			"linux.sysctl[\"fs.mqueue.x\"]: needs a namespace of type ipc in linux.namespaces\n" +
			"linux.sysctl[\"kernel.domainname\"]: needs a namespace of type uts in linux.namespaces"},
	{[]edit{`/linux/sysctl {"kernel.hostname": "h"}`},
		`linux.sysctl["kernel.hostname"]: cannot be set here, the member hostname is for that`},
	{[]edit{`/linux/sysctl {"vm.swappiness": "1"}`}, `linux.sysctl["vm.swappiness"]: ` + hostSysctl},
	{[]edit{`/linux/sysctl {"kernel.core_pattern": "|x"}`}, `linux.sysctl["kernel.core_pattern"]: ` + hostSysctl},
	{[]edit{`/linux/sysctl {"net/../kernel/core_pattern": "1"}`},
		`linux.sysctl["net/../kernel/core_pattern"]: is no name of a kernel parameter`},
	{[]edit{`/linux/sysctl {"net.//.kernel.core_pattern": "1"}`},
		`linux.sysctl["net.//.kernel.core_pattern"]: is no name of a kernel parameter`},
	{[]edit{`/linux/sysctl {"net..x": "1"}`}, `linux.sysctl["net..x"]: is no name of a kernel parameter`},
	{[]edit{`/linux/sysctl {"/net/x": "1"}`}, `linux.sysctl["/net/x"]: is no name of a kernel parameter`},
	{[]edit{`/linux/sysctl {"": "1"}`}, `linux.sysctl[""]: is no name of a kernel parameter`},
	{[]edit{`/linux/sysctl {"net.a": "1", "net/a": "2"}`},
		`linux.sysctl["net/a"]: is another spelling of linux.sysctl["net.a"]`},
	{[]edit{`/linux/sysctl {"net.a": "\u0000"}`}, `linux.sysctl["net.a"]: must not hold a NUL byte`},
}

var pathAndCgroupRules = []ruleTest{
	{[]edit{`/linux/maskedPaths ["/a"]`, `/linux/readonlyPaths ["/b"]`}, ``},
	{[]edit{`/linux/maskedPaths ["a"]`, `/linux/readonlyPaths [""]`}, "" +
		"linux.maskedPaths[0]: must be an absolute path, not \"a\"\nlinux.readonlyPaths[0]: is required"},
	{[]edit{`/linux/namespaces []`, `/linux/maskedPaths ["/a"]`, `/linux/readonlyPaths []`},
		`linux.maskedPaths: needs a namespace of type mount in linux.namespaces`},
	{[]edit{`/linux/cgroupsPath "a\u0000"`}, `linux.cgroupsPath: must not hold a NUL byte`},
	{[]edit{`/linux/resources {"devices": [{"allow": true, "type": "a", "access": "rwm"}, {"access": "r"}]}`}, ``},
	{[]edit{`/linux/resources {"devices": [{"type": "p", "access": "x"}, {}]}`}, "" +
		"linux.resources.devices[0].type: must be a, b or c, not \"p\"\n" +
		"linux.resources.devices[0].access: must be made of r, w and m, not \"x\"\n" +
		"linux.resources.devices[1].access: is required"},
	{[]edit{`/linux/resources {"devices": [{"access": "rwa"}]}`},
		"warning: linux.resources.devices[0].access: should be made of r, w and m only; the rest of \"rwa\" is ignored"},
	{[]edit{`/linux/resources {"memory": {"kernel": 1, "kernelTCP": 1}}`}, "" +
		"warning: linux.resources.memory.kernel: is ignored: kernels since 5.4 have no such limit\n" +
		"warning: linux.resources.memory.kernelTCP: is ignored: cgroup v2 has no such limit"},
	{[]edit{`/linux/resources {"blockIO": {"weightDevice": [{"major": 8, "minor": 0, "weight": 10, "Major": 1}]}}`},
		`warning: linux.resources.blockIO.weightDevice[0].Major: is spelt "major" in the specification`},
}

var seccompRules = []ruleTest{
	{[]edit{`/linux/seccomp {}`}, ``},
	{[]edit{`/linux/seccomp {"defaultAction": "SCMP_ACT_ALLOW"}`}, ``},
	{[]edit{`/linux/seccomp {"syscalls": [{"names": ["a"], "action": "SCMP_ACT_LOG"}]}`},
		`linux.seccomp.defaultAction: is required`},
	{[]edit{`/linux/seccomp {"defaultAction": "SCMP_ACT_DENY"}`},
		`linux.seccomp.defaultAction: unknown action "SCMP_ACT_DENY"`},
	{[]edit{`/linux/seccomp {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 4095}`}, ``},
	{[]edit{`/linux/seccomp {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 4096}`},
		`linux.seccomp.defaultErrnoRet: must be at most 4095, not 4096`},
	{[]edit{`/linux/seccomp {"defaultAction": "SCMP_ACT_TRACE", "defaultErrnoRet": 65535}`}, ``},
	{[]edit{`/linux/seccomp {"defaultAction": "SCMP_ACT_KILL", "defaultErrnoRet": 1}`},
		`linux.seccomp.defaultErrnoRet: cannot be used with SCMP_ACT_KILL`},
	{[]edit{`/linux/seccomp {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["X86"], "flags": ["LOG"]}`}, "" +
		"linux.seccomp.architectures[0]: unknown architecture \"X86\"\nlinux.seccomp.flags[0]: unknown filter flag \"LOG\""},
	{[]edit{`/linux/seccomp {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"action": "", "names": []}]}`}, "" +
		"linux.seccomp.syscalls[0].action: is required\nlinux.seccomp.syscalls[0].names: must hold at least one system call"},
	{[]edit{`/linux/seccomp {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": [""], "action": "SCMP_ACT_TRAP",` +
		`"errnoRet": 1, "args": [{"index": 6, "op": "EQ"}, {"index": 5, "value": 18446744073709551615}]}]}`}, "" +
		"linux.seccomp.syscalls[0].names[0]: must not be empty\n" +
		"linux.seccomp.syscalls[0].errnoRet: cannot be used with SCMP_ACT_TRAP\n" +
		"linux.seccomp.syscalls[0].args[0].index: must be from 0 to 5, not 6\n" +
		"linux.seccomp.syscalls[0].args[0].op: unknown operator \"EQ\"\n" +
		"linux.seccomp.syscalls[0].args[1].op: is required"},
}

// emptyRules has members in forms that ask for nothing.
var emptyRules = []ruleTest{{[]edit{
	`/hooks {"prestart": [], "poststop": null}`, `/process/apparmorProfile ""`, `/process/selinuxLabel ""`,
	`/process/execCPUAffinity {}`, `/process/scheduler null`, `/linux/uidMappings []`, `/linux/gidMappings []`,
	`/linux/mountLabel ""`, `/linux/netDevices {}`, `/linux/seccomp {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": ""}`,
	`/mounts [{"destination": "/m", "type": "tmpfs", "uidMappings": [], "gidMappings": []}]`,
}, ``}}

const idMap = `[{"containerID": 0, "hostID": 0, "size": 1}]`
