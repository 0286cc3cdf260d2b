package spec

import "testing"

const (
	userOnly  = `/linux/namespaces [{"type": "user"}, {"type": "mount"}]`
	uidsOf    = `/linux/uidMappings `
	gidsOf    = `/linux/gidMappings `
	thousand  = `[{"containerID": 0, "hostID": 1000, "size": 1000}]`
	bindMount = `/mounts [{"destination": "/m", "source": "/s", "options": ["rbind"`
)

// inUserNS is a change of the minimal config with a new user namespace of a thousand ids.
func inUserNS(edits ...edit) []edit {
	return append([]edit{userOnly, uidsOf + thousand, gidsOf + thousand}, edits...)
}

var userNamespaceRules = []ruleTest{
	{inUserNS(), ``},
	{[]edit{`/linux/namespaces [{"type": "user", "path": "/proc/7/ns/user"}]`}, ``},
	{[]edit{`/linux/namespaces [{"type": "user", "path": "/proc/7/ns/user"}]`, uidsOf + thousand, gidsOf + thousand}, ``},
	{[]edit{userOnly}, "" +
		"linux.gidMappings: is required for a new user namespace\n" +
		"linux.uidMappings: is required for a new user namespace"},
	{[]edit{userOnly, uidsOf + thousand}, `linux.gidMappings: is required for a new user namespace`},
	{[]edit{uidsOf + thousand}, `linux.uidMappings: needs a namespace of type user in linux.namespaces`},
	{[]edit{gidsOf + thousand}, `linux.gidMappings: needs a namespace of type user in linux.namespaces`},
	{inUserNS(uidsOf + `[{"containerID": 0, "hostID": 7, "size": 0}]`), "" +
		"linux.uidMappings: 0 is not mapped in the container's user namespace\n" +
		"linux.uidMappings[0].size: must not be 0\n" +
		"process.user.uid: 0 is not mapped in the container's user namespace"},
	{inUserNS(uidsOf + `[{"containerID": 0, "hostID": 4294967290, "size": 6}]`),
		`linux.uidMappings[0].hostID: leads with its size beyond the highest id, 4294967294`},
	{inUserNS(uidsOf + `[{"containerID": 0, "hostID": 4294967290, "size": 5}]`), ``},
	{inUserNS(gidsOf + `[{"containerID": 0, "hostID": 7, "size": 3}, {"containerID": 2, "hostID": 9, "size": 1}]`), "" +
		"linux.gidMappings[1].containerID: is mapped by another entry already\n" +
		"linux.gidMappings[1].hostID: is mapped to by another entry already"},
	{inUserNS(gidsOf + `[{"containerID": 0, "hostID": 7, "size": 3}, {"containerID": 3, "hostID": 4, "size": 3}]`), ``},
	{inUserNS(`/process/user/uid 1000`, `/process/user/gid 1001`, `/process/user/additionalGids [5, 1002]`), "" +
		"process.user.additionalGids[1]: 1002 is not mapped in the container's user namespace\n" +
		"process.user.gid: 1001 is not mapped in the container's user namespace\n" +
		"process.user.uid: 1000 is not mapped in the container's user namespace"},
	{inUserNS(`/mounts [{"destination": "/m", "type": "tmpfs", "options": ["uid=1000,gid=5", "gid=1001", "mode=755"]}]`), "" +
		"mounts[0].options: 1000 is not mapped in the container's user namespace\n" +
		"mounts[0].options: 1001 is not mapped in the container's user namespace"},
	{inUserNS(`/linux/sysctl {"user.max_user_namespaces": "9"}`), ``},
	{[]edit{`/linux/sysctl {"user.max_user_namespaces": "9"}`},
		`linux.sysctl["user.max_user_namespaces"]: needs a namespace of type user in linux.namespaces`},
}

var idMapRules = []ruleTest{
	{inUserNS(bindMount + `, "idmap"]}]`), ``},
	{inUserNS(bindMount + `, "ridmap"], "uidMappings": ` + idMap + `, "gidMappings": ` + idMap + `}]`), ``},
	{[]edit{bindMount + `], "uidMappings": ` + idMap + `, "gidMappings": ` + idMap + `}]`}, ``},
	{[]edit{bindMount + `, "ridmap"]}]`},
		`mounts[0]: an id-mapped mount needs uidMappings and gidMappings, or a namespace of type user`},
	{[]edit{bindMount + `], "uidMappings": ` + idMap + `}]`}, `mounts[0].gidMappings: is required beside uidMappings`},
	{[]edit{bindMount + `], "gidMappings": ` + idMap + `}]`}, `mounts[0].uidMappings: is required beside gidMappings`},
	{[]edit{bindMount + `, "remount"], "uidMappings": ` + idMap + `, "gidMappings": ` + idMap + `}]`},
		`mounts[0]: id-mapped mounts are only supported for bind-mounts`},
	{[]edit{`/mounts [{"destination": "/m", "type": "tmpfs", "uidMappings": ` + idMap + `, "gidMappings": ` + idMap + `}]`},
		`mounts[0]: id-mapped mounts are only supported for bind-mounts`},
}

func TestHostID(t *testing.T) {
	o, _, err := Decode("c", edited(inUserNS(
		uidsOf+`[{"containerID": 0, "hostID": 1000, "size": 1}, {"containerID": 5, "hostID": 100, "size": 3}]`)...), testEnv)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[uint32]uint32{0: 1000, 5: 100, 7: 102} {
		if got, ok := HostID(o.UIDMappings, id); !ok || got != want {
			t.Errorf("%d is %d, %t, want %d", id, got, ok, want)
		}
	}
	for _, id := range []uint32{1, 4, 8, 1 << 31} {
		if got, ok := HostID(o.UIDMappings, id); ok {
			t.Errorf("%d is mapped to %d", id, got)
		}
	}
}

func TestIDMap(t *testing.T) {
	for options, want := range map[string]IDMap{`, "idmap"`: {}, `, "ridmap"`: {Recursive: true}, `, "ridmap", "idmap"`: {}} {
		o, _, err := Decode("c", edited(inUserNS(edit(bindMount+options+`]}]`))...), testEnv)
		if err != nil {
			t.Fatal(err)
		}
		if got := o.Mounts[0].IDMap; got == nil || got.Recursive != want.Recursive {
			t.Errorf("%s is %+v, want %+v", options, got, want)
		}
	}
}
