package program

import (
	"bytes"
	"unsafe"
)

// interp is the loop that runs the steps; it is never called here, only copied. interpAddr is where it begins.
func interp()
func interpAddr() unsafe.Pointer

// interpEnd stands right behind the last instruction of interp.
const interpEnd = "crabcan\x00"

// interpreter returns the machine code of interp.
func interpreter() []byte {
	most := unsafe.Slice((*byte)(interpAddr()), dataStart-codeStart+len(interpEnd))
	code, _, _ := bytes.Cut(most, []byte(interpEnd))
	return code
}
