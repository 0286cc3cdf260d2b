package state

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"
)

// TestMain lets the test binary be the other process in the tests of the lock.
func TestMain(m *testing.M) {
	if root := os.Getenv("CRABCAN_TEST_LOCK"); root != "" {
		if err := holdLock(Root(root)); err != nil {
			fmt.Println(err)
		}
		return
	}
	os.Exit(m.Run())
}

// holdLock locks c1, says so on standard output and holds on until standard input ends.
func holdLock(root Root) error {
	d, err := Open(root, "c1")
	if err != nil {
		return err
	}
	if err := d.Lock(); err != nil {
		return err
	}
	fmt.Println("locked")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// other is a second process that wants the lock of c1.
type other struct {
	cmd   *exec.Cmd
	stdin io.Closer
	said  chan string
}

func startOther(t *testing.T, root Root) other {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "CRABCAN_TEST_LOCK="+string(root))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	o := other{cmd: cmd, stdin: stdin, said: make(chan string, 1)}
	go func() {
		line, _ := bufio.NewReader(stdout).ReadString('\n')
		o.said <- line
	}()
	t.Cleanup(func() {
		stdin.Close()
		cmd.Wait()
	})
	return o
}

func (o other) wantSaid(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-o.said:
		if got != want+"\n" {
			t.Fatalf("the other process said %q, want %q", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("the other process said nothing, want %q", want)
	}
}

func (o other) wantSilence(t *testing.T) {
	t.Helper()
	select {
	case got := <-o.said:
		t.Fatalf("the other process did not wait, it said %q", got)
	case <-time.After(200 * time.Millisecond):
	}
}

func TestLockIsExclusiveAcrossProcesses(t *testing.T) {
	root, d := newDir(t, "c1")
	o := startOther(t, root)
	o.wantSilence(t)
	d.Close()
	o.wantSaid(t, "locked")

	mine, err := Open(root, "c1")
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	if err := mine.TryLock(); !errors.Is(err, ErrLocked) {
		t.Errorf("TryLock: %v, want ErrLocked", err)
	}
	o.stdin.Close()
	if err := mine.Lock(); err != nil {
		t.Error(err)
	}
}

func TestLockIsReleasedByKill(t *testing.T) {
	root, d := newDir(t, "c1")
	o := startOther(t, root)
	d.Close()
	o.wantSaid(t, "locked")
	if err := o.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	mine, err := Open(root, "c1")
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	if err := mine.Lock(); err != nil {
		t.Error(err)
	}
}

func TestLockSeesDeletionByPreviousHolder(t *testing.T) {
	root, d := newDir(t, "c1")
	o := startOther(t, root)
	o.wantSilence(t)
	if err := d.Remove(); err != nil {
		t.Fatal(err)
	}
	d.Close()
	o.wantSaid(t, `container "c1" does not exist`)
}

func TestLockSeesSuccessorOfTheSameName(t *testing.T) {
	root, d := newDir(t, "c1")
	old, err := Open(root, "c1")
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if err := d.Remove(); err != nil {
		t.Fatal(err)
	}
	d.Close()
	successor := create(t, root, "c1")
	if err := old.Lock(); !errors.Is(err, ErrNotExist) {
		t.Errorf("Lock: %v, want ErrNotExist", err)
	}
	if err := successor.Save(fullState()); err != nil {
		t.Error(err)
	}
}

func TestUnlockKeepsTheFolderOpen(t *testing.T) {
	root, d := newDir(t, "c1")
	if err := d.Unlock(); err != nil {
		t.Fatal(err)
	}
	other, err := Open(root, "c1")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := other.TryLock(); err != nil {
		t.Error(err)
	}
	if err := d.TryLock(); !errors.Is(err, ErrLocked) {
		t.Errorf("TryLock: %v, want ErrLocked", err)
	}
}

func TestShare(t *testing.T) {
	root, a := newDir(t, "c1")
	b, err := Open(root, "c1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	if err := b.TryShare(); !errors.Is(err, ErrLocked) {
		t.Errorf("TryShare beside Lock: %v, want ErrLocked", err)
	}
	if err := a.Unlock(); err != nil {
		t.Fatal(err)
	}
	for _, d := range []*Dir{a, b} {
		if err := d.Share(); err != nil {
			t.Errorf("Share: %v", err)
		}
	}
	c, err := Open(root, "c1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.TryLock(); !errors.Is(err, ErrLocked) {
		t.Errorf("TryLock beside Share: %v, want ErrLocked", err)
	}
}
