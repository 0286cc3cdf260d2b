package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// takesRest names the verbs whose arguments may look like flags: command lines, and a signal.
var takesRest = []string{"exec", "kill", "ps", "spec"}

// flagsFirst moves the flags of a verb before its arguments, where the library wants them: `crabcan delete ID --force`
// is as good as `crabcan delete --force ID`, as with runc. After "--" nothing is a flag.
func flagsFirst(app *cli.App, args []string) []string {
	at := verbIndex(app.Flags, args)
	if at == len(args) {
		return args
	}
	command := app.Command(args[at])
	if command == nil || slices.Contains(takesRest, command.Name) {
		return args
	}
	flags, rest, complete := partition(command.Flags, args[at+1:])
	if !complete {
		return slices.Concat(args[:at+1], flags) // the library says which value is missing
	}
	return slices.Concat(args[:at+1], flags, []string{"--"}, rest)
}

// verbIndex is the index of the first of args that is neither the program, a global flag nor a flag's value; it is
// len(args) if there is none.
func verbIndex(global []cli.Flag, args []string) int {
	for i := 1; i < len(args); i++ {
		if !isFlag(args[i]) {
			return i
		}
		if wantsValue(global, args[i]) {
			i++
		}
	}
	return len(args)
}

// partition separates the flags, with their values, from the other arguments. It is not complete when the last flag has
// no value.
func partition(known []cli.Flag, args []string) (flags, rest []string, complete bool) {
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			return flags, append(rest, args[i+1:]...), true
		}
		if !isFlag(args[i]) {
			rest = append(rest, args[i])
			continue
		}
		flags = append(flags, args[i])
		if wantsValue(known, args[i]) {
			if i++; i == len(args) {
				return flags, rest, false
			}
			flags = append(flags, args[i])
		}
	}
	return flags, rest, true
}

// isFlag says whether an argument is a flag, as package flag sees it: a lone "-" is none.
func isFlag(arg string) bool { return len(arg) > 1 && arg[0] == '-' }

// wantsValue says whether the argument after the flag arg is its value.
func wantsValue(known []cli.Flag, arg string) bool {
	name := strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-")
	for _, f := range known {
		if slices.Contains(f.Names(), name) {
			_, isBool := f.(*cli.BoolFlag)
			return !isBool
		}
	}
	return false // "--name=value", or unknown
}
