package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Diagnostic is one thing to say about a config.json, with its place.
type Diagnostic struct {
	// File is the name that Decode was given.
	File string
	// Line and Col count from 1; Col counts bytes.
	Line, Col int
	// Pointer is the JSON pointer (RFC 6901) of the member in question, "" for the whole file.
	Pointer string
	// Message says what is wrong, as the rest of a sentence that begins with the member's name.
	Message string
}

// String is "FILE:LINE:COL: member: message".
func (d Diagnostic) String() string {
	place := fmt.Sprintf("%s:%d:%d: ", d.File, d.Line, d.Col)
	if d.Pointer == "" {
		return place + d.Message
	}
	return place + Dotted(d.Pointer) + ": " + d.Message
}

// Errors is every error of a file, sorted by position. It is never empty.
type Errors []Diagnostic

// Error is one line for each error.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, d := range e {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}

// problem is a Diagnostic whose position is not looked up yet: most files have none, and finding a line costs a scan.
type problem struct {
	pointer string
	offset  int // of the byte in question, or unplaced
	message string
	warning bool
}

// unplaced marks a problem whose position is that of its pointer.
const unplaced = -1

// place turns problems into warnings and an error of type Errors, each sorted by position.
func place(file string, data []byte, problems []problem) (warnings []Diagnostic, err error) {
	var errors Errors
	position := Positions(data)
	for _, p := range problems {
		d := Diagnostic{File: file, Pointer: p.pointer, Message: p.message}
		if p.offset == unplaced {
			d.Line, d.Col = position(p.pointer)
		} else {
			d.Line, d.Col = lineAndColumn(data, p.offset)
		}
		if p.warning {
			warnings = append(warnings, d)
		} else {
			errors = append(errors, d)
		}
	}
	slices.SortFunc(warnings, byPosition)
	if errors == nil {
		return warnings, nil
	}
	slices.SortFunc(errors, byPosition)
	return warnings, errors
}

func byPosition(a, b Diagnostic) int {
	return cmp.Or(a.Line-b.Line, a.Col-b.Col, strings.Compare(a.Pointer, b.Pointer), strings.Compare(a.Message, b.Message))
}
