package resctrl

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Stats are a group's figures, as far as processor and kernel have them (Documentation/filesystems/resctrl.rst). Names
// and shape of the JSON are those that runc's `events` has; Root is the group of all who have none.
type Stats struct {
	L3Info    *L3Info    `json:"l3_cache_info,omitempty"`
	L3Root    string     `json:"l3_cache_schema_root,omitempty"`
	L3        string     `json:"l3_cache_schema,omitempty"`
	MemBwInfo *MemBwInfo `json:"mem_bw_info,omitempty"`
	MemBwRoot string     `json:"mem_bw_schema_root,omitempty"`
	MemBw     string     `json:"mem_bw_schema,omitempty"`
	Schemata  []string   `json:"schemata,omitempty"`
	// One entry for each cache of the third level, in the kernel's order.
	Traffic   []Traffic   `json:"mbm_stats,omitempty"`
	Occupancy []Occupancy `json:"cmt_stats,omitempty"`
}

// L3Info is how the caches of the third level can be shared out.
type L3Info struct {
	Mask      string `json:"cbm_mask,omitempty"`
	MinBits   uint64 `json:"min_cbm_bits,omitempty"`
	MaxGroups uint64 `json:"num_closids,omitempty"`
}

// MemBwInfo is how the memory's bandwidth can be shared out, in per cent.
type MemBwInfo struct {
	Step      uint64 `json:"bandwidth_gran,omitempty"`
	Linear    uint64 `json:"delay_linear,omitempty"`
	Min       uint64 `json:"min_bandwidth,omitempty"`
	MaxGroups uint64 `json:"num_closids,omitempty"`
}

// Traffic is how many bytes one cache had from memory and wrote back, and how many of them from and to its own node's.
// What the kernel cannot tell is nil.
type Traffic struct {
	Total *uint64 `json:"mbm_total_bytes,omitempty"`
	Local *uint64 `json:"mbm_local_bytes,omitempty"`
}

// Occupancy is how many bytes of one cache are in use; nil if the kernel cannot tell.
type Occupancy struct {
	Bytes *uint64 `json:"llc_occupancy,omitempty"`
}

// Stats are the current figures of the group, which is in the resctrl file system at root.
func (g Group) Stats(root string) (Stats, error) {
	if g.Folder == "" {
		return Stats{}, nil
	}
	var s Stats
	if err := s.readSchemata(root, g.Folder); err != nil {
		return Stats{}, err
	}
	if err := s.readInfo(filepath.Join(root, "info")); err != nil {
		return Stats{}, err
	}
	// Without a monitoring group of its own the container is counted with all others of its group.
	monitored := g.Monitor
	if monitored == "" {
		monitored = g.Folder
	}
	return s, s.readMonitor(filepath.Join(root, "info", "L3_MON", "mon_features"), filepath.Join(monitored, "mon_data"))
}

func (s *Stats) readSchemata(root, folder string) error {
	own, err := schemata(folder)
	if err != nil {
		return err
	}
	all, err := schemata(root)
	if err != nil {
		return err
	}
	s.Schemata = own
	s.L3, s.L3Root = schema(own, "L3:"), schema(all, "L3:")
	s.MemBw, s.MemBwRoot = schema(own, "MB:"), schema(all, "MB:")
	return nil
}

// schemata are the lines of a group's schemata without the blanks that the kernel aligns them with.
func schemata(folder string) (lines []string, err error) {
	text, err := os.ReadFile(filepath.Join(folder, "schemata"))
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines, nil
}

// schema is the line that begins so, or "".
func schema(lines []string, prefix string) string {
	for _, line := range lines {
		if strings.HasPrefix(line, prefix) {
			return line
		}
	}
	return ""
}

func (s *Stats) readInfo(folder string) (err error) {
	if l3 := filepath.Join(folder, "L3"); exists(l3) {
		s.L3Info = new(L3Info)
		if s.L3Info.Mask, err = text(filepath.Join(l3, "cbm_mask")); err != nil {
			return err
		}
		err = numbers(l3, map[string]*uint64{"min_cbm_bits": &s.L3Info.MinBits, "num_closids": &s.L3Info.MaxGroups})
	}
	if mb := filepath.Join(folder, "MB"); err == nil && exists(mb) {
		s.MemBwInfo = new(MemBwInfo)
		err = numbers(mb, map[string]*uint64{
			"bandwidth_gran": &s.MemBwInfo.Step, "delay_linear": &s.MemBwInfo.Linear,
			"min_bandwidth": &s.MemBwInfo.Min, "num_closids": &s.MemBwInfo.MaxGroups,
		})
	}
	return err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func numbers(folder string, fields map[string]*uint64) error {
	for file, field := range fields {
		value, err := text(filepath.Join(folder, file))
		if err != nil {
			return err
		}
		if *field, err = strconv.ParseUint(value, 10, 64); err != nil {
			return err
		}
	}
	return nil
}

func text(file string) (string, error) {
	text, err := os.ReadFile(file)
	return strings.TrimSpace(string(text)), err
}

// readMonitor reads what the processor counts for each cache.
func (s *Stats) readMonitor(features, folder string) error {
	counted, err := os.ReadFile(features)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it counts nothing
	}
	if err != nil {
		return err
	}
	caches, err := filepath.Glob(filepath.Join(folder, "mon_L3_*")) // sorted
	if err != nil {
		return err
	}
	for _, cache := range caches {
		if strings.Contains(string(counted), "mbm_") {
			total, local := figure(cache, "mbm_total_bytes"), figure(cache, "mbm_local_bytes")
			s.Traffic = append(s.Traffic, Traffic{Total: total, Local: local})
		}
		if strings.Contains(string(counted), "llc_occupancy") {
			s.Occupancy = append(s.Occupancy, Occupancy{figure(cache, "llc_occupancy")})
		}
	}
	return nil
}

// figure is a counter; nil if there is none, or the kernel says "Unavailable", "Unassigned" or "Error" in its place.
func figure(folder, file string) *uint64 {
	value, err := text(filepath.Join(folder, file))
	if err != nil {
		return nil
	}
	number, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		return nil
	}
	return &number
}
