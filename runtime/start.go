package runtime

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"
)

// Start lets a created container's init become the user's process. The error says why it could not be executed. If a
// hook fails, the container is destroyed, as the specification has it (runtime.md, "Lifecycle", 7 and 9).
func (c *Container) Start() error {
	if err := c.lock(); err != nil {
		return err
	}
	status, err := c.status()
	if err != nil {
		return err
	}
	switch status {
	case StatusCreated:
	case StatusRunning:
		return errors.New("cannot start an already running container")
	case StatusStopped:
		return errors.New("cannot start a container that has stopped")
	default:
		return fmt.Errorf("cannot start a container that is %s", status)
	}
	if err := c.loadOpts(); err != nil {
		return err
	}
	if err := c.startContainerHooks(); err != nil {
		return errors.Join(err, c.destroy())
	}
	if err := c.letGo(); err != nil {
		return err
	}
	if err := c.dir.RemoveFifos(); err != nil {
		return err
	}
	if err := c.poststartHooks(); err != nil {
		return errors.Join(err, c.destroy())
	}
	return nil
}

// letGo writes the byte that init waits for and reads how execve went: end-of-file means well.
func (c *Container) letGo() error {
	result, err := c.dir.OpenResult()
	if err != nil {
		return err
	}
	defer result.Close()
	exec, err := c.dir.OpenExec()
	if errors.Is(err, unix.ENXIO) {
		return errors.New("cannot start a container that has stopped")
	}
	if err != nil {
		return err
	}
	_, err = exec.Write([]byte{0})
	exec.Close()
	if err != nil {
		return fmt.Errorf("tell init to start: %w", err)
	}
	report, err := io.ReadAll(result)
	if err != nil {
		return fmt.Errorf("hear from init: %w", err)
	}
	if len(report) < 8 {
		return nil
	}
	return &StepError{Words: string(report[8:]), Err: unix.Errno(binary.LittleEndian.Uint64(report))}
}
