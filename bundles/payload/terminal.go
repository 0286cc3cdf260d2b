package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// tty prints the terminal on standard input and its size; with watch it goes on to print each new size, until TERM.
func tty(args []string) error {
	changes := make(chan os.Signal, 1)
	signal.Notify(changes, unix.SIGWINCH, unix.SIGTERM)
	size, err := terminalSize()
	if err != nil {
		return err
	}
	name, err := os.Readlink("/proc/self/fd/0")
	if err != nil {
		return err
	}
	fmt.Println(name, size)
	if len(args) == 0 {
		return nil
	}
	for change := range changes {
		if change == unix.SIGTERM {
			return nil
		}
		if size, err = terminalSize(); err != nil {
			return err
		}
		fmt.Println(size)
	}
	return nil
}

// terminalSize is "COLUMNSxROWS" of the terminal on standard input.
func terminalSize() (string, error) {
	size, err := unix.IoctlGetWinsize(0, unix.TIOCGWINSZ)
	if err != nil {
		return "", errors.New("standard input is not a terminal")
	}
	return fmt.Sprintf("%dx%d", size.Col, size.Row), nil
}
