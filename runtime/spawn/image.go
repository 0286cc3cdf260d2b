package spawn

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// name is what /proc/PID/exe of a created container shows.
const name = "crabcan-init"

// openImage puts an ELF image where it can be executed and no longer changed: a sealed memfd. Where the kernel
// forbids executable memfds (vm.memfd_noexec=2, since 6.3) it is a file in folder that has no name.
func openImage(image []byte, folder string) (*os.File, error) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate(name, flags|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) {
		fd, err = unix.MemfdCreate(name, flags) // kernels before 6.3 don't know MFD_EXEC and need none
	}
	if errors.Is(err, unix.EACCES) {
		return openNameless(image, folder)
	}
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	f := os.NewFile(uintptr(fd), name)
	if _, err := f.Write(image); err != nil {
		f.Close()
		return nil, err
	}
	const seals = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		f.Close()
		return nil, fmt.Errorf("seal %s: %w", name, err)
	}
	return f, nil
}

// openNameless writes the image to a file without a name and opens it anew for reading only: nothing that is open
// for writing can be executed (execve(2), ETXTBSY).
func openNameless(image []byte, folder string) (*os.File, error) {
	f, err := os.OpenFile(folder, unix.O_TMPFILE|os.O_RDWR, 0o500)
	if err != nil {
		return nil, fmt.Errorf("executable memfds are forbidden (vm.memfd_noexec=2) and %s takes no file: %w", folder, err)
	}
	defer f.Close()
	if _, err := f.Write(image); err != nil {
		return nil, err
	}
	return os.Open(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
}
