package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/opencontainers/runtime-spec/specs-go/features"
)

// conformancePage has a row for each field and each flag, with the tests that show it. The tests in here keep it true:
// no field or flag is without a row, no row without a field or flag, and each named test is there and is about it.
const conformancePage = "../../docs/conformance.md"

// otherPlatforms are the members of a config that are none of Linux's; one row is about all that is below them.
var otherPlatforms = []string{"solaris", "windows", "vm", "zos", "freebsd"}

// conformanceRow is a row of one of the page's tables: what it is about, and the tests that show it.
type conformanceRow struct {
	subject string
	tests   []string
}

func TestConformanceOfFields(t *testing.T) {
	set := fieldsSetByScripts(t)
	checkRows(t, "Fields of config.json", fieldsOf[specs.Spec](otherPlatforms), func(row conformanceRow) error {
		return shown(row, func(script string) error {
			if !set[script][row.subject] && !slices.Contains(otherPlatforms, row.subject) {
				return fmt.Errorf("the script does not set it")
			}
			return nil
		})
	})
}

func TestConformanceOfFlags(t *testing.T) {
	used := flagsUsedByScripts(t)
	checkRows(t, "Flags", flagSubjects(), func(row conformanceRow) error {
		if row.tests[0] == untested {
			return stillUntested(row, used)
		}
		return shown(row, func(script string) error {
			if !used[script][row.subject] {
				return fmt.Errorf("the script does not use it")
			}
			return nil
		})
	})
}

// untested stands in a row whose flag no script uses yet: the page says so instead of keeping silent.
const untested = "no test yet"

// stillUntested complains of a row that says so although there is a script that could be named.
func stillUntested(row conformanceRow, used map[string]map[string]bool) error {
	for script, flags := range used {
		if flags[row.subject] {
			return fmt.Errorf("is not untested: %s uses it", script)
		}
	}
	return nil
}

func TestConformanceOfOutput(t *testing.T) {
	var subjects []string
	for _, field := range fieldsOf[specs.State](nil) {
		subjects = append(subjects, "state: "+field)
	}
	for _, field := range fieldsOf[specs.ContainerProcessState](nil) {
		subjects = append(subjects, "seccomp agent: "+field)
	}
	for _, field := range fieldsOf[features.Features](nil) {
		subjects = append(subjects, "features: "+field)
	}
	checkRows(t, "What crabcan prints", subjects, func(row conformanceRow) error {
		if row.tests[0] == untested {
			return nil
		}
		_, field, _ := strings.Cut(row.subject, ": ")
		name := regexp.MustCompile(`\b` + regexp.QuoteMeta(lastName(field)) + `\b`)
		return shown(row, func(script string) error {
			if !name.MatchString(readString(scriptFile(script))) {
				return fmt.Errorf("the script does not look at it")
			}
			return nil
		})
	})
}

// checkRows compares the subjects with the rows of the page's table below that heading, and checks each row.
func checkRows(t *testing.T, heading string, subjects []string, check func(conformanceRow) error) {
	seen := make(map[string]bool)
	for _, row := range conformanceRows(t, heading) {
		switch {
		case seen[row.subject]:
			t.Errorf("%s has two rows", row.subject)
		case !slices.Contains(subjects, row.subject):
			t.Errorf("%s has a row, but there is no such thing", row.subject)
		default:
			if err := check(row); err != nil {
				t.Errorf("%s: %v", row.subject, err)
			}
		}
		seen[row.subject] = true
	}
	for _, subject := range subjects {
		if !seen[subject] {
			t.Errorf("%s has no row in %s, table %q", subject, conformancePage, heading)
		}
	}
}

// conformanceRows reads the tables below a heading: the first cell is the subject, the last the tests.
func conformanceRows(t *testing.T, heading string) (rows []conformanceRow) {
	page, err := os.ReadFile(conformancePage)
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("%s has no heading %q", conformancePage, heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		subject := strings.TrimSpace(cells[0])
		if len(cells) < 2 || !strings.HasPrefix(subject, "`") {
			continue // text, or the head of a table
		}
		tests := strings.TrimSpace(cells[len(cells)-1])
		rows = append(rows, conformanceRow{strings.Trim(subject, "`"), strings.Split(tests, ", ")})
	}
	return rows
}

// shown checks the tests of a row: scripts by about, and Go tests, written as "FOLDER TestName", for being there.
func shown(row conformanceRow, about func(script string) error) error {
	for _, test := range row.tests {
		folder, name, isGo := strings.Cut(test, " ")
		switch {
		case isGo:
			if !slices.Contains(goTests(folder), name) {
				return fmt.Errorf("there is no test %s in %s", name, folder)
			}
		case readString(scriptFile(test)) == "":
			return fmt.Errorf("there is no script %q", test)
		default:
			if err := about(test); err != nil {
				return fmt.Errorf("%s: %w", test, err)
			}
		}
	}
	return nil
}

func scriptFile(name string) string { return filepath.Join("testdata/script", name+".txtar") }

// goTests are the names of the tests in a folder of this repository.
func goTests(folder string) (names []string) {
	files, _ := filepath.Glob(filepath.Join("../..", folder, "*_test.go"))
	for _, file := range files {
		for _, match := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(readString(file), -1) {
			names = append(names, match[1])
		}
	}
	return names
}

// eachScriptLine calls f with the words of each line of the scripts.
func eachScriptLine(t *testing.T, f func(script string, words []string)) {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d scripts, %v", len(files), err)
	}
	for _, file := range files {
		body, _, _ := strings.Cut(readString(file), "\n-- ")
		for line := range strings.Lines(body) {
			f(strings.TrimSuffix(filepath.Base(file), ".txtar"), scriptWords(line))
		}
	}
}

// scriptWords splits a line as testscript does: at spaces outside of quotes, and up to a comment. A variable's value is
// not known here: it becomes 0, which may stand in JSON as well.
func scriptWords(line string) (words []string) {
	for line = strings.TrimSpace(line); line != "" && line[0] != '#'; line = strings.TrimSpace(line) {
		var word string
		word, line = scriptWord(line)
		words = append(words, word)
	}
	return words
}

// scriptPiece is what a word is made of: quoted text, in which two quotes are one, a variable, or other text.
var scriptPiece = regexp.MustCompile(`^(?:'((?:[^']|'')*)'|(\$\{?\w+\}?)|([^\s'$]+|\$))`)

// scriptWord takes the first word off a line.
func scriptWord(line string) (word, rest string) {
	for {
		piece := scriptPiece.FindStringSubmatch(line)
		if piece == nil {
			return word, line
		}
		word += strings.ReplaceAll(piece[1], "''", "'") + piece[3]
		if piece[2] != "" {
			word += "0"
		}
		line = line[len(piece[0]):]
	}
}
