package runtime

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// parentLink is the one symbolic link that CRIU makes in an image: it leads to the earlier image that this builds on.
const parentLink = "parent"

// descriptorsFile is in an image beside CRIU's files: a list of what the container's first descriptors were, in runc's
// form.
const descriptorsFile = "descriptors.json"

// openFolders opens the folders that a checkpoint or restore works in. The job is to be closed, also after an error.
func openFolders(o CheckpointOptions) (job Job, err error) {
	if err := checkFolder(o.ImagePath, imageFiles); err != nil {
		return job, fmt.Errorf("--image-path: %w", err)
	}
	if job.Images, err = openFolder(o.ImagePath); err != nil {
		return job, fmt.Errorf("--image-path: %w", err)
	}
	if o.WorkPath == "" {
		job.Work = job.Images
		return job, nil
	}
	if err := os.MkdirAll(o.WorkPath, 0o700); err != nil {
		return job, fmt.Errorf("--work-path: %w", err)
	}
	if err := checkFolder(o.WorkPath, workFiles); err != nil {
		return job, fmt.Errorf("--work-path: %w", err)
	}
	if job.Work, err = openFolder(o.WorkPath); err != nil {
		return job, fmt.Errorf("--work-path: %w", err)
	}
	return job, nil
}

func openFolder(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|unix.O_DIRECTORY, 0)
}

// close gives up what was opened for the job.
func (j *Job) close() {
	for _, f := range []*os.File{j.Images, j.Work} {
		if f != nil {
			f.Close()
		}
	}
	for _, n := range j.External {
		if n.File != nil {
			n.File.Close()
		}
	}
}

// maxParents is how many images may build on each other.
const maxParents = 100

// What may lie in the folder of an image, and in one that CRIU works in, beside plain files: that may be a folder of an
// engine's own, in which Podman's conmon has fifos.
const (
	imageFiles = os.ModeDir | os.ModeSocket
	workFiles  = imageFiles | os.ModeNamedPipe
)

// checkFolder refuses a folder in which a symbolic link lies: an image may come from anybody, CRIU runs as root, and it
// truncates its log and writes images wherever a link leads (containerd's CVE-2026-53488). Only the link to the parent
// is CRIU's own, and the same holds for where it leads.
func checkFolder(path string, allowed os.FileMode) error {
	dir, err := openFolder(path)
	if err != nil {
		return err
	}
	for range maxParents {
		parent, err := checkEntries(dir, allowed)
		dir.Close()
		if parent == nil || err != nil {
			return err
		}
		dir = parent
	}
	dir.Close()
	return fmt.Errorf("%s: more than %d images build on each other", path, maxParents)
}

// checkEntries looks at what lies in a folder, and opens that of the image that it builds on, if there is one. CRIU goes
// there by descriptor as well: the path would have more links than the kernel follows.
func checkEntries(dir *os.File, allowed os.FileMode) (parent *os.File, err error) {
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		switch {
		case e.Type()&^allowed == 0:
		case e.Type()&os.ModeSymlink != 0 && e.Name() == parentLink:
			name := filepath.Join(dir.Name(), parentLink)
			fd, err := unix.Openat(int(dir.Fd()), parentLink, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
			if err != nil {
				return nil, &os.PathError{Op: "open", Path: name, Err: err}
			}
			parent = os.NewFile(uintptr(fd), name)
		default:
			if parent != nil {
				parent.Close()
			}
			return nil, fmt.Errorf("%s: is neither a file nor a folder, and no link of an image is followed",
				filepath.Join(dir.Name(), e.Name()))
		}
	}
	return parent, nil
}

// pipes are the pipes among the descriptors that the container gets from this process: a restore gives it others in
// their place.
func (c *Container) pipes() map[string]string {
	found := map[string]string{}
	for fd := range 3 + c.flags.PreserveFds {
		if c.opts.Terminal && fd < 3 {
			continue
		}
		var st unix.Stat_t
		if unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFIFO {
			found[strconv.Itoa(fd)] = fmt.Sprintf("pipe:[%d]", st.Ino)
		}
	}
	return found
}

func isPipe(link string) bool {
	inode, ok := strings.CutPrefix(link, "pipe:[")
	if !ok {
		return false
	}
	_, err := strconv.ParseUint(strings.TrimSuffix(inode, "]"), 10, 64)
	return err == nil && strings.HasSuffix(inode, "]")
}

// saveDescriptors writes down in an image which pipes the container got from outside. Whatever has the name already is
// replaced, not written to.
func saveDescriptors(image *os.File, pipes map[string]string) error {
	list := make([]string, 3)
	for number, link := range pipes {
		fd, err := strconv.Atoi(number)
		if err != nil {
			return err
		}
		for len(list) <= fd {
			list = append(list, "")
		}
		list[fd] = link
	}
	err := unix.Unlinkat(int(image.Fd()), descriptorsFile, 0)
	if err != nil && err != unix.ENOENT {
		return fmt.Errorf("%s: %w", descriptorsFile, err)
	}
	flags := unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Openat(int(image.Fd()), descriptorsFile, flags, 0o600)
	if err != nil {
		return fmt.Errorf("%s: %w", descriptorsFile, err)
	}
	f := os.NewFile(uintptr(fd), descriptorsFile)
	_, err = f.Write(mustMarshal(list))
	return errors.Join(err, f.Close())
}

// maxDescriptors is the most bytes that a list of descriptors may have.
const maxDescriptors = 1 << 20

// loadDescriptors reads which pipes a saved container got from outside, by descriptor. Nothing of it is believed but
// that a pipe of the image is to be one of the first n descriptors of this process.
func loadDescriptors(image *os.File, n int) (map[int]string, error) {
	fd, err := unix.Openat(int(image.Fd()), descriptorsFile, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(image.Name(), descriptorsFile), err)
	}
	f := os.NewFile(uintptr(fd), descriptorsFile)
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxDescriptors))
	if err != nil {
		return nil, err
	}
	var list []string
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(image.Name(), descriptorsFile), err)
	}
	pipes := map[int]string{}
	for fd, link := range list {
		if fd < n && isPipe(link) {
			pipes[fd] = link
		}
	}
	return pipes, nil
}
