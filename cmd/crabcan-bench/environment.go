package main

import (
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// environment is what figures depend on beside the runtimes.
type environment struct {
	Kernel string `json:"kernel"`
	Arch   string `json:"arch"`
	CPUs   int    `json:"cpus"`
	// Governor is how the CPUs' frequency is chosen, Load what the machine did in the minute before.
	Governor string           `json:"governor"`
	Load     string           `json:"load"`
	Rounds   int              `json:"rounds"`
	Warmup   int              `json:"warmup"`
	Runtimes []runtimeVersion `json:"runtimes"`
}

type runtimeVersion struct {
	executable
	Version string `json:"version"`
}

// readEnvironment lists the runtimes that it finds; what is wrong with the list is told by the worlds.
func readEnvironment(o options) environment {
	e := environment{
		Kernel:   kernelRelease(),
		Arch:     runtime.GOARCH,
		CPUs:     runtime.NumCPU(),
		Governor: firstWord("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
		Load:     firstWord("/proc/loadavg"),
		Rounds:   o.rounds,
		Warmup:   o.warmup,
	}
	list, _ := executables(o.crabcan)
	for _, p := range list {
		e.Runtimes = append(e.Runtimes, runtimeVersion{p, p.version()})
	}
	return e
}

func kernelRelease() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return "unknown"
	}
	return unix.ByteSliceToString(u.Release[:])
}

// firstWord is the first word of a file, "none" if there is no such file.
func firstWord(path string) string {
	text, err := os.ReadFile(path)
	words := strings.Fields(string(text))
	if err != nil || len(words) == 0 {
		return "none"
	}
	return words[0]
}
