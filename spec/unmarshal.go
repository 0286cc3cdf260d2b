package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// decoder fills Go values from JSON text. It differs from json.Unmarshal in that it goes on after a mistake: all
// mistakes of a file are found at once, each with its place. It is also faster for a process that decodes one file once,
// because it looks only at the fields that the file has.
type decoder struct {
	in       *jsontext.Decoder
	data     []byte
	problems []problem
}

// newDecoder leaves it to object and dictionary to find duplicate names: jsontext would stop at the first.
func newDecoder(data []byte) *decoder {
	return &decoder{
		in:   jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true)),
		data: data,
	}
}

// unmarshal fills v, a pointer, from data. It is false when data is no JSON object: then v is no use.
func unmarshal(data []byte, v any) (problems []problem, ok bool) {
	d := newDecoder(data)
	err := d.document(reflect.ValueOf(v).Elem())
	if err != nil {
		d.problems = append(d.problems, syntaxProblem(err, len(data)))
	}
	return d.problems, err == nil
}

func (d *decoder) document(v reflect.Value) error {
	if start := d.start(); d.in.PeekKind() != jsontext.KindBeginObject {
		// An empty or broken file has no kind: reading says what is wrong with it.
		if _, err := d.in.ReadToken(); err != nil {
			return err
		}
		return syntaxError(start, "must be a JSON object")
	}
	if err := d.object(v); err != nil {
		return err
	}
	if offset := d.skip(" \t\r\n"); offset < len(d.data) {
		return syntaxError(offset, "unexpected text after the object")
	}
	return nil
}

func syntaxError(offset int, message string) error {
	return &jsontext.SyntacticError{ByteOffset: int64(offset), Err: errors.New(message)}
}

func syntaxProblem(err error, size int) problem {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return problem{offset: size, message: "the file ends before the object does"}
	}
	return problem{pointer: string(syntax.JSONPointer), offset: int(syntax.ByteOffset), message: syntax.Err.Error()}
}

// read returns the next value as it stands, and its offset. It is valid until the next call.
func (d *decoder) read() (raw []byte, offset int, err error) {
	raw, err = d.in.ReadValue()
	return raw, int(d.in.InputOffset()) - len(raw), err
}

// start is the offset of the next token.
func (d *decoder) start() int { return d.skip(" \t\r\n:,") }

// skip is the offset of the next byte that is none of those in cutset.
func (d *decoder) skip(cutset string) int {
	return len(d.data) - len(bytes.TrimLeft(d.data[d.in.InputOffset():], cutset))
}

func (d *decoder) report(offset int, warning bool, format string, args ...any) {
	d.problems = append(d.problems, problem{
		pointer: string(d.in.StackPointer()), offset: offset, warning: warning, message: fmt.Sprintf(format, args...),
	})
}

// value reads the next value into v. A value of the wrong type is reported and skipped. The error is one of syntax.
func (d *decoder) value(v reflect.Value) error {
	kind := d.in.PeekKind()
	if kind == jsontext.KindNull {
		// As in encoding/json, which the peers use, null is the same as nothing.
		return d.in.SkipValue()
	}
	switch {
	case v.Kind() == reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		return d.value(v.Elem())
	case v.Kind() == reflect.Struct && kind == jsontext.KindBeginObject:
		return d.object(v)
	case v.Kind() == reflect.Map && kind == jsontext.KindBeginObject:
		return d.dictionary(v)
	case v.Kind() == reflect.Slice && kind == jsontext.KindBeginArray:
		return d.array(v)
	}
	return d.scalar(v, kind)
}

func (d *decoder) array(v reflect.Value) error {
	// An empty array is not the same as none: seccomp's flags have a default.
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	return d.elements(func(i int) error {
		v.Grow(1)
		v.SetLen(i + 1)
		return d.value(v.Index(i))
	})
}

// elements calls f for each element of an array; f reads it.
func (d *decoder) elements(f func(i int) error) error {
	if _, err := d.in.ReadToken(); err != nil {
		return err
	}
	for i := 0; d.in.PeekKind() != jsontext.KindEndArray; i++ {
		if err := f(i); err != nil {
			return err
		}
	}
	_, err := d.in.ReadToken()
	return err
}

// dictionary reads an object whose names are data.
func (d *decoder) dictionary(v reflect.Value) error {
	v.Set(reflect.MakeMap(v.Type()))
	return d.members(func(name string, offset int) error {
		key := reflect.ValueOf(name)
		if v.MapIndex(key).IsValid() {
			d.report(offset, false, "is given twice")
			return d.in.SkipValue()
		}
		element := reflect.New(v.Type().Elem()).Elem()
		err := d.value(element)
		v.SetMapIndex(key, element)
		return err
	})
}

// object reads an object whose names are those of the fields of v.
func (d *decoder) object(v reflect.Value) error {
	var buffer [32]string
	seen := buffer[:0]
	next := 0
	return d.members(func(name string, offset int) error {
		f := findField(v, name, next)
		next = f.index + 1
		switch {
		case !f.value.IsValid():
			d.report(offset, true, "is unknown and ignored")
			return d.in.SkipValue()
		case slices.Contains(seen, name):
			d.report(offset, false, "is given twice")
			return d.in.SkipValue()
		case f.name != name:
			d.report(offset, true, "is spelt %q in the specification", f.name)
		}
		// Under another spelling it adds to what is there, as with the peers.
		seen = append(seen, name)
		if f.foreign != "" {
			return d.foreign(offset, f.foreign)
		}
		return d.value(f.value)
	})
}

// foreign skips a member that the specification has for other platforms.
func (d *decoder) foreign(offset int, platform string) error {
	if d.in.PeekKind() != jsontext.KindNull {
		d.report(offset, true, "is for %s only and ignored", platform)
	}
	return d.in.SkipValue()
}

// members calls f with the name of each member of an object, and the name's offset; f reads the value.
func (d *decoder) members(f func(name string, offset int) error) error {
	if _, err := d.in.ReadToken(); err != nil {
		return err
	}
	for d.in.PeekKind() != jsontext.KindEndObject {
		raw, offset, err := d.read()
		if err != nil {
			return err
		}
		if err := f(unquote(raw), offset); err != nil {
			return err
		}
	}
	_, err := d.in.ReadToken()
	return err
}
