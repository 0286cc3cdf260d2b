package bundles

import (
	"fmt"
	"strings"
)

// Container is an existing container: its id and the bundle that it was created from, as Open gave it.
type Container struct {
	ID, Bundle string
}

// Resolve understands the argument of all verbs but create and run: it returns the id of the container that has arg
// as its id, or else of the one that was created from the bundle arg, a path seen from the absolute folder wd. No
// such container, or several from one bundle, are an error.
func Resolve(arg, wd string, containers []Container) (string, error) {
	if arg == "" {
		return "", errNoName
	}
	bundle := inDir(wd, arg)
	// The bundle may be gone while its container lives on; then the path is taken as it stands.
	if path, err := realPath(bundle); err == nil {
		bundle = path
	}
	var ids []string
	for _, c := range containers {
		if c.ID == arg {
			return arg, nil
		}
		if c.Bundle == bundle {
			ids = append(ids, c.ID)
		}
	}
	switch len(ids) {
	case 0:
		return "", fmt.Errorf("container %q does not exist", arg)
	case 1:
		return ids[0], nil
	}
	return "", fmt.Errorf("several containers were created from %s, name one of them: %s", bundle, strings.Join(ids, ", "))
}
