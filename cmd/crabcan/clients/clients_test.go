//go:build clients

// Package clients runs crabcan and Debian's runc under the clients that people use, and fails where what a client shows
// differs between the two.
package clients

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// A client is a program that people use to run containers, with what it needs: its daemon, say. Its scripts are in
// testdata/NAME, one behaviour a file, named after it. Each runs twice, in a world of runc's and in one of crabcan's.
type client struct {
	name     string
	scripts  string               // the folder in testdata with its scripts, if not name
	programs []string             // that must be installed
	modules  []string             // programs that Debian does not have, as go install takes them
	setUp    func(w *world) error // makes the world ready for the scripts; see world.daemon and world.atEnd
	script   func(w *world, env *testscript.Env) error
	commands map[string]func(ts *testscript.TestScript, neg bool, args []string)
	differs  []difference // what the client shows otherwise each time
	leaves   []string     // patterns of what is left when all its containers are gone and its daemon has ended
}

var clients = []client{docker, containerd, containerd2, cri, cri2, podman, podmanRootless}

// wanted chooses scripts. -run can't: it is the worlds that run them.
var wanted = flag.String("scripts", "", "run only the scripts whose names match this regular expression")

// worldTime is how long the scripts of one client may take.
const worldTime = 15 * time.Minute

func TestMain(m *testing.M) {
	switch w := inherited(); {
	case w == nil:
		os.Exit(m.Run())
	case w.Stage == "init":
		os.Exit(w.init())
	default:
		os.Exit(w.main())
	}
}

func TestClients(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("clients' daemons need root")
	}
	ctx, cancel := signal.NotifyContext(t.Context(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	base := t.TempDir()
	crabcan := buildCrabcan(t, base)
	runc, err := exec.LookPath("runc")
	if err != nil {
		t.Fatalf("%v: make test-clients installs it", err)
	}
	images := makeImages(t)
	for _, c := range clients {
		t.Run(c.name, func(t *testing.T) {
			for _, program := range c.programs {
				if _, err := exec.LookPath(program); err != nil {
					t.Fatalf("%v: make test-clients installs it", err)
				}
			}
			scripts := findScripts(t, cmp.Or(c.scripts, c.name))
			tools := installTools(t, c.modules)
			var reports [2]report
			var both sync.WaitGroup
			for i, runtime := range []string{runc, crabcan} {
				w := &world{
					Client: c.name, Runtime: runtime, Scripts: scripts, Images: images, Tools: tools,
					Dir: filepath.Join(base, c.name+"-"+filepath.Base(runtime)),
				}
				both.Go(func() {
					ctx, cancel := context.WithTimeout(ctx, worldTime)
					defer cancel()
					reports[i] = w.run(ctx)
				})
			}
			both.Wait()
			compare(t, scripts, reports[0], reports[1])
		})
	}
}

// buildCrabcan builds the runtime, and beside it the one that saves and restores processes, as the Makefile does.
func buildCrabcan(t *testing.T, dir string) string {
	path := filepath.Join(dir, "crabcan")
	for program, tags := range map[string]string{path: "urfave_cli_no_docs", path + "-criu": "urfave_cli_no_docs,criu"} {
		build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags="+tags, "-ldflags=-s -w", "-o", program, "..")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if output, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
	}
	return path
}

// installTools builds programs from Go's module proxy into a folder.
func installTools(t *testing.T, modules []string) string {
	dir := t.TempDir()
	for _, module := range modules {
		install := exec.Command("go", "install", "-trimpath", "-ldflags=-s -w", module)
		install.Env = append(os.Environ(), "CGO_ENABLED=0", "GOBIN="+dir)
		if output, err := install.CombinedOutput(); err != nil {
			t.Fatalf("go install %s: %v: %s", module, err, output)
		}
	}
	return dir
}

// findScripts lists the scripts of a folder that are wanted.
func findScripts(t *testing.T, folder string) (scripts []string) {
	pattern, err := regexp.Compile(*wanted)
	if err != nil {
		t.Fatal(err)
	}
	all, err := filepath.Glob(filepath.Join("testdata", folder, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		if pattern.MatchString(scriptName(path)) {
			scripts = append(scripts, path)
		}
	}
	if len(scripts) == 0 {
		t.Skipf("no script of %s matches %q", folder, *wanted)
	}
	return scripts
}

func scriptName(path string) string {
	return strings.TrimSuffix(filepath.Base(path), ".txtar")
}

// findClient returns the client of that name.
func findClient(name string) (client, error) {
	for _, c := range clients {
		if c.name == name {
			return c, nil
		}
	}
	return client{}, fmt.Errorf("there is no client %s", name)
}
