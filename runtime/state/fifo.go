package state

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

const (
	execFifo   = "exec.fifo"
	resultFifo = "result.fifo"
)

// Fifos are the two that init holds while it waits for start.
type Fifos struct {
	Exec, Result *os.File
}

// Close closes both.
func (f Fifos) Close() {
	f.Exec.Close()
	f.Result.Close()
}

// MakeFifos makes exec.fifo and result.fifo, mode 0600, and opens them for init; the caller holds the lock. They are
// open in both directions, because then opening doesn't wait for another end and init's read doesn't see an
// end-of-file while start has not come yet. They must be close-on-exec in init too: execve closing them is the signal.
func (d *Dir) MakeFifos() (Fifos, error) {
	exec, err := d.makeFifo(execFifo)
	if err != nil {
		return Fifos{}, err
	}
	result, err := d.makeFifo(resultFifo)
	if err != nil {
		exec.Close()
		return Fifos{}, err
	}
	return Fifos{Exec: exec, Result: result}, nil
}

func (d *Dir) makeFifo(name string) (*os.File, error) {
	if err := unix.Mkfifoat(d.fd, name, 0o600); err != nil {
		return nil, d.pathError("mkfifo", name, err)
	}
	return d.openFile(name, unix.O_RDWR, 0)
}

// OpenExec opens exec.fifo for start to write its byte. The error is ENXIO when no init waits there, because it died
// or has been started, and ENOENT when RemoveFifos was called.
func (d *Dir) OpenExec() (*os.File, error) {
	return d.openFile(execFifo, unix.O_WRONLY|unix.O_NONBLOCK, 0)
}

// OpenResult opens result.fifo for start to read, before it writes its byte: later, init's end may be gone with what
// it wrote. The read waits and takes a deadline. End-of-file means that execve happened, or that init was killed.
func (d *Dir) OpenResult() (*os.File, error) {
	return d.openFile(resultFifo, unix.O_RDONLY|unix.O_NONBLOCK, 0)
}

// Waiting reports whether an init waits for start, or is still being created. It asks the kernel whether somebody has
// the fifo open, so it is right even after a start that was killed.
func (d *Dir) Waiting() (bool, error) {
	f, err := d.OpenExec()
	if errors.Is(err, unix.ENXIO) || errors.Is(err, unix.ENOENT) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, f.Close()
}

// RemoveFifos removes both; the caller holds the lock. Who has them open is not disturbed.
func (d *Dir) RemoveFifos() error { return d.unlink(execFifo, resultFifo) }
