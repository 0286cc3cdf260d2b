package cgroup

import (
	"path"
	"slices"
	"strings"
)

// Place is where the cgroup of a container would be made if its config names none.
type Place struct {
	Mode Mode
	// Folder is the folder that it would be made in; on v1 that of the devices hierarchy.
	Folder string
	// Controllers can limit it there, by their names on v2.
	Controllers []string
}

// Survey finds that place.
func Survey() (Place, error) {
	m, err := New(Config{ID: "survey"})
	if err != nil {
		return Place{}, err
	}
	place := Place{Mode: m.Mode()}
	if place.Mode == Unified {
		place.Folder = path.Dir(m.saved.Paths[""])
		place.Controllers, err = controllers(place.Folder)
		return place, err
	}
	place.Folder = path.Dir(m.saved.Paths[devicesController])
	for _, name := range sortedKeys(m.saved.Paths) {
		if name == "blkio" {
			name = "io"
		}
		if name != "" && !strings.HasPrefix(name, namedPrefix) && !slices.Contains(place.Controllers, name) {
			place.Controllers = append(place.Controllers, name)
		}
	}
	return place, nil
}
