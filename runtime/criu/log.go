package criu

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// forget removes an older log, so that its errors aren't taken for new ones. That there is none is as good.
func forget(folder *os.File, log string) {
	_ = unix.Unlinkat(int(folder.Fd()), log, 0)
}

// maxQuoted is how many lines of a log an error quotes: the last ones, which tell most.
const maxQuoted = 5

// explain adds to an error of CRIU's where its log is and what the last errors in there are.
func explain(err error, folder *os.File, log string) error {
	if ours := (&own{}); err == nil || errors.As(err, &ours) {
		return err
	}
	path := filepath.Join(folder.Name(), log)
	lines := quote(folder, log)
	if len(lines) == 0 {
		return fmt.Errorf("%w (its log is %s)", err, path)
	}
	return fmt.Errorf("%w; the last errors in %s:\n%s", err, path, strings.Join(lines, "\n"))
}

// quote returns the last lines of a log that report errors.
func quote(folder *os.File, log string) (lines []string) {
	fd, err := unix.Openat(int(folder.Fd()), log, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	f := os.NewFile(uintptr(fd), log)
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if strings.Contains(s.Text(), "Error") {
			lines = append(lines, s.Text())
		}
	}
	return lines[max(0, len(lines)-maxQuoted):]
}
