package runtime

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// openat2 is openat2(2), tried again when a mount or rename elsewhere made the kernel give up at a "..".
func openat2(root *os.File, path string, how *unix.OpenHow) (int, error) {
	for {
		fd, err := unix.Openat2(int(root.Fd()), path, how)
		if !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) {
			return fd, err
		}
	}
}
