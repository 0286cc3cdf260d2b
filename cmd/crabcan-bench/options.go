package main

import (
	"errors"
	"flag"
	"fmt"
	"regexp"
)

// options are the command line.
type options struct {
	crabcan, payload string
	rounds, warmup   int
	only             *regexp.Regexp
	json, profile    bool
}

const usageText = `Usage: crabcan-bench [OPTION...]

Measures crabcan beside its peers and beside the floor: the kernel's own cost. The peers are runc and crun as PATH has
them, or what the environment says, as RUNTIMES="NAME=PATH NAME ...".

`

func parseOptions(args []string) (o options, err error) {
	f := flag.NewFlagSet("crabcan-bench", flag.ExitOnError)
	f.Usage = func() {
		fmt.Fprint(f.Output(), usageText)
		f.PrintDefaults()
	}
	f.StringVar(&o.crabcan, "crabcan", "bin/crabcan", "measure the crabcan at `PATH`")
	f.StringVar(&o.payload, "payload", "", "run this static `PROGRAM` as /bin/true, not one of one system call")
	f.IntVar(&o.rounds, "n", 50, "measure each case `N` times")
	f.IntVar(&o.warmup, "warmup", 3, "run each case `N` times before that")
	f.BoolVar(&o.json, "json", false, "print JSON, with every single figure")
	f.BoolVar(&o.profile, "profile", false, "show where the time goes in the cases of run instead of comparing")
	only := f.String("only", "", "measure only cases whose name (\"v2/run/seccomp\") matches `REGEXP`")
	_ = f.Parse(args) // it ends the process itself if it fails
	if f.NArg() > 0 || o.rounds < 1 || o.warmup < 0 {
		return o, errors.New("wrong arguments: see -help")
	}
	o.only, err = regexp.Compile(*only)
	return o, err
}
