package main

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdManual writes the manual as `make manual` does: by this package's other main, which only its build tag brings.
func cmdManual(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: manual DIR")
	}
	ts.Check(generateManual("../../docs/cli.md", ts.MkAbs(args[0])))
}

func generateManual(doc, dir string) error {
	cmd := exec.Command("go", "run", "-tags", "urfave_cli_no_docs,manual", ".", doc, "2026-01-31", dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// A verb that docs/cli.md does not describe would have an empty page.
func TestManualWantsAPageOfAllVerbs(t *testing.T) {
	err := generateManual("../../README.md", t.TempDir())
	want := `the page of the command line has no section "checkpoint"`
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the error is %v, not %s", err, want)
	}
}
