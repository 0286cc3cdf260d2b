package main

import (
	"fmt"
	"os"
	"strings"
)

func echo(args []string) error {
	_, err := fmt.Println(strings.Join(args, " "))
	return err
}

// env prints the whole environment or values only, so that a test can compare a value without cutting it out.
func env(args []string) error {
	lines := os.Environ()
	if len(args) > 0 {
		lines = nil
	}
	for _, name := range args {
		value, found := os.LookupEnv(name)
		if !found {
			return fmt.Errorf("%s is not set", name)
		}
		lines = append(lines, value)
	}
	for _, line := range lines {
		fmt.Println(line)
	}
	return nil
}

func id([]string) error {
	u, err := readUser(nil)
	if err != nil {
		return err
	}
	_, err = fmt.Println(u.lines()[0])
	return err
}
