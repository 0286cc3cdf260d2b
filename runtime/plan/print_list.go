package plan

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/crabcan/crabcan/runtime/program"
	"github.com/crabcan/crabcan/spec"
)

// Where finds a JSON pointer's line and column in config.json, both counted from 1 (see spec.Positions).
type Where = func(pointer string) (line, column int)

// WriteText writes the whole plan for people: what init is started with, then every step in its order, numbered from 0
// as in Program.Steps, under a line that says which member of config.json asked for it. Without where there are no line
// numbers. The error is the writer's.
func (p *Plan) WriteText(w io.Writer, where Where) error {
	out, r := bufio.NewWriter(w), newPrinter(p)
	width := len(strconv.Itoa(len(p.Program.Steps)))
	fmt.Fprintln(out, "init is started with")
	for i := range p.Files {
		f := &p.Files[i]
		fmt.Fprintf(out, "  %*d  %s\n", width, p.FirstFile+i, visible(f.title()))
	}
	for i := range p.Program.Steps {
		note := p.Notes[i]
		if i == 0 || note.Pointer != p.Notes[i-1].Pointer {
			fmt.Fprintf(out, "\n%s\n", visible(cause(note.Pointer, where)))
		}
		fmt.Fprintf(out, "  %*d  %s", width, i, r.line(i))
		if note.Words != "" {
			fmt.Fprintf(out, "  # %s", visible(note.Words))
		}
		fmt.Fprintln(out)
	}
	return out.Flush()
}

// cause is the member at pointer with its place, as in an error message.
func cause(pointer string, where Where) string {
	switch {
	case pointer == "":
		return "crabcan"
	case where == nil:
		return spec.Dotted(pointer)
	}
	line, column := where(pointer)
	return fmt.Sprintf("config.json:%d:%d: %s", line, column, spec.Dotted(pointer))
}

// jsonFile and jsonStep are what WriteJSON writes. Members are only ever added.
type jsonFile struct {
	Descriptor int    `json:"descriptor"`
	Role       string `json:"role"`
	Path       string `json:"path,omitempty"`
}

type jsonStep struct {
	Number int `json:"number"`
	// Call is a system call's name; else failure (where failures lead from here on), move, test, fail.
	Call   string   `json:"call"`
	Args   []string `json:"args"`
	Result string   `json:"result,omitempty"`
	// Next is absent if the step behind is the next.
	Next *int `json:"next,omitempty"`
	// On leads from an errno's name, or "any error", to a step; a test that does not hold is "else".
	On      map[string]int `json:"on,omitempty"`
	Pointer string         `json:"pointer,omitempty"`
	Line    int            `json:"line,omitempty"`
	Column  int            `json:"column,omitempty"`
	// Words are what an error message says in place of Text.
	Words string `json:"words,omitempty"`
	Text  string `json:"text"`
}

// WriteJSON writes the content of WriteText as one JSON object: files (descriptor, role, path) and steps (number, call,
// args as text, result, next, on, pointer, line, column, words, text), a line each. Members without a value are left
// out. The error is the writer's.
func (p *Plan) WriteJSON(w io.Writer, where Where) error {
	out, r := bufio.NewWriter(w), newPrinter(p)
	fmt.Fprint(out, "{\"files\": [")
	for i, f := range p.Files {
		writeElement(out, i, jsonFile{p.FirstFile + i, roleNames[f.Role], f.Path})
	}
	fmt.Fprint(out, "\n], \"steps\": [")
	for i := range p.Program.Steps {
		writeElement(out, i, r.json(i, where))
	}
	fmt.Fprint(out, "\n]}\n")
	return out.Flush()
}

// writeElement writes the i-th element of an array. Both kinds of element can be encoded, so only writing can fail.
func writeElement(out *bufio.Writer, i int, element any) {
	if i > 0 {
		out.WriteByte(',')
	}
	out.WriteByte('\n')
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false) // else <, > and & would be escaped, of which there are many
	_ = e.Encode(element)
	out.Write(bytes.TrimSuffix(text.Bytes(), []byte("\n")))
}

func (r *printer) json(i int, where Where) jsonStep {
	s, note, w := &r.Program.Steps[i], r.Notes[i], r.parts(i)
	out := jsonStep{
		Number: i, Call: w.call, Args: w.args, Result: r.result(i),
		Pointer: note.Pointer, Words: note.Words, Text: r.line(i),
	}
	if out.Args == nil {
		out.Args = []string{}
	}
	if s.Next != 0 {
		next := r.Program.Where(s.Next)
		out.Next = &next
	}
	for _, on := range s.On {
		if out.On == nil {
			out.On = make(map[string]int, len(s.On))
		}
		out.On[caseName(s, on)] = r.Program.Where(on.To)
	}
	if note.Pointer != "" && where != nil {
		out.Line, out.Column = where(note.Pointer)
	}
	return out
}

func caseName(s *program.Step, on program.Case) string {
	if s.Op == program.OpTest {
		return "else"
	}
	return errnoName(on.Errno)
}

// roleNames says what the descriptors of init are for, indexed by Role.
var roleNames = [...]string{
	RoleSocket:    "socket",
	RoleExec:      "exec fifo",
	RoleResult:    "result fifo",
	RoleConsole:   "console socket",
	RoleNamespace: "namespace",
	RolePidfd:     "pidfd of init",
	RoleRoot:      "root folder",
}

// title says what the file is for, and which it is.
func (f *File) title() string {
	if f.Path == "" {
		return roleNames[f.Role]
	}
	return roleNames[f.Role] + " " + f.Path
}

// name is the file's path, or what it is for.
func (f *File) name() string {
	if f.Path != "" {
		return f.Path
	}
	return roleNames[f.Role]
}

// file is what descriptor fd of init is opened to beforehand, nil if it is none of the plan's.
func (p *Plan) file(fd uint64) *File {
	if first := uint64(p.FirstFile); fd >= first && fd < first+uint64(len(p.Files)) {
		return &p.Files[fd-first]
	}
	return nil
}
