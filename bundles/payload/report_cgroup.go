package main

import "strings"

type cgroupRow struct {
	Hierarchy   string   `json:"hierarchy"`   // "0" is version 2
	Controllers []string `json:"controllers"` // none for version 2
	Path        string   `json:"path"`
}

func (c cgroupRow) cells() []string {
	return []string{c.Hierarchy + ":" + strings.Join(c.Controllers, ",") + ":" + c.Path}
}

func readCgroups([]string) (view, error) {
	text, err := readTrimmed("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	rows := table[cgroupRow]{}
	for line := range strings.Lines(text) {
		hierarchy, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		controllers, path, _ := strings.Cut(rest, ":")
		row := cgroupRow{Hierarchy: hierarchy, Controllers: []string{}, Path: path}
		if controllers != "" {
			row.Controllers = strings.Split(controllers, ",")
		}
		rows = append(rows, row)
	}
	return rows, nil
}
