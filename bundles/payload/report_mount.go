package main

import (
	"os"
	"strings"

	"github.com/moby/sys/mountinfo"
)

// mountRow is a line of /proc/self/mountinfo. ReadOnly says that writing fails, by the mount or its superblock.
type mountRow struct {
	Point        string   `json:"point"`
	Root         string   `json:"root"`
	Source       string   `json:"source"`
	Type         string   `json:"type"`
	Options      []string `json:"options"`
	SuperOptions []string `json:"superOptions"`
	Propagation  []string `json:"propagation"` // "shared:N", "master:N", ...; none is private
	ReadOnly     bool     `json:"readOnly"`
}

func (m mountRow) cells() []string {
	propagation := "private"
	if len(m.Propagation) > 0 {
		propagation = strings.Join(m.Propagation, ",")
	}
	return []string{m.Point, m.Type, strings.Join(m.Options, ","), propagation, "super=" + strings.Join(m.SuperOptions, ","),
		"source=" + m.Source, "root=" + m.Root}
}

func readMounts([]string) (view, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	mounts, err := mountinfo.GetMountsFromReader(f, nil)
	if err != nil {
		return nil, err
	}
	rows := table[mountRow]{}
	for _, m := range mounts {
		row := mountRow{Point: m.Mountpoint, Root: m.Root, Source: m.Source, Type: m.FSType, Propagation: []string{}}
		row.Options = strings.Split(m.Options, ",")
		row.SuperOptions = strings.Split(m.VFSOptions, ",")
		row.Propagation = append(row.Propagation, strings.Fields(m.Optional)...)
		row.ReadOnly = row.Options[0] == "ro" || row.SuperOptions[0] == "ro"
		rows = append(rows, row)
	}
	return rows, nil
}
