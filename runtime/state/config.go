package state

import (
	"errors"
	"io"

	"golang.org/x/sys/unix"
)

const configFile = "config.json"

// SaveConfig keeps the config that the container is created from: the bundle's own may change or vanish while the
// container lives. The caller holds the lock.
func (d *Dir) SaveConfig(data []byte) error {
	f, err := d.openFile(configFile, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// LoadConfig is what SaveConfig kept.
func (d *Dir) LoadConfig() ([]byte, error) {
	f, err := d.openFile(configFile, unix.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}
