package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/crabcan/crabcan/spec"
)

// cmdBundle makes a bundle: the default config, with a cgroup that can be told to be the script's.
func cmdBundle(ts *testscript.TestScript, args []string, payload []byte) {
	if len(args) == 0 {
		ts.Fatalf("usage: bundle DIR [ARG...]")
	}
	dir := ts.MkAbs(args[0])
	config := spec.DefaultWith(spec.Changes{Args: append([]string{"payload"}, args[1:]...)})
	config.Linux.CgroupsPath = "/" + cgroupPrefix(ts.Getenv("WORK")) + filepath.Base(dir)
	if throughSystemd() {
		config.Linux.CgroupsPath = ":" + strings.TrimSuffix(cgroupPrefix(ts.Getenv("WORK")), "-") + ":" + filepath.Base(dir)
	}
	ts.Check(os.MkdirAll(filepath.Join(dir, "rootfs/bin"), 0o755))
	ts.Check(os.WriteFile(filepath.Join(dir, "rootfs/bin/payload"), payload, 0o755))
	ts.Check(os.WriteFile(filepath.Join(dir, configFile), spec.Encode(config), 0o644))
}

// cmdConfig changes a bundle's config.
func cmdConfig(ts *testscript.TestScript, neg bool, args []string) {
	var change change
	switch {
	case len(args) == 4 && args[0] == "set" && !neg:
		value, err := decode([]byte(args[3]))
		ts.Check(err)
		change = func(any) (any, error) { return value, nil }
	case len(args) == 3 && args[0] == "delete" && !neg:
		change = func(any) (any, error) { return removed{}, nil }
	default:
		ts.Fatalf("usage: config set DIR PATH JSON, or config delete DIR PATH")
	}
	file := filepath.Join(ts.MkAbs(args[1]), configFile)
	data, err := os.ReadFile(file)
	ts.Check(err)
	data, err = edit(data, args[2], change)
	ts.Check(err)
	ts.Check(os.WriteFile(file, data, 0o644))
}

// change makes a new value out of one that may be nil.
type change func(old any) (any, error)

// removed is the new value of a member that is to be removed.
type removed struct{}

// edit applies a change to the member at path of a JSON object.
func edit(data []byte, path string, change change) ([]byte, error) {
	object, err := decode(data)
	if err != nil {
		return nil, err
	}
	steps := strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune(".[]", r) })
	for _, step := range slices.Backward(steps) {
		change = at(step, change)
	}
	if object, err = change(object); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return json.MarshalIndent(object, "", "\t")
}

// decode keeps numbers as they are written: a float64 has no room for RLIM_INFINITY.
func decode(data []byte) (value any, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return value, d.Decode(&value)
}

// at is the change to an object or array that changes its member step: a name, an index, or + for a new last element.
func at(step string, change change) change {
	return func(old any) (any, error) {
		if array, ok := old.([]any); ok || step == "+" {
			return changeElement(array, step, change)
		}
		object, ok := old.(map[string]any)
		if old == nil {
			object, ok = map[string]any{}, true
		}
		if !ok {
			return nil, fmt.Errorf("%s: not an object", step)
		}
		value, err := change(object[step])
		if err != nil {
			return nil, err
		}
		object[step] = value
		if value == any(removed{}) {
			delete(object, step)
		}
		return object, nil
	}
}

func changeElement(array []any, step string, change change) (any, error) {
	i, err := strconv.Atoi(step)
	if step == "+" {
		array, i, err = append(array, nil), len(array), nil
	}
	if err != nil || i < 0 || i >= len(array) {
		return nil, fmt.Errorf("%s: no such element", step)
	}
	value, err := change(array[i])
	if err != nil {
		return nil, err
	}
	if value == any(removed{}) {
		return slices.Delete(array, i, i+1), nil
	}
	array[i] = value
	return array, nil
}
