package cgroup

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// Cgroup files are read and written by bare system calls: os.File adds fcntl and epoll calls to each of them, which
// for dozens of files of a few bytes is most of the time.

// fileSize bounds what is read of a file at once; the kernel gives at most a page of the files that are read here.
const fileSize = 512

// readFile is the content of a small cgroup file, without the newline at its end.
func readFile(path string) (string, error) {
	fd, err := open(path, unix.O_RDONLY)
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	var buf [fileSize]byte
	n, err := again(func() (int, error) { return unix.Read(fd, buf[:]) })
	if err != nil {
		return "", &fs.PathError{Op: "read", Path: path, Err: err}
	}
	for n > 0 && buf[n-1] == '\n' {
		n--
	}
	return string(buf[:n]), nil
}

// writeFile writes data to an existing cgroup file in one write(2): the kernel takes each as a whole command.
func writeFile(path, data string) error {
	f, err := openWriter(path)
	if err != nil {
		return err
	}
	defer f.close()
	return f.write(data)
}

// writer is a cgroup file open for writing; the zero value is not.
type writer struct {
	fd   int
	path string
}

func openWriter(path string) (writer, error) {
	fd, err := open(path, unix.O_WRONLY)
	if err != nil {
		return writer{}, err
	}
	return writer{fd, path}, nil
}

func (w writer) write(data string) error {
	if _, err := again(func() (int, error) { return unix.Write(w.fd, []byte(data)) }); err != nil {
		return &fs.PathError{Op: "write", Path: w.path, Err: err}
	}
	return nil
}

func (w writer) close() {
	if w.path != "" {
		unix.Close(w.fd)
	}
}

func open(path string, flags int) (int, error) {
	fd, err := again(func() (int, error) { return unix.Open(path, flags|unix.O_CLOEXEC, 0) })
	if err != nil {
		return -1, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return fd, nil
}

func mkdir(path string) error {
	if err := unix.Mkdir(path, 0o755); err != nil {
		return &fs.PathError{Op: "mkdir", Path: path, Err: err}
	}
	return nil
}

func exists(path string) bool {
	return unix.Access(path, unix.F_OK) == nil
}

// again repeats a call that a signal interrupted: Go's own preemption sends them.
func again(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); err != unix.EINTR {
			return n, err
		}
	}
}
