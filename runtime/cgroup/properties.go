package cgroup

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	systemd "github.com/coreos/go-systemd/v22/dbus"
	"github.com/godbus/dbus/v5"
)

// propertyPrefix begins the annotations that set properties of the container's systemd unit, as with runc.
const propertyPrefix = "org.systemd.property."

// unitProperties are the properties that annotations ask for, sorted by name. A value is a GVariant in its text format;
// what it means and of which type it has to be is systemd's to judge, when the unit is made. Errors are of type *Error.
func unitProperties(annotations map[string]string) (list []systemd.Property, err error) {
	var errs []error
	for _, key := range sortedKeys(annotations) {
		name, ok := strings.CutPrefix(key, propertyPrefix)
		if !ok {
			continue
		}
		property, err := unitProperty(name, annotations[key])
		if err != nil {
			errs = append(errs, &Error{annotationPointer(key), err})
			continue
		}
		list = append(list, property)
	}
	slices.SortFunc(list, func(a, b systemd.Property) int { return cmp.Compare(a.Name, b.Name) })
	for i := range list {
		if i > 0 && list[i].Name == list[i-1].Name {
			errs = append(errs, &Error{"/annotations", fmt.Errorf("the systemd property %s is set twice", list[i].Name)})
		}
	}
	return list, errors.Join(errs...)
}

func annotationPointer(key string) string {
	return "/annotations/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

func unitProperty(name, text string) (p systemd.Property, err error) {
	if len(name) < 3 || strings.ContainsFunc(name, func(r rune) bool { return !isLower(r) && !isUpper(r) }) {
		return p, fmt.Errorf("%q is not the name of a systemd property: it has at least three letters and nothing else", name)
	}
	value, err := dbus.ParseVariant(text, dbus.Signature{})
	if err != nil {
		return p, fmt.Errorf("%q is not a value in GVariant text format: %w", text, err)
	}
	// Unit files and manuals say TimeoutStopSec, the bus TimeoutStopUSec.
	if stem, ok := strings.CutSuffix(name, "Sec"); ok && stem != "" && isLower(rune(stem[len(stem)-1])) {
		name = stem + "USec"
		microseconds, err := toMicroseconds(value.Value())
		if err != nil {
			return p, fmt.Errorf("%q: %w", text, err)
		}
		value = dbus.MakeVariant(microseconds)
	}
	return systemd.Property{Name: name, Value: value}, nil
}

func isLower(r rune) bool { return 'a' <= r && r <= 'z' }
func isUpper(r rune) bool { return 'A' <= r && r <= 'Z' }

// toMicroseconds converts seconds of any of D-Bus's types of numbers.
func toMicroseconds(seconds any) (uint64, error) {
	var whole uint64
	switch n := seconds.(type) {
	case float64:
		if !(0 <= n && n < math.MaxUint64/1e6) {
			return 0, errors.New("is out of range for seconds")
		}
		return uint64(n * 1e6), nil
	case uint64:
		whole = n
	case byte:
		whole = uint64(n)
	case uint16:
		whole = uint64(n)
	case uint32:
		whole = uint64(n)
	case int16:
		whole = uint64(int64(n))
	case int32:
		whole = uint64(int64(n))
	case int64:
		whole = uint64(n)
	default:
		return 0, errors.New("is not a number of seconds")
	}
	// A negative number is one of the largest here.
	if whole > math.MaxUint64/1_000_000 {
		return 0, errors.New("is out of range for seconds")
	}
	return whole * 1_000_000, nil
}
