package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCommands runs each of them as tests of containers do. DIR stands for an empty folder.
func TestCommands(t *testing.T) {
	for _, c := range []struct {
		line   string
		status int
		stdout string // a regular expression for all of it
		stderr string // part of it
	}{
		{"exit 42", 42, "", ""},
		{"exit 256", 1, "", "out of range"},
		{"exit", 1, "", "wrong arguments"},
		{"echo one two", 0, "one two\n", ""},
		{"env VAR", 0, "value\n", ""},
		{"env OTHER", 1, "", "OTHER is not set"},
		{"id", 0, `uid=\d+ euid=\d+ suid=\d+ gid=\d+ egid=\d+ sgid=\d+ groups=[\d,]* umask=\d{4}\n`, ""},
		{"exec true-or-not", 1, "", "true-or-not is not in PATH"},
		{"exec /nonexistent", 1, "", "exec /nonexistent: no such file"},
		{"exec sh -c exit\t3", 3, "", ""},
		{"cat /nonexistent", 1, "", "cat: open /nonexistent: no such file or directory"},
		{"mkdir DIR/a/b", 0, "", ""},
		{"ls /nonexistent", 1, "", "no such file"},
		{"stat /dev/null", 0, `type=char mode=0666 uid=0 gid=0 size=0 device=1:3\n`, ""},
		{"stat /nonexistent", 1, "", "no such file"},
		{"write /nonexistent/file text", 1, "", "no such file"},
		{"tty", 1, "", "not a terminal"},
		{"sleep 0.01", 0, "ready\n", ""},
		{"spin 0.01", 0, "ready\n", ""},
		{"sleep x", 1, "", "invalid syntax"},
		{"eat-memory 4", 0, "ate 4 MiB\n", ""},
		{"fork 3", 0, "started 3 of 3\nok\n", ""},
		{"syscall getppid", 0, `\d+\n`, ""},
		{"syscall 0xffff", 1, "ENOSYS\n", ""},
		{"syscall mkdirat -100 DIR/made 0700", 0, "0\n", ""},
		{"syscall mkdirat -100 / 0700", 1, "EEXIST\n", ""},
		{"syscall nonsense", 1, "", "known by its number only"},
		{"open rdonly /", 0, "ok\n", ""},
		{"open wronly,directory /", 1, "EISDIR\n", ""},
		{"open rdonly,nonsense /", 1, "", "no such flag: [nonsense]"},
		{"mount none /nonexistent tmpfs", 1, "(ENOENT|EPERM)\n", ""},
		{"umount /nonexistent", 1, "(ENOENT|EPERM)\n", ""},
		{"mknod DIR/fifo p", 0, "ok\n", ""},
		{"mknod DIR/x y", 1, "", "wrong arguments"},
		{"connect unix DIR/none", 1, "ENOENT\n", ""},
		{"connect tcp 127.0.0.1 1", 1, "ECONNREFUSED\n", ""},
		{"connect tcp nowhere 1", 1, "", "expected integer"},
		{"kill-self NONSENSE", 1, "", "no such signal"},
	} {
		args := strings.Split(strings.ReplaceAll(c.line, "DIR", t.TempDir()), " ")
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "\t", " ")
		}
		cmd := exec.Command(payload, args...)
		cmd.Env = []string{"VAR=value", "PATH=/usr/bin:/bin"}
		stdout, stderr, status := call(t, cmd)
		if status != c.status || !regexp.MustCompile("^"+c.stdout+"$").MatchString(stdout) || !strings.Contains(stderr, c.stderr) {
			t.Errorf("%s: status %d, stdout %q, stderr %q", c.line, status, stdout, stderr)
		}
	}
}

func TestFilesWrittenAndRead(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	mustCall(t, exec.Command(payload, "write", file, "some text"))
	if got := mustCall(t, exec.Command(payload, "cat", file, file)); got != "some text\nsome text\n" {
		t.Errorf("cat prints %q", got)
	}
	if got := mustCall(t, exec.Command(payload, "ls", dir)); got != "file\n" {
		t.Errorf("ls prints %q", got)
	}
	echo := exec.Command(payload, "cat")
	echo.Stdin = strings.NewReader("from outside")
	if got := mustCall(t, echo); got != "from outside" {
		t.Errorf("cat prints %q", got)
	}
}

func TestMountAttempt(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	dir := t.TempDir()
	mount := func(args ...string) string {
		t.Helper()
		return mustCall(t, exec.Command("unshare", append([]string{"-m", payload}, args...)...))
	}
	if got := mount("mount", "none", dir, "tmpfs", "ro,nosuid,size=64k"); got != "ok\n" {
		t.Errorf("mount prints %q", got)
	}
}
