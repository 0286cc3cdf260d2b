package cgroup

import (
	"errors"
	"strings"
	"testing"
)

func TestUnitProperties(t *testing.T) {
	for _, c := range []struct{ name, value, want, wrong string }{
		{name: "TimeoutStopUSec", value: "uint64 123456789", want: "TimeoutStopUSec=@t 123456789"},
		{name: "CollectMode", value: "'inactive-or-failed'", want: `CollectMode="inactive-or-failed"`},
		{name: "Delegate", value: "false", want: "Delegate=false"},
		{name: "TimeoutStopSec", value: "456", want: "TimeoutStopUSec=@t 456000000"},
		{name: "TimeoutStopSec", value: "byte 234", want: "TimeoutStopUSec=@t 234000000"},
		{name: "TimeoutStopSec", value: "int16 234", want: "TimeoutStopUSec=@t 234000000"},
		{name: "TimeoutStopSec", value: "uint16 234", want: "TimeoutStopUSec=@t 234000000"},
		{name: "TimeoutStopSec", value: "uint32 234", want: "TimeoutStopUSec=@t 234000000"},
		{name: "TimeoutStopSec", value: "int64 234", want: "TimeoutStopUSec=@t 234000000"},
		{name: "TimeoutStopSec", value: "uint64 234", want: "TimeoutStopUSec=@t 234000000"},
		{name: "TimeoutStopSec", value: "234.789", want: "TimeoutStopUSec=@t 234789000"},
		{name: "TimeoutStopSec", value: "-1", wrong: "out of range"},
		{name: "TimeoutStopSec", value: "-0.5", wrong: "out of range"},
		{name: "TimeoutStopSec", value: "uint64 18446744073709551615", wrong: "out of range"},
		{name: "TimeoutStopSec", value: "true", wrong: "not a number"},
		{name: "TimeoutStopSec", value: "'long'", wrong: "not a number"},
		{name: "FOOSec", value: "'as it is'", want: `FOOSec="as it is"`},
		{name: "Sec", value: "1", want: "Sec=1"},
		{name: "IO", value: "1", wrong: "three letters"},
		{name: "Memory2", value: "1", wrong: "three letters"},
		{name: "Mémoire", value: "1", wrong: "three letters"},
		{name: "CollectMode", value: "inactive", wrong: "GVariant"},
		{name: "CollectMode", value: "", wrong: "GVariant"},
	} {
		list, err := unitProperties(map[string]string{propertyPrefix + c.name: c.value, "other": "?"})
		if c.wrong != "" {
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), c.wrong) || e.Pointer != "/annotations/"+propertyPrefix+c.name {
				t.Errorf("%s %s: %v, want an error with %q", c.name, c.value, err, c.wrong)
			}
			continue
		}
		if err != nil || len(list) != 1 || list[0].Name+"="+list[0].Value.String() != c.want {
			t.Errorf("%s %s: %v, %v, want %s", c.name, c.value, list, err, c.want)
		}
	}
}

func TestUnitPropertySetTwice(t *testing.T) {
	_, err := unitProperties(map[string]string{propertyPrefix + "FooSec": "1", propertyPrefix + "FooUSec": "uint64 1"})
	if err == nil || !strings.Contains(err.Error(), "FooUSec is set twice") {
		t.Error(err)
	}
}
