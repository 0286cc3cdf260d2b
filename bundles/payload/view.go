package main

import (
	"fmt"
	"strconv"
	"strings"
)

// word is a field of one word.
type word string

func (w word) lines() []string { return []string{string(w)} }

// flag is a field that is true or false.
type flag bool

func (f flag) lines() []string { return []string{strconv.FormatBool(bool(f))} }

// number is a field of one integer.
type number int

func (n number) lines() []string { return []string{strconv.Itoa(int(n))} }

// list is a field of some words, a line each. It is never nil, so that its JSON is always an array.
type list []string

func (l list) lines() []string { return l }

// table is a field of rows.
type table[R row] []R

// row is a table's row: its JSON, and the cells of its text.
type row interface {
	cells() []string
}

func (t table[R]) lines() []string {
	rows := make([][]string, len(t))
	for i, r := range t {
		rows[i] = r.cells()
	}
	return columns(rows)
}

// columns aligns the cells of all rows, with two spaces between them.
func columns(rows [][]string) []string {
	var widths []int
	for _, cells := range rows {
		for i, cell := range cells {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], len(cell))
		}
	}
	lines := make([]string, len(rows))
	for i, cells := range rows {
		var line strings.Builder
		for j, cell := range cells {
			fmt.Fprintf(&line, "%-*s  ", widths[j], cell)
		}
		lines[i] = strings.TrimRight(line.String(), " ")
	}
	return lines
}
