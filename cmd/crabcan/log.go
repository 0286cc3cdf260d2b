package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/sirupsen/logrus"
	"github.com/urfave/cli/v2"

	"github.com/crabcan/crabcan/runtime"
	"github.com/crabcan/crabcan/spec"
)

// setUpLog does what --log, --log-format and --debug say. Without --log the log is stderr.
func setUpLog(c *cli.Context) error {
	if c.Bool("debug") {
		logrus.SetLevel(logrus.DebugLevel)
	}
	switch format := c.String("log-format"); format {
	case "", "text":
	case "json":
		logrus.SetFormatter(&jsonLog{})
	default:
		return fmt.Errorf("invalid log-format: %s", format)
	}
	path := c.String("log")
	if path == "" {
		return nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	logrus.SetOutput(file)
	return nil
}

// jsonLog writes one JSON object a line. Podman decodes the log of a failed command as a single object, which must be
// the error: so what is less than an error is held back until it is known how the command ends. Debug messages are
// not: whoever asks for them wants to see them in their place, even if crabcan is killed.
type jsonLog struct {
	logrus.JSONFormatter
	held []string
}

// Format makes the line of an entry, or holds it back and makes nothing.
func (f *jsonLog) Format(entry *logrus.Entry) ([]byte, error) {
	line, err := f.JSONFormatter.Format(entry)
	if entry.Level <= logrus.ErrorLevel || entry.Level >= logrus.DebugLevel {
		return line, err
	}
	f.held = append(f.held, string(line))
	return nil, err
}

// warn logs what a config says without effect.
func warn(warnings []spec.Diagnostic) {
	for _, w := range warnings {
		logrus.Warn(w)
	}
}

// logSuccess ends the log of a command that exits with status, which is not 0 for a container's process that failed.
func logSuccess(status int) {
	logrus.Debugf("Exit without any error, returning %d", status)
	printHeld(logrus.StandardLogger().Out)
}

// logFailure ends the log of a command that failed. Whoever has the log written to a file gets the error on stderr as
// well, and there the warnings before it.
func logFailure(err error) {
	printHeld(os.Stderr)
	if logrus.StandardLogger().Out != os.Stderr {
		fmt.Fprintln(os.Stderr, err)
	}
	if _, ok := logrus.StandardLogger().Formatter.(*jsonLog); ok {
		logrus.Error(err)
		return
	}
	if logrus.StandardLogger().Out == os.Stderr && isExecve(err) {
		fmt.Fprintln(os.Stderr, err) // as a shell says it: the container's setup, which the log is about, went well
		return
	}
	for line := range strings.Lines(err.Error()) {
		logrus.Error(strings.TrimSuffix(line, "\n"))
	}
}

// isExecve reports whether err is about the program that a container or an exec was to run.
func isExecve(err error) bool {
	step, ok := errors.AsType[*runtime.StepError](err)
	return ok && step.Execve
}

// printHeld writes the lines that jsonLog held back.
func printHeld(to io.Writer) {
	if log, ok := logrus.StandardLogger().Formatter.(*jsonLog); ok {
		_, _ = io.WriteString(to, strings.Join(log.held, ""))
	}
}
