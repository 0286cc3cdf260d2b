//go:build clients

package clients

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/crabcan/crabcan/cmd/crabcan/internal/seat"
)

// A world is where the scripts of one client run with one runtime: a mount, pid, network, IPC, UTS and cgroup namespace
// of its own, where /run is empty and /etc and /var/lib may be written to. So daemons and clients can use their
// default sockets, folders, bridges and addresses, nothing outside changes, and the kernel ends what is left.
// There are three processes, all of the test binary: the test, which makes the world and judges it at last; init, which
// furnishes it, reaps, and looks for what is left; and the one that runs the client's daemon and scripts.
type world struct {
	Stage   string // "init" or "main"
	Client  string
	Runtime string   // path of the runtime's program
	Scripts []string // paths of the scripts
	Images  string   // folder of the images, see makeImages
	Tools   string   // folder of the programs that Debian does not have
	Dir     string   // folder of the world's own
	Cgroup  string   // name of the world's cgroup, below the root of each hierarchy

	ends []func() error
}

// worldEnv is the environment variable with the world of the two inner processes.
const worldEnv = "CRABCAN_CLIENTS_WORLD"

// A report is what the test learns of a world.
type report struct {
	Scripts map[string]verdict // by name
	Err     string             // of the world itself: its daemon does not start or end
	Left    []string           // what the client left behind, see look
}

// inherited is the world that this process was started in, nil if it is the test.
func inherited() *world {
	text, ok := os.LookupEnv(worldEnv)
	if !ok {
		return nil
	}
	os.Unsetenv(worldEnv)
	w := &world{}
	if err := json.Unmarshal([]byte(text), w); err != nil {
		panic(err)
	}
	return w
}

// command prepares the test binary for another stage of the world.
func (w *world) command(ctx context.Context, stage string) *exec.Cmd {
	next := *w
	next.Stage = stage
	text, err := json.Marshal(next)
	if err != nil {
		panic(err)
	}
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.CommandContext(ctx, self)
	// Temporary files of scripts go with the world.
	cmd.Env = append(os.Environ(), worldEnv+"="+string(text), "TMPDIR="+w.Dir)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd
}

// run makes the world, waits for its end and removes it.
func (w *world) run(ctx context.Context) (r report) {
	for _, dir := range []string{w.Dir, w.reports()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return report{Err: err.Error()}
		}
	}
	w.Cgroup = fmt.Sprintf("crabcan-clients-%d-%s", os.Getpid(), filepath.Base(w.Dir))
	err := makeCgroups(w.Cgroup)
	if err == nil {
		// The kernel sends the signal when the thread ends, not the process.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		cmd := w.command(ctx, "init")
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC |
				syscall.CLONE_NEWUTS,
			Pdeathsig: syscall.SIGKILL,
		}
		err = cmd.Run()
		if ctx.Err() != nil {
			err = fmt.Errorf("ended before its scripts had: %w", ctx.Err())
		}
	}
	r = w.read()
	if err != nil {
		r.Err += err.Error()
	}
	if err := removeCgroups(w.Cgroup); err != nil {
		r.Left = append(r.Left, err.Error())
	}
	if err := os.RemoveAll(w.Dir); err != nil {
		r.Left = append(r.Left, err.Error())
	}
	return r
}

// main is the third process: it runs the scripts between the start and the end of the client's daemon.
func (w *world) main() int {
	err := w.play()
	for i := len(w.ends) - 1; i >= 0; i-- {
		if endErr := w.ends[i](); err == nil {
			err = endErr
		}
	}
	if err != nil {
		w.write("world", report{Err: err.Error()})
	}
	return 0
}

func (w *world) play() error {
	c, err := findClient(w.Client)
	if err != nil {
		return err
	}
	if err := c.setUp(w); err != nil {
		return err
	}
	judge := newJudge(w)
	testscript.RunT(judge, testscript.Params{
		Files:     w.Scripts,
		Setup:     func(env *testscript.Env) error { return w.setUpScript(c, env) },
		Condition: w.condition,
		Cmds:      allCommands(c),
		Deadline:  time.Now().Add(worldTime - time.Minute),

		RequireUniqueNames: true,
	})
	judge.wait()
	return nil
}

// setUpScript gives a script its environment.
func (w *world) setUpScript(c client, env *testscript.Env) error {
	env.Vars = append(env.Vars, w.environ()...)
	env.Setenv("NAME", scriptNameOf(env))
	env.Setenv("RUNTIME", filepath.Base(w.Runtime))
	env.Setenv("RUNTIME_PATH", w.Runtime)
	env.Setenv("IMAGES", w.Images)
	env.Values[recordKey{}] = recordOf(env, c, w)
	seat.SetUp(env)
	if c.script == nil {
		return nil
	}
	return c.script(w, env)
}

// environ is what daemons and scripts have in their environment: Debian's programs and the client's, not others of this
// machine.
func (w *world) environ() []string {
	return []string{"PATH=" + w.Tools + ":/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + w.Dir, "LANG=C.UTF-8", "TZ=UTC"}
}

// atEnd has something done before the world ends, the last first.
func (w *world) atEnd(f func() error) { w.ends = append(w.ends, f) }

func (w *world) reports() string { return filepath.Join(w.Dir, "reports") }

// write leaves a part of the report for the test to read.
func (w *world) write(name string, r report) {
	text, err := json.Marshal(r)
	if err == nil {
		err = os.WriteFile(filepath.Join(w.reports(), name+".json"), text, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// read puts the report together.
func (w *world) read() report {
	whole := report{Scripts: map[string]verdict{}}
	paths, _ := filepath.Glob(filepath.Join(w.reports(), "*.json"))
	for _, path := range paths {
		var part report
		text, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(text, &part)
		}
		if err != nil {
			part.Err = err.Error()
		}
		for name, verdict := range part.Scripts {
			whole.Scripts[name] = verdict
		}
		whole.Err += part.Err
		whole.Left = append(whole.Left, part.Left...)
	}
	return whole
}
