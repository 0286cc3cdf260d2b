package resctrl

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/crabcan/crabcan/spec"
)

// checkSchemata refuses a group that is there already and is another than the container wants: others use it.
func checkSchemata(folder string, o *spec.IntelRdt) error {
	if o.L3 == "" && o.MemBw == "" {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(folder, "schemata"))
	if err != nil {
		return err
	}
	there := parseSchemata(string(text))
	for _, line := range []string{o.L3, o.MemBw} {
		for what, want := range parseSchemata(line) {
			if got := there[what]; got != want {
				return fmt.Errorf("%s is there already with %s=%s, not %s", folder, what, got, want)
			}
		}
	}
	return nil
}

// parseSchemata turns lines such as "L3:0=7f0;1=1f" into values by "L3:0": the kernel prints them in its own order,
// with blanks in front and with leading zeros.
func parseSchemata(text string) map[string]string {
	values := make(map[string]string)
	for line := range strings.Lines(text) {
		resource, domains, _ := strings.Cut(strings.TrimSpace(line), ":")
		for domain := range strings.SplitSeq(domains, ";") {
			id, value, ok := strings.Cut(strings.TrimSpace(domain), "=")
			if ok {
				values[resource+":"+strings.TrimSpace(id)] = plain(value)
			}
		}
	}
	return values
}

// plain is a number without leading zeros and in lower case.
func plain(number string) string {
	number = strings.ToLower(strings.TrimSpace(number))
	if rest := strings.TrimLeft(number, "0"); rest != "" {
		return rest
	}
	return number[:min(1, len(number))]
}
