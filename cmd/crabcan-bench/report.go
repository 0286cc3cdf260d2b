package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// report is everything that was found; a copy inside a world finds a part of it.
type report struct {
	Environment environment `json:"environment"`
	// Worlds says what cgroups each world has.
	Worlds   map[string]string `json:"worlds"`
	Results  []result          `json:"results,omitempty"`
	Dropped  []drop            `json:"dropped,omitempty"`
	Profiles []profile         `json:"profiles,omitempty"`
}

// result are the figures of one contender in one case.
type result struct {
	Case    string  `json:"case"`
	Runtime string  `json:"runtime"`
	Unit    unit    `json:"unit"`
	Samples []int64 `json:"samples"`
}

// drop says why a contender has no figures in a case.
type drop struct {
	Case    string `json:"case"`
	Runtime string `json:"runtime"`
	Reason  string `json:"reason"`
}

// unit is what samples count.
type unit string

const (
	unitTime   unit = "ns"
	unitMemory unit = "bytes"
)

// scales are how units are printed for people.
var scales = map[unit]struct {
	name string
	size float64
}{
	unitTime:   {"ms", 1e6},
	unitMemory: {"MiB", 1 << 20},
}

// add adds what another part found.
func (r *report) add(other report) {
	if r.Worlds == nil {
		r.Worlds = make(map[string]string)
	}
	maps.Copy(r.Worlds, other.Worlds)
	r.Results = append(r.Results, other.Results...)
	r.Dropped = append(r.Dropped, other.Dropped...)
	r.Profiles = append(r.Profiles, other.Profiles...)
}

func (r *report) writeJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// MarshalJSON adds the figures that everyone wants.
func (s result) MarshalJSON() ([]byte, error) {
	type plain result
	return json.Marshal(struct {
		plain
		Median float64 `json:"median"`
		P10    float64 `json:"p10"`
		P90    float64 `json:"p90"`
	}{plain(s), median(s.Samples), quantile(s.Samples, 0.1), quantile(s.Samples, 0.9)})
}

// writeText prints tables for people.
func (r *report) writeText(w io.Writer) error {
	var text strings.Builder
	r.Environment.write(&text)
	for _, name := range slices.Sorted(maps.Keys(r.Worlds)) {
		fmt.Fprintf(&text, "%-9s %s\n", name, r.Worlds[name])
	}
	for _, name := range r.caseNames() {
		r.writeCase(&text, name)
	}
	for _, p := range r.Profiles {
		p.write(&text)
	}
	writeDropped(&text, r.Dropped)
	_, err := io.WriteString(w, text.String())
	return err
}

func (e environment) write(w io.Writer) {
	fmt.Fprintf(w, "Linux %s %s, %d CPUs, governor %s, load %s; %d rounds after %d\n",
		e.Kernel, e.Arch, e.CPUs, e.Governor, e.Load, e.Rounds, e.Warmup)
	for _, p := range e.Runtimes {
		fmt.Fprintf(w, "%-9s %s, %s\n", p.Name, p.Version, p.Path)
	}
	fmt.Fprintf(w, "%-9s the kernel's cost: crabcan's program, started by a process that is running already\n", floorName)
}

// caseNames are the cases in the order they were measured.
func (r *report) caseNames() (names []string) {
	for _, s := range r.Results {
		if !slices.Contains(names, s.Case) {
			names = append(names, s.Case)
		}
	}
	return names
}

// writeCase prints one case. The last column is crabcan's median as a part, or a multiple, of the row's.
func (r *report) writeCase(w io.Writer, name string) {
	var own float64
	title := name
	for _, s := range r.Results {
		if s.Case != name {
			continue
		}
		scale := scales[s.Unit]
		if title != "" {
			fmt.Fprintf(w, "\n%-42s %9s %8s %8s   crabcan/it\n", title+", "+scale.name, "median", "p10", "p90")
			title = ""
		}
		middle := median(s.Samples) / scale.size
		ratio := ""
		if s.Runtime == "crabcan" {
			own = middle
		} else if own > 0 {
			ratio = fmt.Sprintf("%.2f", own/middle)
		}
		row := fmt.Sprintf("  %-40s %9.2f %8.2f %8.2f   %10s", s.Runtime, middle,
			quantile(s.Samples, 0.1)/scale.size, quantile(s.Samples, 0.9)/scale.size, ratio)
		fmt.Fprintln(w, strings.TrimRight(row, " "))
	}
}

// writeDropped says once why a runtime is missing in several cases.
func writeDropped(w io.Writer, dropped []drop) {
	type cause struct{ runtime, reason string }
	cases := make(map[cause][]string)
	var causes []cause
	for _, d := range dropped {
		c := cause{d.Runtime, d.Reason}
		if cases[c] == nil {
			causes = append(causes, c)
		}
		cases[c] = append(cases[c], d.Case)
	}
	for i, c := range causes {
		if i == 0 {
			fmt.Fprintf(w, "\nLeft out:\n")
		}
		fmt.Fprintf(w, "  %s: %s\n    in %s\n", c.runtime, c.reason, strings.Join(cases[c], ", "))
	}
}
