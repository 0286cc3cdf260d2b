package spec

import (
	"bytes"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// Positions returns a function that finds the value at a JSON pointer (RFC 6901) in data, a config.json: its line and
// column, both counted from 1, columns in bytes. Names match in any case, as in Decode; for a value that is not there
// the answer is the closest one around it. Nothing is read before the first call, which reads all of data.
func Positions(data []byte) func(pointer string) (line, col int) {
	index := sync.OnceValue(func() map[string]int { return indexValues(data) })
	return func(pointer string) (line, col int) {
		return lineAndColumn(data, findValue(index(), pointer))
	}
}

func lineAndColumn(data []byte, offset int) (line, col int) {
	before := data[:offset]
	return bytes.Count(before, []byte("\n")) + 1, offset - bytes.LastIndexByte(before, '\n')
}

// indexValues maps the pointer of each value of data to its offset. Of broken data it has what stands before the break.
func indexValues(data []byte) map[string]int {
	index := make(map[string]int)
	d := newDecoder(data)
	// Where the text is broken has been reported by whoever decoded it.
	_ = d.index("", index)
	return index
}

// maxDepth is deeper than any member of the specification. Pointers into deeper values, which only unknown members have,
// would cost memory by the square of the depth.
const maxDepth = 16

func (d *decoder) index(pointer string, into map[string]int) error {
	if _, ok := into[pointer]; !ok {
		into[pointer] = d.start()
	}
	switch kind := d.in.PeekKind(); {
	case strings.Count(pointer, "/") == maxDepth:
		return d.in.SkipValue()
	case kind == jsontext.KindBeginObject:
		return d.members(func(name string, _ int) error { return d.index(member(pointer, name), into) })
	case kind == jsontext.KindBeginArray:
		return d.elements(func(i int) error { return d.index(element(pointer, i), into) })
	}
	return d.in.SkipValue()
}

// findValue is the offset of the value at pointer, or of the closest one around it.
func findValue(index map[string]int, pointer string) int {
	for ; ; pointer = parent(pointer) {
		if offset, ok := index[pointer]; ok {
			return offset
		}
		for other, offset := range index {
			if strings.EqualFold(other, pointer) {
				return offset
			}
		}
	}
}
