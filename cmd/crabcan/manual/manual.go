// Package manual turns the definitions of a command line into man pages and into completions for shells. crabcan itself
// does not import it: its generator does (main_manual.go).
package manual

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// CLI is a command line, as manual pages and completions see it.
type CLI struct {
	Name, Usage, Description string
	// Flags are those before the verb.
	Flags []Flag
	Verbs []Verb
}

// Verb is a command of it.
type Verb struct {
	Name, Usage, ArgsUsage, Description string
	Flags                               []Flag
	// FlagsFirst says that what stands behind the first argument is no flag.
	FlagsFirst bool
	// First and Second are what the first and the second argument are.
	First, Second Kind
}

// Flag is an option of the command line or of a verb.
type Flag struct {
	// Names begins with the long one.
	Names []string
	// Usage is what it does, Default what holds without it, "" if that is nothing.
	Usage, Default string
	// Placeholder stands for the value; it is "" for a flag without one.
	Placeholder string
	Value       Kind
	// Values are all that it can be, if that is known.
	Values  []string
	Repeats bool
}

// Kind is what a value or an argument is: what a shell can offer for it.
type Kind string

// The kinds. Bundle is a folder, Container also an ID.
const (
	Nothing   Kind = "nothing"
	Word      Kind = "word"
	File      Kind = "file"
	Folder    Kind = "folder"
	Choice    Kind = "choice"
	Bundle    Kind = "bundle"
	Container Kind = "container"
	Signal    Kind = "signal"
)

// Read reads the definitions of app. flagsFirst names the verbs whose flags can only stand before the arguments.
func Read(app *cli.App, flagsFirst []string) CLI {
	c := CLI{
		Name: app.Name, Usage: app.Usage, Description: app.Description,
		Flags: readFlags(slices.Concat(app.Flags, []cli.Flag{cli.HelpFlag, cli.VersionFlag})),
	}
	for _, command := range app.Commands {
		v := Verb{
			Name: command.Name, Usage: command.Usage, ArgsUsage: command.ArgsUsage, Description: command.Description,
			Flags:      readFlags(slices.Concat(command.Flags, []cli.Flag{cli.HelpFlag})),
			FlagsFirst: slices.Contains(flagsFirst, command.Name),
		}
		v.First, v.Second = arguments(command.ArgsUsage)
		c.Verbs = append(c.Verbs, v)
	}
	return c
}

// readFlags reads the flags that are not hidden.
func readFlags(flags []cli.Flag) (list []Flag) {
	for _, f := range flags {
		if v, ok := f.(cli.VisibleFlag); ok && !v.IsVisible() {
			continue
		}
		list = append(list, readFlag(f.(cli.DocGenerationFlag), f))
	}
	return list
}

func readFlag(doc cli.DocGenerationFlag, f cli.Flag) Flag {
	flag := Flag{Names: f.Names(), Value: Nothing}
	flag.Placeholder, flag.Usage = placeholder(doc.GetUsage())
	if !doc.TakesValue() {
		return flag
	}
	if flag.Default = doc.GetDefaultText(); flag.Default == "" {
		flag.Default = doc.GetValue()
	}
	flag.Default = strings.Trim(flag.Default, `"`)
	flag.Values = quoted(flag.Usage)
	flag.Value = kindOf(flag.Placeholder, flag.Values)
	if flag.Placeholder == "" {
		flag.Placeholder = "VALUE"
	}
	if many, ok := f.(cli.DocGenerationSliceFlag); ok {
		flag.Repeats = many.IsSliceFlag()
	}
	if number, ok := f.(*cli.IntFlag); ok && number.Value == 0 {
		flag.Default = ""
	}
	return flag
}

// placeholder finds the word between backquotes in a flag's usage, as package flag does, and takes the quotes away.
func placeholder(usage string) (name, plain string) {
	before, rest, _ := strings.Cut(usage, "`")
	name, after, ok := strings.Cut(rest, "`")
	if !ok {
		return "", usage
	}
	return name, before + name + after
}

// quoted lists the words between double quotes: a flag's usage quotes all values that it can have, and nothing else.
func quoted(usage string) (words []string) {
	for i, part := range strings.Split(usage, `"`) {
		if i%2 == 1 {
			words = append(words, part)
		}
	}
	return words
}

// kindOf tells from a flag's placeholder what its value is.
func kindOf(placeholder string, values []string) Kind {
	switch {
	case len(values) > 0:
		return Choice
	case placeholder == "DIR":
		return Folder
	case placeholder == "FILE" || placeholder == "PATH":
		return File
	}
	return Word
}

// arguments tells from a verb's ArgsUsage what its first and its second argument are. BUNDLE comes first where a verb
// makes a container.
func arguments(usage string) (first, second Kind) {
	second = Nothing
	if strings.HasSuffix(usage, "[SIGNAL]") {
		second = Signal
	}
	switch {
	case strings.HasPrefix(usage, "BUNDLE"):
		return Bundle, second
	case slices.Contains(strings.Fields(usage), "ID"):
		return Container, second
	}
	return Nothing, second
}

// Long is the flag's long name with its dashes.
func (f Flag) Long() string { return dashed(f.Names[0]) }

// Dashed lists the names with their dashes.
func (f Flag) Dashed() (list []string) {
	for _, name := range f.Names {
		list = append(list, dashed(name))
	}
	return list
}

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// TakesValue reports whether a value follows.
func (f Flag) TakesValue() bool { return f.Value != Nothing }

// signals are the names that a shell offers for a signal: what one sends to containers.
var signals = []string{"ABRT", "CONT", "HUP", "INT", "KILL", "QUIT", "STOP", "TERM", "USR1", "USR2", "WINCH"}
