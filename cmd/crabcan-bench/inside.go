package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/cgroup"
)

// insideVerb is what a copy of this program is called with first, before the world's name and the temporary folder.
const insideVerb = "inside"

// room is where one world's measuring happens.
type room struct {
	options
	world world
	// work is a tmpfs that only this process and its children see: it ends with them.
	work string
	// ctx ends when the user has had enough.
	ctx        context.Context
	contenders []contender
}

// inside measures one world and prints the report as JSON.
func inside(o options, name, temp string) error {
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM)
	defer stop()
	w, err := findWorld(name)
	if err != nil {
		return err
	}
	r := room{options: o, world: w, work: filepath.Join(temp, "work-"+name), ctx: ctx}
	if err := r.furnish(temp); err != nil {
		return err
	}
	defer r.clean()
	measure := (*room).compare
	if o.profile {
		measure = (*room).profileRuns
	}
	found, err := measure(&r)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}

// furnish enters the world and makes what containers need.
func (r *room) furnish(temp string) error {
	// Garbage is collected between measurements, see rest.
	debug.SetGCPercent(-1)
	// What a `create` leaves behind shall become a child of this process.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return err
	}
	if err := r.world.enter(); err != nil {
		return err
	}
	if err := mountOn(r.work, "tmpfs"); err != nil {
		return err
	}
	if err := writeRootfs(r.work, programs(temp)); err != nil {
		return err
	}
	list, err := executables(r.crabcan)
	if err != nil {
		return err
	}
	for _, p := range list {
		c, err := newCLI(p, r.work)
		if err != nil {
			return err
		}
		r.contenders = append(r.contenders, c)
	}
	r.contenders = append(r.contenders, &floor{work: r.work})
	return nil
}

// clean removes what failures left: containers, and cgroups that a runtime forgot of them.
func (r *room) clean() {
	for _, c := range r.contenders {
		c.clean()
	}
	removeCgroups(idPrefix())
}

// idPrefix begins the ids of all containers of this process.
func idPrefix() string { return fmt.Sprintf("crabcan-bench-%d-", os.Getpid()) }

// rest does between two measurements what must not happen during one.
func rest() {
	reap()
	runtime.GC()
}

// cases are those that -only selects, with their bundles made.
func (r *room) cases() (list []benchCase, err error) {
	for _, v := range variants {
		for _, a := range actions {
			name := caseName(r.world, a.verb, v)
			if !r.only.MatchString(name) || a.with != nil && !slices.Contains(a.with, v.name) {
				continue
			}
			bundle, err := v.writeBundle(r.work, a.command())
			if err != nil {
				return nil, err
			}
			list = append(list, benchCase{a, name, bundle})
		}
	}
	return list, nil
}

// describe says what cgroups the world has.
func (r *room) describe() (map[string]string, error) {
	m, err := cgroup.New(cgroup.Config{ID: "crabcan-bench"})
	if err != nil {
		return nil, err
	}
	return map[string]string{r.world.name: "cgroup " + m.Mode().String()}, nil
}

// compare measures every case and the memory.
func (r *room) compare() (found report, err error) {
	if found.Worlds, err = r.describe(); err != nil {
		return found, err
	}
	list, err := r.cases()
	if err != nil {
		return found, err
	}
	for _, c := range list {
		fmt.Fprintln(os.Stderr, "measuring", c.name)
		found.add(r.measure(c))
		if err := r.ctx.Err(); err != nil {
			return found, err
		}
	}
	memory, err := r.measureMemory()
	found.add(memory)
	return found, err
}
