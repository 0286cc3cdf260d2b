package plan

import (
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime/program"
)

// StepError is a step of a program that failed.
type StepError struct {
	// Words say what the step was to do; Where is "config.json:LINE:COL: member: " of who asked for it, or "".
	Words, Where string
	// Pointer is the JSON pointer of who asked for it; "" is crabcan itself.
	Pointer string
	// Kernel is what the kernel had to say beyond the errno, or "".
	Kernel string
	Err    error
	// Execve says that everything was ready and the kernel would not execute the program.
	Execve bool
	// complete says that Words hold the reason already.
	complete bool
}

func (e *StepError) Error() string {
	text := e.Words
	if !e.complete {
		text += ": " + e.Err.Error()
	}
	if e.Kernel != "" {
		text += " (" + e.Kernel + ")"
	}
	return e.Where + text
}

func (e *StepError) Unwrap() error { return e.Err }

// Failure puts a failed step into words: that at the address at, as program.Failed has it, with the kernel's own
// explanation if there is one. Where is left to whoever has the file that Pointer leads into.
func (p *Plan) Failure(at uint64, errno unix.Errno, kernel string) *StepError {
	index, ok := p.Program.StepIndex(at)
	if !ok {
		return &StepError{Words: "a step that is not in the plan", Err: errno}
	}
	note, step := p.Notes[index], p.Program.Steps[index]
	failed := &StepError{
		Words:    note.Words,
		Pointer:  note.Pointer,
		Kernel:   kernel,
		Err:      errno,
		Execve:   step.Op == program.OpCall && step.Nr == unix.SYS_EXECVE,
		complete: note.Words != "" && step.Op == program.OpFail,
	}
	if note.Words == "" {
		failed.Words = p.Step(index)
	}
	return failed
}
