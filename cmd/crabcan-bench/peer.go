package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// executable is a runtime that can be measured.
type executable struct {
	Name string `json:"name"`
	Path string `json:"path"`
}

// usualPeers are looked for when RUNTIMES is not set.
const usualPeers = "runc crun"

// executables are crabcan and its peers. With RUNTIMES set each of these must exist.
func executables(crabcan string) ([]executable, error) {
	path, err := filepath.Abs(crabcan)
	if err != nil {
		return nil, err
	}
	all := []executable{{"crabcan", path}}
	wanted, asked := os.LookupEnv("RUNTIMES")
	if !asked {
		wanted = usualPeers
	}
	peers, missing, err := parsePeers(wanted, exec.LookPath)
	if err == nil && asked {
		err = missing
	}
	return append(all, peers...), err
}

// peerName is what may become part of a container's id.
var peerName = regexp.MustCompile(`^[a-zA-Z0-9_.-]+$`)

// parsePeers reads a list of "name=path" or "name". What look does not find is left out and named by missing.
func parsePeers(list string, look func(string) (string, error)) (peers []executable, missing, err error) {
	for _, word := range strings.Fields(list) {
		name, path, ok := strings.Cut(word, "=")
		if !ok {
			path = name
		}
		if !peerName.MatchString(name) || name == "crabcan" || name == floorName {
			return nil, nil, fmt.Errorf("RUNTIMES: %q can't be a peer's name", name)
		}
		found, lookErr := look(path)
		if lookErr != nil {
			missing = fmt.Errorf("RUNTIMES: %w", lookErr)
			continue
		}
		peers = append(peers, executable{name, found})
	}
	return peers, missing, nil
}

// version is the last word of what --version prints first: "runc version 1.5.0".
func (p executable) version() string {
	output, err := exec.Command(p.Path, "--version").Output()
	if err != nil {
		return "of unknown version: " + err.Error()
	}
	return lastWord(string(output))
}

func lastWord(text string) string {
	first, _, _ := strings.Cut(text, "\n")
	words := strings.Fields(first)
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}
