package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// greeting is the report in short: what a newcomer wants to know of a container, in words.
var greeting = [...]struct {
	label string
	read  func([]string) (view, error)
	tell  func(view) string
}{
	{"command", readArgv, func(v view) string { return strings.Join(v.(list), " ") }},
	{"process", readProcess, func(v view) string {
		p := v.(processView)
		return fmt.Sprintf("pid %d, parent %d", p.Pid, p.Parent)
	}},
	{"user", readUser, func(v view) string {
		u := v.(userView)
		return fmt.Sprintf("uid %d, gid %d, umask %s", u.UID, u.GID, u.Umask)
	}},
	{"hostname", readHostname, plain},
	{"namespaces", readNamespaces, tellNamespaces},
	{"capabilities", readCapabilities, tellCapabilities},
	{"no new privs", readNoNewPrivileges, plain},
	{"seccomp", readSeccomp, func(v view) string { return v.(seccompView).Mode }},
	{"cgroup", readCgroups, tellCgroups},
	{"open files", readRlimits, tellOpenFiles},
	{"mounts", readMounts, tellMounts},
	{"devices", readDevices, func(v view) string { return fmt.Sprintf("%d in /dev", len(v.(table[deviceRow]))) }},
	{"masked", readPaths, tellMasked},
	{"network", readInterfaces, tellInterfaces},
	{"descriptors", readDescriptors, tellDescriptors},
	{"directory", readCwd, plain},
}

func hello([]string) error {
	text := strings.Builder{}
	text.WriteString("Hello from inside a container!\n\n")
	for _, row := range greeting {
		v, err := row.read(nil)
		if err != nil {
			fmt.Fprintf(&text, "  %-14s unavailable: %v\n", row.label, err)
			continue
		}
		fmt.Fprintf(&text, "  %-14s %s\n", row.label, row.tell(v))
	}
	_, err := os.Stdout.WriteString(text.String())
	return err
}

func plain(v view) string { return v.lines()[0] }

// tellCapabilities names the effective ones if they fit a line.
func tellCapabilities(v view) string {
	names := v.(capabilitiesView).Effective
	if len(names) == 0 || len(names) > 5 {
		return strconv.Itoa(len(names))
	}
	return strings.Join(names, " ")
}

// tellNamespaces names the namespaces, and after them those that are the host's.
func tellNamespaces(v view) string {
	var own, initial []string
	for _, n := range v.(table[namespaceRow]) {
		if n.initial() {
			initial = append(initial, n.Type)
		} else {
			own = append(own, n.Type)
		}
	}
	if len(initial) == 0 {
		return strings.Join(own, " ")
	}
	return strings.TrimSpace(fmt.Sprintf("%s (the host's: %s)", strings.Join(own, " "), strings.Join(initial, " ")))
}

func tellCgroups(v view) string {
	rows := v.(table[cgroupRow])
	paths := map[string]bool{}
	for _, c := range rows {
		paths[c.Path] = true
	}
	if len(paths) == 1 {
		return fmt.Sprintf("%s in %s", rows[0].Path, plural(len(rows), "hierarchy", "hierarchies"))
	}
	return fmt.Sprintf("%d paths in %s", len(paths), plural(len(rows), "hierarchy", "hierarchies"))
}

func tellOpenFiles(v view) string {
	for _, limit := range v.(table[rlimitRow]) {
		if limit.Type == "RLIMIT_NOFILE" {
			return "at most " + limit.Soft.String()
		}
	}
	return "?"
}

func tellMounts(v view) string {
	mounts := v.(table[mountRow])
	root, readOnly := "writable", 0
	for _, m := range mounts {
		if !m.ReadOnly {
			continue
		}
		readOnly++
		if m.Point == "/" {
			root = "read-only"
		}
	}
	return fmt.Sprintf("%d, of which %d read-only; the root is %s", len(mounts), readOnly, root)
}

func tellMasked(v view) string {
	masked := 0
	for _, p := range v.(table[pathRow]) {
		if p.State == "masked" {
			masked++
		}
	}
	return plural(masked, "path", "paths")
}

func tellInterfaces(v view) string {
	var words []string
	for _, i := range v.(table[interfaceRow]) {
		words = append(words, strings.Join(i.cells()[:2], " "))
	}
	return strings.Join(words, ", ")
}

func tellDescriptors(v view) string {
	var fds []string
	for _, d := range v.(table[descriptorRow]) {
		fds = append(fds, strconv.Itoa(d.FD))
	}
	return strings.Join(fds, " ")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
