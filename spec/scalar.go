package spec

import (
	"bytes"
	"reflect"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// scalar reads the next value into v, which is a string, a boolean or a whole number, or else a mistake.
func (d *decoder) scalar(v reflect.Value, kind jsontext.Kind) error {
	raw, offset, err := d.read()
	if err != nil {
		return err
	}
	isBool := kind == jsontext.KindTrue || kind == jsontext.KindFalse
	switch {
	case v.Kind() == reflect.String && kind == jsontext.KindString:
		v.SetString(unquote(raw))
	case v.Kind() == reflect.Bool && isBool:
		v.SetBool(kind == jsontext.KindTrue)
	case v.CanInt() && kind == jsontext.KindNumber:
		n, err := strconv.ParseInt(string(raw), 10, v.Type().Bits())
		d.numberProblem(offset, raw, err, "from -2^%[1]d to 2^%[1]d-1", v.Type().Bits()-1)
		v.SetInt(n)
	case v.CanUint() && kind == jsontext.KindNumber:
		n, err := strconv.ParseUint(string(raw), 10, v.Type().Bits())
		d.numberProblem(offset, raw, err, "from 0 to 2^%d-1", v.Type().Bits())
		v.SetUint(n)
	default:
		d.report(offset, false, "must be %s, not %s", typeName(v), kindName(kind))
	}
	return nil
}

func (d *decoder) numberProblem(offset int, raw []byte, err error, bounds string, bits int) {
	switch {
	case err == nil:
	case bytes.ContainsAny(raw, ".eE"):
		d.report(offset, false, "must be a whole number, not %s", raw)
	default:
		d.report(offset, false, "must be "+bounds+", not %[2]s", bits, raw)
	}
}

// unquote is the text of a JSON string that the decoder has found to be valid.
func unquote(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1])
	}
	text, _ := jsontext.AppendUnquote(nil, raw)
	return string(text)
}

// kindNames says what a value of each JSON kind is called in messages.
var kindNames = [...]struct {
	kind jsontext.Kind
	name string
}{
	{jsontext.KindFalse, "a boolean"},
	{jsontext.KindTrue, "a boolean"},
	{jsontext.KindString, "a string"},
	{jsontext.KindNumber, "a number"},
	{jsontext.KindBeginObject, "an object"},
	{jsontext.KindBeginArray, "an array"},
}

func kindName(kind jsontext.Kind) string {
	for _, k := range kindNames {
		if k.kind == kind {
			return k.name
		}
	}
	return "this"
}

// typeName says which JSON value v takes.
func typeName(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.String:
		return "a string"
	case v.Kind() == reflect.Bool:
		return "true or false"
	case v.CanInt() || v.CanUint():
		return "a number"
	case v.Kind() == reflect.Slice:
		return "an array"
	}
	return "an object"
}
