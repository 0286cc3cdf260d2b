package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// flatten makes of a report of the payload one line for each value: "mounts./proc.type": "proc". What is another number
// at each run is replaced by what it stands for.
func flatten(report map[string]any) map[string]string {
	flat := map[string]string{}
	for name, value := range report {
		flattenInto(flat, name, value)
	}
	for field, value := range flat {
		flat[field] = withoutNumbers(field, value)
	}
	return flat
}

func flattenInto(flat map[string]string, path string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			flattenInto(flat, path+"."+name, member)
		}
	case []any:
		order := make([]string, len(value))
		for i, element := range value {
			order[i] = rowName(element, i)
			if row, ok := element.(map[string]any); ok {
				flattenInto(flat, path+"."+order[i]+primes(order, i), row)
			}
		}
		flat[path] = strings.Join(order, " ")
	default:
		flat[path] = fmt.Sprint(value)
	}
}

// primes tell rows of the same name apart: mounts on top of each other.
func primes(names []string, i int) (text string) {
	for _, name := range names[:i] {
		if name == names[i] {
			text += "'"
		}
	}
	return text
}

// rowName is a plain value itself, and of a row what tells it from the others: a mount point, path, name, or position.
func rowName(element any, index int) string {
	row, ok := element.(map[string]any)
	if !ok {
		return fmt.Sprint(element)
	}
	for _, key := range []string{"point", "path", "name", "fd", "clock", "hierarchy", "type"} {
		if key == "path" && row["hierarchy"] != nil {
			continue
		}
		if name, ok := row[key]; ok {
			return fmt.Sprint(name)
		}
	}
	return fmt.Sprint(index)
}

var (
	namespaceField = regexp.MustCompile(`^namespaces\.(\w+)\.inode$`)
	numbered       = regexp.MustCompile(`\b(pipe:\[|shared:|master:|propagate_from:)[0-9]+\]?`)
)

func withoutNumbers(field, value string) string {
	if match := namespaceField.FindStringSubmatch(field); match != nil {
		host, _ := os.Readlink("/proc/self/ns/" + match[1])
		if strings.Contains(host, "["+value+"]") {
			return "the host's"
		}
		return "its own"
	}
	return numbered.ReplaceAllString(value, "${1}N")
}
