package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// flagSubjects are all flags, as "VERB --name", and as "--name" those that stand before a verb.
func flagSubjects() (subjects []string) {
	for _, flag := range globalFlags() {
		subjects = append(subjects, "--"+flag.Names()[0])
	}
	for _, v := range verbs {
		for _, flag := range v.command().Flags {
			subjects = append(subjects, v.name+" --"+flag.Names()[0])
		}
	}
	return subjects
}

// flagsUsedByScripts are the flags of flagSubjects that each script gives to crabcan.
func flagsUsedByScripts(t *testing.T) map[string]map[string]bool {
	used := make(map[string]map[string]bool)
	eachScriptLine(t, func(script string, words []string) {
		words = strings.Fields(strings.Join(words, " ")) // also what is quoted for a shell
		at := slices.Index(words, "crabcan")
		if at < 0 {
			return
		}
		if used[script] == nil {
			used[script] = make(map[string]bool)
		}
		words = append([]string{"crabcan"}, words[at+1:]...)
		verb := verbIndex(globalFlags(), words)
		markFlags(globalFlags(), "", words[:min(verb, len(words))], used[script])
		for _, v := range verbs {
			if verb < len(words) && words[verb] == v.name {
				markFlags(v.command().Flags, v.name+" ", words[verb+1:], used[script])
			}
		}
	})
	return used
}

// markFlags notes which of flags are among words, under their first name.
func markFlags(flags []cli.Flag, prefix string, words []string, used map[string]bool) {
	for _, word := range words {
		name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
		if word == "" || word[0] != '-' {
			continue
		}
		for _, flag := range flags {
			if slices.Contains(flag.Names(), name) {
				used[prefix+"--"+flag.Names()[0]] = true
			}
		}
	}
}
