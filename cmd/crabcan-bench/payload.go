package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
)

const (
	payloadPackage = "./bundles/payload"
	// trueFile and sleepFile are names in the temporary folder, truePath and sleepPath the programs' places in the root
	// folder. The program of payloadPackage goes by the name it is called.
	trueFile, truePath   = "true", "/bin/true"
	sleepFile, sleepPath = "sleep", "/bin/sleep"
)

// programs are what the root folder holds: by their paths in there, where they come from.
func programs(temp string) map[string]string {
	return map[string]string{truePath: filepath.Join(temp, trueFile), sleepPath: filepath.Join(temp, sleepFile)}
}

// preparePrograms puts them into the temporary folder.
func preparePrograms(given, temp string) error {
	place := filepath.Join(temp, trueFile)
	var err error
	if given == "" {
		err = writeTrue(place)
	} else {
		err = copyProgram(given, place)
	}
	if err != nil {
		return err
	}
	return buildSleep(filepath.Join(temp, sleepFile))
}

// writeTrue writes what containers run by default: a program of one system call. So the figures are the runtimes', not the
// payload's.
func writeTrue(place string) error {
	p := program.New()
	p.Add(program.Step{Nr: unix.SYS_EXIT_GROUP, Args: []program.Arg{program.Int(0)}})
	image, err := p.Link()
	if err != nil {
		return err
	}
	return os.WriteFile(place, image, 0o755)
}

// copyProgram is for a program that the user wants to be run instead.
func copyProgram(given, place string) error {
	data, err := os.ReadFile(given)
	if err != nil {
		return err
	}
	return os.WriteFile(place, data, 0o755)
}

// buildSleep builds what keeps a container running.
func buildSleep(place string) error {
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", place, payloadPackage)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build %s: %w", payloadPackage, err)
	}
	return nil
}
