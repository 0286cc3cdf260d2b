//go:build manual

package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"github.com/crabcan/crabcan/cmd/crabcan/manual"
)

// With the build tag manual this is not crabcan but the generator of its manual: it alone sees the definitions of the
// verbs, and crabcan does not carry what writes pages.
func main() {
	if err := writeManual(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// writeManual writes all man pages and completions.
func writeManual(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("usage: manual CLI.MD DATE FOLDER")
	}
	doc, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	c := manual.Read(newApp(nil), takesRest)
	files, err := manual.Pages(c, string(doc), manual.Edition{Version: version, Date: args[1]})
	if err != nil {
		return err
	}
	completions, err := manual.Completions(c)
	if err != nil {
		return err
	}
	maps.Copy(files, completions)
	if err := os.MkdirAll(args[2], 0o755); err != nil {
		return err
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(args[2], name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
