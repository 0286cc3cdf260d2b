package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The page for users whose container fails has a heading for each message, with ... for what is different each time.
const troubleshooting = "../../docs/troubleshooting.md"

var messageHeading = regexp.MustCompile(`(?m)^### (.*)$`)

// explainedMessages are the headings of the page.
func explainedMessages() (list []string, err error) {
	page, err := os.ReadFile(troubleshooting)
	for _, match := range messageHeading.FindAllSubmatch(page, -1) {
		list = append(list, string(match[1]))
	}
	return list, err
}

// cmdExplained checks that the last stderr has a message, and that the page explains it.
func cmdExplained(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: explained MESSAGE")
	}
	messages, err := explainedMessages()
	ts.Check(err)
	if !slices.Contains(messages, args[0]) {
		ts.Fatalf("%s does not explain %s", troubleshooting, args[0])
	}
	pattern := strings.ReplaceAll(regexp.QuoteMeta(args[0]), `\.\.\.`, ".*")
	printed := strings.ReplaceAll(ts.ReadFile("stderr"), `\"`, `"`) // the log quotes messages
	if !regexp.MustCompile(pattern).MatchString(printed) {
		ts.Fatalf("crabcan did not print %s", args[0])
	}
}

// A heading that no script provokes might be a message of yesterday.
func TestExplainedMessagesAreProvoked(t *testing.T) {
	messages, err := explainedMessages()
	if err != nil || len(messages) == 0 {
		t.Fatalf("%d messages: %v", len(messages), err)
	}
	script, err := os.ReadFile("testdata/script/troubleshooting.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, message := range messages {
		if !strings.Contains(string(script), "explained '"+strings.ReplaceAll(message, "'", "''")+"'\n") {
			t.Errorf("no script provokes %s", message)
		}
	}
}
