// Package bundles handles a bundle on disk: find it, open it, name it.
package bundles

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/spec"
)

const configFile = "config.json"

// maxConfig is the most that a config.json may hold, in bytes. The largest that real clients write are some 100 KiB; a
// file far beyond is a mistake, and reading it would only turn that mistake into a lack of memory.
const maxConfig = 16 << 20

// Bundle is an open bundle: its place, and its config.json as it was when it was opened.
type Bundle struct {
	// Dir is the bundle's folder, absolute and free of symbolic links.
	Dir string
	// Config is the content of config.json.
	Config []byte
}

// Open reads the bundle in the folder dir. The errors name the config.json in question and wrap the system's.
func Open(dir string) (*Bundle, error) {
	realDir, err := realPath(dir)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: filepath.Join(dir, configFile), Err: cause(err)}
	}
	config, err := readConfig(filepath.Join(realDir, configFile))
	if err != nil {
		return nil, err
	}
	return &Bundle{Dir: realDir, Config: config}, nil
}

// Decode turns the config into options; own is spec.Env.Own. See spec.Decode for the warnings and the error.
func (b *Bundle) Decode(own uint64) (*spec.ContainerOpts, []spec.Diagnostic, error) {
	return spec.Decode(configFile, b.Config, spec.Env{Bundle: b.Dir, Own: own})
}

// readConfig reads a regular file of at most maxConfig bytes. O_NONBLOCK keeps it from waiting at a fifo.
func readConfig(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if info.Size() > maxConfig {
		return nil, fmt.Errorf("%s is %d bytes long, at most %d are allowed", path, info.Size(), maxConfig)
	}
	data := make([]byte, info.Size())
	n, err := io.ReadFull(f, data)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return nil, err
	}
	return data[:n], nil
}

// realPath returns the absolute path of dir without symbolic links.
func realPath(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

// cause strips the operation and the path off an error of the system.
func cause(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err
	}
	return err
}
