package main

import (
	"bufio"
	"errors"
	"os"
	"strings"
)

// readTrimmed reads a file of one value.
func readTrimmed(path string) (string, error) {
	data, err := os.ReadFile(path)
	return strings.TrimSpace(string(data)), err
}

// readFields reads a file of lines and splits each at its spaces.
func readFields(path string) ([][]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var lines [][]string
	scanner := bufio.NewScanner(f)
	for scanner.Scan() {
		lines = append(lines, strings.Fields(scanner.Text()))
	}
	return lines, scanner.Err()
}

// statusField returns a member of /proc/self/status.
func statusField(name string) (string, error) {
	lines, err := readFields("/proc/self/status")
	if err != nil {
		return "", err
	}
	for _, fields := range lines {
		if len(fields) == 2 && fields[0] == name+":" {
			return fields[1], nil
		}
	}
	return "", errors.New("this kernel does not tell")
}
