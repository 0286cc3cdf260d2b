package manual

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"
	"text/template"
)

//go:embed bash.tmpl
var bashTemplate string

//go:embed zsh.tmpl
var zshTemplate string

//go:embed fish.tmpl
var fishTemplate string

// shells are the templates, by the name that the shell looks for.
var shells = []struct{ file, text string }{
	{"crabcan.bash", bashTemplate},
	{"_crabcan", zshTemplate},
	{"crabcan.fish", fishTemplate},
}

// Completions makes the completions, by file name: crabcan.bash, _crabcan for zsh, and crabcan.fish.
func Completions(c CLI) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, shell := range shells {
		t, err := template.New(shell.file).Funcs(template.FuncMap{
			"join":      strings.Join,
			"names":     verbNames,
			"quote":     quote,
			"signals":   func() []string { return signals },
			"valued":    valued,
			"visible":   visible,
			"zshFlag":   zshFlag,
			"fishFlag":  fishFlag,
			"fishValue": fishValue,
		}).Parse(shell.text)
		if err != nil {
			return nil, err
		}
		var out bytes.Buffer
		if err := t.Execute(&out, c); err != nil {
			return nil, fmt.Errorf("%s: %w", shell.file, err)
		}
		files[shell.file] = out.Bytes()
	}
	return files, nil
}

// verbNames are the names of the verbs for which the condition holds: an argument's kind, or "flags first".
func verbNames(verbs []Verb, condition string) (names []string) {
	for _, v := range verbs {
		switch {
		case condition == "all",
			condition == string(v.First),
			condition == string(v.Second) && v.Second != Nothing,
			condition == "flags first" && v.FlagsFirst:
			names = append(names, v.Name)
		}
	}
	return names
}

// visible are all names of all flags, with dashes.
func visible(flags []Flag) (names []string) {
	for _, f := range flags {
		names = append(names, f.Dashed()...)
	}
	return names
}

// valued are the flags that a value follows.
func valued(flags []Flag) (list []Flag) {
	for _, f := range flags {
		if f.TakesValue() {
			list = append(list, f)
		}
	}
	return list
}

// quote puts text between single quotes; bash, zsh and fish then leave all as it is but the quote itself.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// zshFlag is what tells _arguments of a flag: an argument for each of its names.
func zshFlag(f Flag) string {
	names := f.Dashed()
	excludes := "(" + strings.Join(names, " ") + ")"
	if f.Repeats {
		excludes = "*"
	}
	message := strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, ":", `\:`).Replace(f.Usage)
	var list []string
	for _, name := range names {
		argument := excludes + name
		if f.TakesValue() && len(name) > len("-x") {
			argument += "=" // the value may stand behind that
		}
		argument += "[" + message + "]"
		if f.TakesValue() {
			argument += ":" + strings.ReplaceAll(f.Placeholder, ":", `\:`) + ":" + zshAction(f)
		}
		list = append(list, quote(argument))
	}
	return strings.Join(list, " ")
}

// zshAction says how zsh finds the values of a flag.
func zshAction(f Flag) string {
	switch f.Value {
	case Choice:
		return "(" + strings.Join(f.Values, " ") + ")"
	case Folder:
		return "_files -/"
	case File:
		return "_files"
	}
	return " "
}

// fishFlag is what tells fish's complete of a flag.
func fishFlag(f Flag) string {
	var b strings.Builder
	for _, name := range f.Names {
		if len(name) == 1 {
			b.WriteString("-s " + name + " ")
		} else {
			b.WriteString("-l " + name + " ")
		}
	}
	return b.String() + fishValue(f) + "-d " + quote(f.Usage)
}

// fishValue says how fish finds the values of a flag.
func fishValue(f Flag) string {
	switch f.Value {
	case Nothing:
		return ""
	case Choice:
		return "-x -a " + quote(strings.Join(f.Values, " ")) + " "
	case Folder:
		return "-x -a '(__fish_complete_directories)' "
	case File:
		return "-r -F "
	}
	return "-x "
}
