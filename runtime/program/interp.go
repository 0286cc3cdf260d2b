package program

import (
	"bytes"
	"unsafe"
)

// interp is the loop that runs the steps; it is never called here, only copied. interpAddr is where it begins.
//
//lint:ignore U1000 its code is used, only not by a call
func interp()
func interpAddr() unsafe.Pointer

// interpEnd stands right behind the last instruction of interp, and again behind the signal handler that follows it.
const interpEnd = "crabcan\x00"

// interpreter returns the machine code of interp and that of the signal handler.
func interpreter() (loop, handler []byte) {
	most := unsafe.Slice((*byte)(interpAddr()), dataStart-codeStart+len(interpEnd))
	loop, most, _ = bytes.Cut(most, []byte(interpEnd))
	handler, _, _ = bytes.Cut(most, []byte(interpEnd))
	return loop, handler
}
