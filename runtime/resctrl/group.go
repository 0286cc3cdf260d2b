// Package resctrl puts containers into groups of a resctrl file system, which share out caches and memory bandwidth, and
// reads their figures.
package resctrl

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/crabcan/crabcan/spec"
)

// Group is a container's group. The zero value is none, for which all but Change succeeds and does nothing.
type Group struct {
	// Folder is the group's, Monitor that of the container's own monitoring group in it, "" if it has none.
	Folder, Monitor string
	// Made says that the group is the container's own, to be removed with it.
	Made bool
}

// Find decides which group of the resctrl file system at root a container belongs in, and makes nothing. The rules are
// those of config-linux.md, "IntelRdt".
func Find(root, id string, o *spec.IntelRdt) (Group, error) {
	if err := checkFeatures(root, o); err != nil {
		return Group{}, err
	}
	name := o.ClosID
	if name == "" {
		name = id
	}
	g := Group{Folder: filepath.Join(root, name)}
	if o.Monitor {
		g.Monitor = filepath.Join(g.Folder, "mon_groups", id)
	}
	_, err := os.Stat(g.Folder)
	switch {
	case err == nil && o.ClosID != "":
		return g, checkSchemata(g.Folder, o)
	case err == nil:
		return g, nil
	case !errors.Is(err, fs.ErrNotExist):
		return Group{}, err
	case o.ClosID != "" && len(lines(o)) == 0:
		return Group{}, fmt.Errorf("there is no group %s, and nothing that says what it should be", g.Folder)
	}
	g.Made = o.ClosID == ""
	return g, nil
}

// checkFeatures refuses schemas for what the processor or the kernel's command line does not give.
func checkFeatures(root string, o *spec.IntelRdt) error {
	for _, f := range []struct{ schema, folder, name string }{
		{o.L3, "L3", "l3CacheSchema: cache allocation (CAT)"}, {o.MemBw, "MB", "memBwSchema: memory bandwidth allocation (MBA)"},
	} {
		if _, err := os.Stat(filepath.Join(root, "info", f.folder)); f.schema != "" && err != nil {
			return fmt.Errorf("%s is not enabled", f.name)
		}
	}
	return nil
}

// lines are what is to be written to schemata, in its order.
func lines(o *spec.IntelRdt) (list []string) {
	for _, line := range append([]string{o.L3, o.MemBw}, o.Schemata...) {
		if line != "" {
			list = append(list, line)
		}
	}
	return list
}

// Create makes what is missing of the group and writes its schemata.
func (g Group) Create(o *spec.IntelRdt) error {
	if g.Folder == "" {
		return nil
	}
	if err := os.Mkdir(g.Folder, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return g.explain(err)
	}
	if err := g.writeSchemata(o); err != nil {
		return err
	}
	if g.Monitor == "" {
		return nil
	}
	if err := os.Mkdir(g.Monitor, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return g.explain(err)
	}
	return nil
}

// Change writes schemata of a group that is there, in the resctrl file system at root. What they don't name stays as it is.
func (g Group) Change(root string, o *spec.IntelRdt) error {
	if g.Folder == "" {
		return errors.New("the container has no group: its config has no linux.intelRdt")
	}
	if err := checkFeatures(root, o); err != nil {
		return err
	}
	return g.writeSchemata(o)
}

func (g Group) writeSchemata(o *spec.IntelRdt) error {
	list := lines(o)
	if len(list) == 0 {
		return nil
	}
	return g.write(filepath.Join(g.Folder, "schemata"), strings.Join(list, "\n")+"\n")
}

// Attach puts a process into the group; its children are born there.
func (g Group) Attach(pid int) error {
	for _, folder := range []string{g.Folder, g.Monitor} {
		if folder == "" {
			continue
		}
		if err := g.write(filepath.Join(folder, "tasks"), strconv.Itoa(pid)); err != nil {
			return err
		}
	}
	return nil
}

// Remove removes what was made for the container alone. It is harmless when there is nothing left.
func (g Group) Remove() error {
	folders := []string{g.Monitor}
	if g.Made {
		folders = append(folders, g.Folder)
	}
	for _, folder := range folders {
		if folder == "" {
			continue
		}
		if err := os.Remove(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// write changes a file that the kernel has made; it makes none.
func (g Group) write(file, text string) error {
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		return g.explain(err)
	}
	return nil
}

// explain adds what the kernel has to say about the last command that failed, which is in the file system's root: the
// group's folder, or the one above it.
func (g Group) explain(err error) error {
	for _, root := range []string{filepath.Dir(g.Folder), g.Folder} {
		status, _ := os.ReadFile(filepath.Join(root, "info", "last_cmd_status")) // there may be none
		if text := strings.TrimSpace(string(status)); text != "" && text != "ok" {
			return fmt.Errorf("%w (%s)", err, text)
		}
	}
	return err
}
