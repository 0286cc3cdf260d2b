package spec

import (
	"slices"
	"strings"
)

// labelOptions are the options whose value SELinux lets stand in double quotes in mount(2)'s data string; fsconfig(2)
// takes values literally, so the quotes end here.
var labelOptions = [...]string{"context", "fscontext", "defcontext", "rootcontext"}

// appendData splits option where mount(2) would: at commas outside quotes that no backslash escapes. Callers do pass
// "mode=755,size=64k" as one option.
func appendData(data []string, option string) []string {
	quoted, escaped, start := false, false, 0
	for i := range len(option) {
		switch {
		case escaped:
			escaped = false
		case option[i] == '\\':
			escaped = true
		case option[i] == '"':
			quoted = !quoted
		case option[i] == ',' && !quoted:
			data = appendParameter(data, option[start:i])
			start = i + 1
		}
	}
	return appendParameter(data, option[start:])
}

func appendParameter(data []string, parameter string) []string {
	if parameter == "" {
		return data
	}
	if key, value, ok := strings.Cut(parameter, "="); ok && slices.Contains(labelOptions[:], key) {
		parameter = key + "=" + strings.Trim(value, `"`)
	}
	return append(data, parameter)
}
