package spec

import (
	"reflect"
	"strings"
)

// field is the field of a struct of the specification's Go binding that a member of an object is for.
type field struct {
	// value is invalid when there is no such field.
	value reflect.Value
	// index is the field's place in the struct, or that of the embedded struct that it is from.
	index int
	// name is the member's name as the specification spells it.
	name string
	// foreign is not empty when the field is not for Linux: the platforms that it is for.
	foreign string
}

// findField looks for the field of that name in any case, as encoding/json does: the peers decode with it, so files with
// "readOnly" for "readonly" exist. It begins at the field with index from, since files keep the order of the fields.
func findField(v reflect.Value, name string, from int) field {
	t := v.Type()
	for n := range t.NumField() {
		i := (from + n) % t.NumField()
		f := t.Field(i)
		if f.Anonymous {
			if inner := findField(v.Field(i), name, 0); inner.value.IsValid() {
				inner.index = i
				return inner
			}
			continue
		}
		spelt, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if strings.EqualFold(spelt, name) {
			return field{v.Field(i), i, spelt, foreignPlatform(f.Tag.Get("platform"))}
		}
	}
	return field{}
}

// foreignPlatform is empty when one of the platforms is Linux, or none is named.
func foreignPlatform(platforms string) string {
	if strings.Contains(platforms, "linux") {
		return ""
	}
	return platforms
}
