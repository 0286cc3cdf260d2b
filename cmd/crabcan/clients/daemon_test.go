//go:build clients

package clients

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// patience is how long something may take that takes a moment.
const patience = 2 * time.Minute

// A daemon is a client's.
type daemon struct {
	name string
	log  string // path
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// daemon starts a daemon with the world's environment and waits until it is ready; it ends before the world. Its output
// is in $HOME/NAME.log.
func (w *world) daemon(name string, ready func() bool, argv ...string) error {
	d, err := startDaemon(name, filepath.Join(w.Dir, name+".log"), w.environ(), argv...)
	if err != nil {
		return err
	}
	w.atEnd(d.stop)
	return d.await(ready)
}

func startDaemon(name, log string, env []string, argv ...string) (*daemon, error) {
	output, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	// It looks for the program in the world's PATH.
	cmd := exec.Command("env", argv...)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, output, output
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	d := &daemon{name: name, log: log, cmd: cmd, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(d.done)
	}()
	return d, nil
}

// await waits until the daemon is ready.
func (d *daemon) await(ready func() bool) error {
	if !await(func() bool { return d.ended() || ready() }) || d.ended() {
		return fmt.Errorf("%s is not ready: %s", d.name, d.lastWords())
	}
	return nil
}

// stop asks the daemon to end and waits for it.
func (d *daemon) stop() error { return d.end(syscall.SIGTERM) }

func (d *daemon) end(signal syscall.Signal) error {
	_ = d.cmd.Process.Signal(signal)
	if await(d.ended) {
		return nil
	}
	_ = d.cmd.Process.Kill()
	<-d.done
	return fmt.Errorf("%s does not end: %s", d.name, d.lastWords())
}

func (d *daemon) ended() bool {
	select {
	case <-d.done:
		return true
	default:
		return false
	}
}

// lastWords is the end of the daemon's log.
func (d *daemon) lastWords() string {
	text, _ := os.ReadFile(d.log)
	return string(text[max(0, len(text)-4000):])
}

// await asks again and again, until the answer is yes or patience has run out, and returns the last answer.
func await(yes func() bool) bool {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if yes() {
			return true
		}
	}
	return yes()
}

// client runs a program with the world's environment.
func (w *world) client(argv ...string) error {
	cmd := exec.Command("env", argv...)
	cmd.Env = w.environ()
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", argv[0], err, output)
	}
	return nil
}
