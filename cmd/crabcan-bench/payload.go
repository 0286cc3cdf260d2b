package main

import (
	"fmt"
	"os"
	"os/exec"
)

const (
	payloadPackage = "./bundles/payload"
	// payloadFile is its name in the temporary folder.
	payloadFile = "payload"
)

// preparePayload puts the program that containers run in its place: given, or built from this repository.
func preparePayload(given, place string) error {
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
