package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// cli is a runtime that is used by its command line, as clients use it.
type cli struct {
	executable
	// id is the container's, root the folder of the runtime's states, pidFile where create writes init's pid.
	id, root, pidFile string
	null              *os.File
	// stderr is a file, since a pipe would be waited for until the container's end.
	stderr *os.File
}

// newCLI prepares a runtime to be used in the work folder.
func newCLI(p executable, work string) (*cli, error) {
	dir := filepath.Join(work, "runtime-"+p.Name)
	r := &cli{executable: p, id: idPrefix() + p.Name, root: filepath.Join(dir, "root"),
		pidFile: filepath.Join(dir, "pid")}
	err := os.MkdirAll(r.root, 0o700)
	if err == nil {
		r.null, err = os.OpenFile(os.DevNull, os.O_RDWR, 0)
	}
	if err == nil {
		r.stderr, err = os.OpenFile(filepath.Join(dir, "stderr"), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	}
	return r, err
}

func (r *cli) name() string           { return r.Name }
func (r *cli) once(c benchCase) error { return c.do(r, c.bundle, lookAway) }

// check wants to see the container in each state, and no trace of it at the end unless it is to run on.
func (r *cli) check(c benchCase) error {
	if c.running {
		return r.checkRunning(c)
	}
	if err := c.do(r, c.bundle, (*cli).expect); err != nil {
		return err
	}
	if r.call("state", r.id) == nil {
		return errors.New("the container still exists")
	}
	return nil
}

// checkRunning starts the container, and wants what is done with it to leave it running.
func (r *cli) checkRunning(c benchCase) error {
	if err := r.call("create", "--bundle", c.bundle, r.id); err != nil {
		return err
	}
	if err := r.call("start", r.id); err != nil {
		return err
	}
	if err := r.once(c); err != nil {
		return err
	}
	return r.expect("running")
}

func (r *cli) clean() {
	_ = r.call("delete", "--force", r.id) // as a rule there is nothing
	reap()
}

// run is one `run` of a bundle.
func (r *cli) run(bundle string, _ observer) error { return r.call("run", "--bundle", bundle, r.id) }

// exec runs a further process in the container.
func (r *cli) exec(string, observer) error { return r.call("exec", r.id, truePath) }

func (r *cli) state(string, observer) error { return r.call("state", r.id) }

// kill sends a signal that a process which is not stopped does not notice.
func (r *cli) kill(string, observer) error { return r.call("kill", r.id, "CONT") }

// createStartDelete is a container's life as containerd has it: it, too, waits for the end before it deletes.
func (r *cli) createStartDelete(bundle string, look observer) error {
	if err := r.call("create", "--bundle", bundle, "--pid-file", r.pidFile, r.id); err != nil {
		return err
	}
	if err := look(r, "created"); err != nil {
		return err
	}
	if err := r.call("start", r.id); err != nil {
		return err
	}
	if err := r.waitForInit(); err != nil {
		return err
	}
	if err := look(r, "stopped"); err != nil {
		return err
	}
	return r.call("delete", r.id)
}

// waitForInit waits for the container's process, which became this process's child when its parent ended (inside
// makes it so).
func (r *cli) waitForInit() error {
	text, err := os.ReadFile(r.pidFile)
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	var status unix.WaitStatus
	for err = unix.EINTR; err == unix.EINTR; {
		_, err = unix.Wait4(pid, &status, 0, nil)
	}
	return ended(status, err)
}

// ended is the error of a container's process that did not succeed, or could not be waited for.
func ended(status unix.WaitStatus, err error) error {
	if err == nil && status != 0 {
		err = fmt.Errorf("the container's process ended with wait status %#x", int(status))
	}
	return err
}

// observer looks at the container at a point of its life.
type observer func(r *cli, want string) error

// lookAway is for when time counts.
func lookAway(*cli, string) error { return nil }

// expect compares the container's status.
func (r *cli) expect(want string) error {
	output, err := exec.Command(r.Path, "--root", r.root, "state", r.id).Output()
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	var state struct{ Status string }
	if err := json.Unmarshal(output, &state); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	if state.Status != want {
		return fmt.Errorf("the container is %s, not %s", state.Status, want)
	}
	return nil
}

// patience is how long a command may take: none of them has a reason to take a second.
const patience = 20 * time.Second

// argv is a command line of the runtime.
func (r *cli) argv(verb string, args []string) []string {
	return append([]string{r.Path, "--root", r.root, verb}, args...)
}

// call runs a command and waits for its end.
func (r *cli) call(verb string, args ...string) error {
	p, err := os.StartProcess(r.Path, r.argv(verb, args), &os.ProcAttr{Files: []*os.File{r.null, r.null, r.stderr}})
	if err != nil {
		return err
	}
	giveUp := time.AfterFunc(patience, func() { _ = p.Kill() })
	defer giveUp.Stop()
	state, err := p.Wait()
	if err != nil {
		return err
	}
	if !state.Success() {
		return fmt.Errorf("%s: %v: %s", verb, state, r.complaint())
	}
	return nil
}

// complaint is the last line that the runtime wrote to stderr.
func (r *cli) complaint() string {
	text, err := os.ReadFile(r.stderr.Name())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}

// reap ends the zombies of processes that runtimes left to this process.
func reap() {
	for {
		if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); pid <= 0 && err != unix.EINTR {
			return
		}
	}
}
