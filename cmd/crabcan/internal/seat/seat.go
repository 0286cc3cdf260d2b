// Package seat gives testscript scripts a user at a terminal, by these commands:
//
//	terminal COLSxROWS PROGRAM [ARG...]  run a program in the background on a new terminal of that size
//	shows PATTERN                        wait until the terminal shows that
//	press TEXT                           press keys; \n, \x03 and so on are what they are in Go
//	resize COLSxROWS                     change the terminal's size
//	closed STATUS                        wait for the end of the program and check its status; stdout is what was shown
package seat

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/containerd/console"
	"github.com/rogpeppe/go-internal/testscript"
)

// patience is how long to wait for what the terminal shall show, or for the program's end.
const patience = time.Minute

// Commands are the commands for testscript.Params.Cmds. The program gets the script's variables of the given names.
func Commands(variables ...string) map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	return map[string]func(ts *testscript.TestScript, neg bool, args []string){
		"closed":   cmdClosed,
		"press":    cmdPress,
		"resize":   cmdResize,
		"shows":    cmdShows,
		"terminal": func(ts *testscript.TestScript, neg bool, args []string) { cmdTerminal(ts, neg, args, variables) },
	}
}

// SetUp gives a script its seat.
func SetUp(env *testscript.Env) { env.Values[seatKey{}] = &seat{} }

// seatKey finds the *seat of a script among its values.
type seatKey struct{}

// seat is a place at a terminal that a program runs on.
type seat struct {
	terminal console.Console
	cmd      *exec.Cmd
	gone     chan struct{} // closed when nobody has the terminal open any more

	mu    sync.Mutex
	shown []byte
}

func cmdTerminal(ts *testscript.TestScript, neg bool, args, variables []string) {
	if len(args) < 2 || neg {
		ts.Fatalf("usage: terminal COLSxROWS PROGRAM [ARG...]")
	}
	terminal, path, err := console.NewPty()
	ts.Check(err)
	ts.Check(terminal.Resize(parseSize(ts, args[0])))
	slave, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY, 0)
	ts.Check(err)
	defer slave.Close()
	cmd := exec.Command("env", args[1:]...) // it looks for the program in the PATH of the script
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = os.Environ()
	for _, name := range variables {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	ts.Check(cmd.Start())
	u := ts.Value(seatKey{}).(*seat)
	u.terminal, u.cmd, u.gone, u.shown = terminal, cmd, make(chan struct{}), nil
	go u.watch()
	ts.Defer(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		terminal.Close()
	})
}

// watch looks at the terminal until nobody has it open: then reading is an error.
func (u *seat) watch() {
	defer close(u.gone)
	buffer := make([]byte, 4096)
	for {
		n, err := u.terminal.Read(buffer)
		u.mu.Lock()
		u.shown = append(u.shown, buffer[:n]...)
		u.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (u *seat) screen() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return string(u.shown)
}

func seatOf(ts *testscript.TestScript) *seat {
	u := ts.Value(seatKey{}).(*seat)
	if u.cmd == nil {
		ts.Fatalf("nothing runs on a terminal")
	}
	return u
}

func cmdShows(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: shows PATTERN")
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	u := seatOf(ts)
	for deadline := time.Now().Add(patience); !pattern.MatchString(u.screen()); time.Sleep(2 * time.Millisecond) {
		if time.Now().Before(deadline) {
			continue
		}
		ts.Fatalf("the terminal does not show %q but %q", args[0], u.screen())
	}
}

func cmdPress(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: press TEXT")
	}
	text, err := strconv.Unquote(`"` + args[0] + `"`)
	ts.Check(err)
	_, err = seatOf(ts).terminal.Write([]byte(text))
	ts.Check(err)
}

func cmdResize(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: resize COLSxROWS")
	}
	ts.Check(seatOf(ts).terminal.Resize(parseSize(ts, args[0])))
}

func parseSize(ts *testscript.TestScript, text string) (size console.WinSize) {
	_, err := fmt.Sscanf(text, "%dx%d", &size.Width, &size.Height)
	ts.Check(err)
	return size
}

func cmdClosed(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: closed STATUS")
	}
	u := seatOf(ts)
	select {
	case <-u.gone:
	case <-time.After(patience):
		ts.Fatalf("the terminal stays open and shows %q", u.screen())
	}
	_ = u.cmd.Wait() // the error is that the status is not 0
	fmt.Fprint(ts.Stdout(), u.screen())
	if got := strconv.Itoa(u.cmd.ProcessState.ExitCode()); got != args[0] {
		ts.Fatalf("the exit status was %s", got)
	}
}
