package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSecurityPage checks that the page on attacks names for each of them tests that exist.
func TestSecurityPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/security.md")
	check(t, err)
	code := sources(t, "*_test.go", "../../runtime/*_test.go")
	name := regexp.MustCompile("`([A-Za-z0-9_]+)`")
	attacks := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || !strings.Contains(cells[2], "CVE-") {
			continue
		}
		attacks++
		tests := name.FindAllStringSubmatch(cells[4], -1)
		if len(tests) == 0 {
			t.Errorf("no test: %s", line)
		}
		for _, test := range tests {
			_, err := os.Stat(filepath.Join("testdata/script", test[1]+".txtar"))
			if err != nil && !strings.Contains(code, "func "+test[1]+"(t *testing.T)") {
				t.Errorf("there is no test %s:%s", test[1], cells[1])
			}
		}
	}
	if attacks < 18 {
		t.Errorf("the page has only %d attacks", attacks)
	}
}

// sources is the text of all files that match.
func sources(t *testing.T, patterns ...string) string {
	t.Helper()
	var text strings.Builder
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		check(t, err)
		for _, file := range files {
			data, err := os.ReadFile(file)
			check(t, err)
			text.Write(data)
		}
	}
	return text.String()
}
