// Command crabcan-summary puts the results of test runs together: what failed, and what was skipped in every one of them.
//
//	crabcan-summary -record FILE              copy `go test -json` from stdin to FILE, and show what a person wants to see
//	crabcan-summary -table FILE [-vm] FILE... judge the records of several runs; -vm: only what make test-vm answers for
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	record := flag.String("record", "", "copy stdin to this file")
	table := flag.String("table", "", "the table of what is not tested everywhere")
	vm := flag.Bool("vm", false, "judge only the rows of the table that name test-vm")
	flag.Parse()
	ok, err := false, error(nil)
	if *record != "" {
		ok, err = show(os.Stdin, *record, os.Stdout)
	} else {
		ok, err = summarize(*table, *vm, flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "crabcan-summary:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// summarize judges the records in files and prints the verdict; it reports whether all is well.
func summarize(table string, vm bool, files []string) (bool, error) {
	text, err := os.ReadFile(table)
	if err != nil {
		return false, err
	}
	rows, err := parseTable(string(text))
	if err != nil {
		return false, fmt.Errorf("%s: %w", table, err)
	}
	seen := results{}
	for _, file := range files {
		in, err := os.Open(file)
		if err != nil {
			return false, err
		}
		err = seen.add(strings.TrimSuffix(filepath.Base(file), ".json"), in)
		in.Close()
		if err != nil {
			return false, fmt.Errorf("%s: %w", file, err)
		}
	}
	verdict := judge(seen, rows, vm)
	verdict.print(os.Stdout)
	return len(verdict.problems) == 0, nil
}
