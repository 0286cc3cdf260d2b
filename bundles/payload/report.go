package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// view is one field of the report: marshalled it is the field's JSON, and lines is its text.
type view interface {
	lines() []string
}

// field is one thing that the report can tell. read gets what a user asked for as FIELD=ARGUMENT, nil if nothing.
type field struct {
	name string
	read func(arguments []string) (view, error)
}

// fields is the report, in its order. The names are the schema of --json: none is ever given another meaning.
var fields = [...]field{
	{"argv", readArgv},
	{"exe", readExe},
	{"cwd", readCwd},
	{"environment", readEnvironment},
	{"process", readProcess},
	{"user", readUser},
	{"capabilities", readCapabilities},
	{"noNewPrivileges", readNoNewPrivileges},
	{"seccomp", readSeccomp},
	{"blockedSignals", readBlockedSignals},
	{"personality", readPersonality},
	{"rlimits", readRlimits},
	{"oomScoreAdj", readOOMScoreAdj},
	{"cgroups", readCgroups},
	{"namespaces", readNamespaces},
	{"timeOffsets", readTimeOffsets},
	{"hostname", readHostname},
	{"domainname", readDomainname},
	{"interfaces", readInterfaces},
	{"mounts", readMounts},
	{"devices", readDevices},
	{"links", readLinks},
	{"paths", readPaths},
	{"sysctls", readSysctls},
	{"descriptors", readDescriptors},
	{"terminal", readTerminal},
}

func fieldNames() []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return names
}

// answer is what reading one field came to: a view or an error.
type answer struct {
	name string
	view view
	err  error
}

// report prints the fields that are asked for, or all.
func report(args []string) error {
	show := showText
	var words []string
	for _, arg := range args {
		if arg == "--json" {
			show = showJSON
		} else {
			words = append(words, arg)
		}
	}
	answers, err := ask(words)
	if err != nil {
		return err
	}
	return show(answers)
}

// ask reads the fields that the words FIELD and FIELD=ARGUMENT name, in the report's order; without any, all.
func ask(words []string) ([]answer, error) {
	arguments := map[string][]string{}
	for _, word := range words {
		name, argument, given := strings.Cut(word, "=")
		if !slices.Contains(fieldNames(), name) {
			return nil, fmt.Errorf("no such field: %s (there are %s)", name, strings.Join(fieldNames(), " "))
		}
		list := arguments[name]
		if given {
			list = append(list, argument)
		}
		arguments[name] = list
	}
	var answers []answer
	for _, f := range fields {
		if list, asked := arguments[f.name]; asked || len(words) == 0 {
			v, err := f.read(list)
			answers = append(answers, answer{f.name, v, err})
		}
	}
	return answers, nil
}

// showText prints each field's name and then its lines beside and below it.
func showText(answers []answer) error {
	var text strings.Builder
	for _, a := range answers {
		label := a.name
		for _, line := range a.text() {
			fmt.Fprintf(&text, "%-16s %s\n", label, line)
			label = ""
		}
	}
	_, err := os.Stdout.WriteString(text.String())
	return err
}

func (a answer) text() []string {
	if a.err != nil {
		return []string{"unavailable: " + a.err.Error()}
	}
	if lines := a.view.lines(); len(lines) > 0 {
		return lines
	}
	return []string{"none"}
}

// showJSON prints one object with a member for each field, and in "unavailable" the reasons of those it could not
// read.
func showJSON(answers []answer) error {
	object := map[string]any{}
	unavailable := map[string]string{}
	for _, a := range answers {
		if a.err != nil {
			unavailable[a.name] = a.err.Error()
		} else {
			object[a.name] = a.view
		}
	}
	object["unavailable"] = unavailable
	data, err := json.MarshalIndent(object, "", "  ")
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(append(data, '\n'))
	return err
}
