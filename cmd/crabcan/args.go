package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// takesRest names the verbs whose arguments may look like flags: command lines, and a signal.
var takesRest = []string{"exec", "kill", "ps", "spec"}

// flagsFirst moves flags to where the library wants them, as with runc they may stand elsewhere: the flags of a verb before
// its arguments (`crabcan delete ID --force`), and global ones before the verb (`crabcan list --root DIR`). After "--"
// nothing is a flag.
func flagsFirst(app *cli.App, args []string) []string {
	at := verbIndex(app.Flags, args)
	if at == len(args) {
		return args
	}
	command := app.Command(args[at])
	if command == nil {
		return args
	}
	isGlobal := func(flag string) bool { return isNamed(app.Flags, flag) && !isNamed(command.Flags, flag) }
	anywhere := !slices.Contains(takesRest, command.Name)
	given := partition(slices.Concat(command.Flags, app.Flags), args[at+1:], anywhere)
	var global, own []string
	for _, flag := range given.flags {
		if isGlobal(flag[0]) {
			global = append(global, flag...)
		} else {
			own = append(own, flag...)
		}
	}
	// Of a flag without a value the library says so, but it must be the last, or it takes what follows for one.
	if !given.complete && isGlobal(args[len(args)-1]) {
		return slices.Concat(args[:at], global)
	}
	moved := slices.Concat(args[:at], global, args[at:at+1], own)
	if given.complete && anywhere {
		moved = append(moved, "--")
	}
	return append(moved, given.rest...)
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

// given is what stands behind a verb: the flags, each with its value, and the other arguments. It is not complete when the
// last flag has no value: then the other arguments don't matter.
type given struct {
	flags    [][]string
	rest     []string
	complete bool
}

// partition separates the flags from the other arguments. If they don't stand anywhere, only those before the first
// argument are flags.
func partition(known []cli.Flag, args []string, anywhere bool) (g given) {
	g.complete = true
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--" && anywhere:
			g.rest = append(g.rest, args[i+1:]...)
			return g
		case !anywhere && (args[i] == "--" || !isFlag(args[i])):
			g.rest = args[i:]
			return g
		case !isFlag(args[i]):
			g.rest = append(g.rest, args[i])
			continue
		}
		flag := args[i : i+1]
		if wantsValue(known, args[i]) {
			if i++; i == len(args) {
				return given{flags: append(g.flags, flag)}
			}
			flag = args[i-1 : i+1]
		}
		g.flags = append(g.flags, flag)
	}
	return g
}

// isFlag says whether an argument is a flag, as package flag sees it: a lone "-" is none.
func isFlag(arg string) bool { return len(arg) > 1 && arg[0] == '-' }

// wantsValue says whether the argument after the flag arg is its value.
func wantsValue(known []cli.Flag, arg string) bool {
	flag := find(known, flagName(arg))
	_, isBool := flag.(*cli.BoolFlag)
	return flag != nil && !isBool && !strings.Contains(arg, "=")
}

func isNamed(known []cli.Flag, arg string) bool { return find(known, flagName(arg)) != nil }

// flagName is the name in "-name", "--name" or "--name=value".
func flagName(arg string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
	return name
}

func find(known []cli.Flag, name string) cli.Flag {
	i := slices.IndexFunc(known, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) })
	if i < 0 {
		return nil
	}
	return known[i]
}
