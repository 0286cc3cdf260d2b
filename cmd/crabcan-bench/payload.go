package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const (
	payloadPackage = "./bundles/payload"
	// trueFile and sleepFile are names in the temporary folder, truePath and sleepPath the programs' places in the root
	// folder. The payload goes by the name it is called.
	trueFile, truePath   = "true", "/bin/true"
	sleepFile, sleepPath = "sleep", "/bin/sleep"
)

// programs are what the root folder holds: by their paths in there, where they come from.
func programs(temp string) map[string]string {
	return map[string]string{truePath: filepath.Join(temp, trueFile), sleepPath: filepath.Join(temp, sleepFile)}
}

// prepareProgram puts a program that containers run in its place: given, or built from this repository.
func prepareProgram(given, place string) error {
	if given != "" {
		data, err := os.ReadFile(given)
		if err != nil {
			return err
		}
		return os.WriteFile(place, data, 0o755)
	}
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", place, payloadPackage)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build %s: %w", payloadPackage, err)
	}
	return nil
}
