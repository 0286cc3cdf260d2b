package main

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// fieldsOf are the members of T's JSON that have none below them, such as "process.rlimits[].type" or "sysctl{}". Those
// that whole names stand for themselves, whatever is below them.
func fieldsOf[T any](whole []string) []string {
	var fields []string
	eachField(reflect.TypeFor[T](), "", whole, func(name string) {
		if !slices.Contains(fields, name) {
			fields = append(fields, name)
		}
	})
	return fields
}

// eachField calls f with the names of the fields of a type that is found under the given name.
func eachField(t reflect.Type, name string, whole []string, f func(name string)) {
	inner, name := element(t, name)
	switch {
	case inner != t && !slices.Contains(whole, name):
		eachField(inner, name, whole, f)
	case inner.Kind() != reflect.Struct || slices.Contains(whole, name):
		f(name)
	default:
		for _, m := range membersOf(inner) {
			eachField(m.t, member(name, m.name), whole, f)
		}
	}
}

// element is what a pointer, list or map is of, with what that adds to its name.
func element(t reflect.Type, name string) (reflect.Type, string) {
	switch t.Kind() {
	case reflect.Pointer:
		return t.Elem(), name
	case reflect.Slice:
		return t.Elem(), name + "[]"
	case reflect.Map:
		return t.Elem(), name + "{}"
	}
	return t, name
}

// jsonMember is a member of a JSON object.
type jsonMember struct {
	name string
	t    reflect.Type
}

// membersOf are the members of a struct's JSON, those of embedded structs among them.
func membersOf(t reflect.Type) (list []jsonMember) {
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" {
			list = append(list, membersOf(field.Type)...)
		} else {
			list = append(list, jsonMember{name, field.Type})
		}
	}
	return list
}

func member(of, name string) string { return strings.TrimPrefix(of+"."+name, ".") }

func lastName(field string) string {
	return strings.Trim(field[strings.LastIndex(field, ".")+1:], "[]{}")
}

// fieldsSetByScripts are the fields of a config that each script sets with "config set".
func fieldsSetByScripts(t *testing.T) map[string]map[string]bool {
	set := make(map[string]map[string]bool)
	eachScriptLine(t, func(script string, words []string) {
		at := slices.Index(words, "config")
		if at < 0 || len(words) != at+5 || words[at+1] != "set" {
			return
		}
		if set[script] == nil {
			set[script] = make(map[string]bool)
		}
		value, err := decode([]byte(words[at+4]))
		if err != nil {
			t.Errorf("%s: %s is no JSON: %v", script, words[at+4], err)
		}
		markFields(reflect.TypeFor[specs.Spec](), "", atPath(words[at+3], value), set[script])
	})
	return set
}

// atPath is a config that has nothing but a value at a path: ".process.args[0]", "[+]" for a further element.
func atPath(path string, value any) any {
	for _, step := range slices.Backward(strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune(".[]", r) })) {
		if strings.Trim(step, "0123456789") == "" || step == "+" {
			value = []any{value}
		} else {
			value = map[string]any{step: value}
		}
	}
	return value
}

// markFields notes the fields of a type that a value of it sets. Members that the type does not have, mistakes that a
// script makes on purpose, set nothing.
func markFields(t reflect.Type, name string, value any, set map[string]bool) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	inner, below := element(t, name)
	switch v := value.(type) {
	case map[string]any:
		if t.Kind() == reflect.Struct {
			for _, m := range membersOf(t) {
				if of, ok := v[m.name]; ok {
					markFields(m.t, member(name, m.name), of, set)
				}
			}
			return
		}
		for _, of := range v {
			markFields(inner, below, of, set)
		}
	case []any:
		for _, of := range v {
			markFields(inner, below, of, set)
		}
		set[below] = true
	default:
		set[below] = true
	}
}
