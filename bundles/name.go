package bundles

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

var errNoName = errors.New("a container ID or a bundle is needed")

// Name understands the argument of create and run: it returns the new container's id, which is not checked, and the
// folder of its bundle, which is not opened. bundle is the value of --bundle, "" without it; wd is the absolute
// working directory. With --bundle the argument is an id. Without it, it is a bundle if it looks like a path or names
// a folder with a config.json, and then the id is that folder's own name; else it is an id and the bundle is wd. An
// argument that can be read both ways is an error.
func Name(arg, bundle, wd string) (id, dir string, err error) {
	if arg == "" {
		return "", "", errNoName
	}
	if bundle != "" {
		return arg, inDir(wd, bundle), nil
	}
	dir = inDir(wd, arg)
	if isPath(arg) {
		return ownName(dir)
	}
	if !hasConfig(dir) {
		return arg, wd, nil
	}
	if hasConfig(wd) {
		return "", "", fmt.Errorf("%q can be the bundle in that folder, or an ID for the bundle in the working directory:"+
			" say ./%s or --bundle . %s", arg, arg, arg)
	}
	return ownName(dir)
}

// isPath says whether an argument can't be an id.
func isPath(arg string) bool { return arg == "." || arg == ".." || strings.Contains(arg, "/") }

// inDir is filepath.Join, but an absolute path stays what it is.
func inDir(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// ownName returns the name that a folder has in the folder that holds it, whatever links lead to it, and its path.
func ownName(dir string) (name, path string, err error) {
	path, err = realPath(dir)
	if err != nil {
		return "", "", &os.PathError{Op: "open", Path: filepath.Join(dir, configFile), Err: cause(err)}
	}
	return filepath.Base(path), path, nil
}

func hasConfig(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, configFile))
	return err == nil && !info.IsDir()
}
