package resctrl

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Stats are a group's figures, as far as processor and kernel have them (Documentation/filesystems/resctrl.rst). Names
// and shape of the JSON are those that runc's `events` has; what ends in Root is of the group of all who have none.
type Stats struct {
	L3Info    *L3Info    `json:"l3_cache_info,omitempty"`
	L3Root    string     `json:"l3_cache_schema_root,omitempty"`
	L3        string     `json:"l3_cache_schema,omitempty"`
	MemBwInfo *MemBwInfo `json:"mem_bw_info,omitempty"`
	MemBwRoot string     `json:"mem_bw_schema_root,omitempty"`
	MemBw     string     `json:"mem_bw_schema,omitempty"`
	Schemata  []string   `json:"schemata,omitempty"`
	// One entry for each cache of the third level, sorted by the name of its folder.
	Traffic   []Traffic   `json:"mbm_stats,omitempty"`
	Occupancy []Occupancy `json:"cmt_stats,omitempty"`
}

// L3Info is how the caches of the third level can be shared out.
type L3Info struct {
	Mask      string `json:"cbm_mask,omitempty"`
	MinBits   uint64 `json:"min_cbm_bits,omitempty"`
	MaxGroups uint64 `json:"num_closids,omitempty"`
}

// MemBwInfo is how the memory's bandwidth can be shared out, in the unit of the schemata.
type MemBwInfo struct {
	Step      uint64 `json:"bandwidth_gran,omitempty"`
	Linear    uint64 `json:"delay_linear,omitempty"`
	Min       uint64 `json:"min_bandwidth,omitempty"`
	MaxGroups uint64 `json:"num_closids,omitempty"`
}

// Traffic is how many bytes one cache had from memory and wrote back, and how many of them from and to its own node's.
// What the processor does not count is 0; nil is what the kernel can't tell at the moment.
type Traffic struct {
	Total *uint64 `json:"mbm_total_bytes,omitempty"`
	Local *uint64 `json:"mbm_local_bytes,omitempty"`
}

// Occupancy is how many bytes of one cache are in use; nil if the kernel can't tell at the moment.
type Occupancy struct {
	Bytes *uint64 `json:"llc_occupancy,omitempty"`
}

// Stats are the current figures of the group, which is in the resctrl file system at root. The error is fs.ErrNotExist if
// the group is gone.
func (g Group) Stats(root string) (Stats, error) {
	if g.Folder == "" {
		return Stats{}, nil
	}
	// Without a monitoring group of its own the container is counted with all others of its group.
	monitored := g.Monitor
	if monitored == "" {
		monitored = g.Folder
	}
	var s Stats
	info := filepath.Join(root, "info")
	err := errors.Join(
		s.readSchemata(root, g.Folder),
		s.readL3(filepath.Join(info, "L3")),
		s.readMemBw(filepath.Join(info, "MB")),
		s.readMonitor(filepath.Join(info, "L3_MON"), filepath.Join(monitored, "mon_data")),
	)
	return s, err
}

func (s *Stats) readSchemata(root, folder string) (err error) {
	if s.Schemata, err = schemataOf(folder); err != nil {
		return err
	}
	all, err := schemataOf(root)
	s.L3, s.L3Root = lineOf(s.Schemata, "L3:"), lineOf(all, "L3:")
	s.MemBw, s.MemBwRoot = lineOf(s.Schemata, "MB:"), lineOf(all, "MB:")
	return err
}

// schemataOf are the lines of a group's schemata without the blanks that the kernel aligns them with.
func schemataOf(folder string) (schemata []string, err error) {
	all, err := os.ReadFile(filepath.Join(folder, "schemata"))
	for line := range strings.Lines(string(all)) {
		schemata = append(schemata, strings.TrimSpace(line))
	}
	return schemata, err
}

// lineOf is the line that begins so, or "".
func lineOf(schemata []string, prefix string) string {
	for _, line := range schemata {
		if strings.HasPrefix(line, prefix) {
			return line
		}
	}
	return ""
}

// readL3 leaves out what can't be shared out.
func (s *Stats) readL3(folder string) (err error) {
	if !exists(folder) {
		return nil
	}
	s.L3Info = new(L3Info)
	if s.L3Info.Mask, err = readText(filepath.Join(folder, "cbm_mask")); err != nil {
		return err
	}
	return readNumbers(folder, []number{{"min_cbm_bits", &s.L3Info.MinBits}, {"num_closids", &s.L3Info.MaxGroups}})
}

func (s *Stats) readMemBw(folder string) error {
	if !exists(folder) {
		return nil
	}
	s.MemBwInfo = new(MemBwInfo)
	return readNumbers(folder, []number{
		{"bandwidth_gran", &s.MemBwInfo.Step}, {"delay_linear", &s.MemBwInfo.Linear},
		{"min_bandwidth", &s.MemBwInfo.Min}, {"num_closids", &s.MemBwInfo.MaxGroups},
	})
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// number is where the one in a file goes.
type number struct {
	file string
	to   *uint64
}

func readNumbers(folder string, numbers []number) error {
	for _, n := range numbers {
		file := filepath.Join(folder, n.file)
		value, err := readText(file)
		if err != nil {
			return err
		}
		if *n.to, err = strconv.ParseUint(value, 10, 64); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

func readText(file string) (string, error) {
	all, err := os.ReadFile(file)
	return strings.TrimSpace(string(all)), err
}

// readMonitor reads what the processor counts for each cache; what that is stands in info/L3_MON.
func (s *Stats) readMonitor(info, folder string) error {
	features, err := readText(filepath.Join(info, "mon_features"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	caches, err := os.ReadDir(folder) // sorted
	if err != nil {
		return err
	}
	for _, cache := range caches {
		if !strings.HasPrefix(cache.Name(), "mon_L3_") {
			continue
		}
		if err := s.readCache(features, filepath.Join(folder, cache.Name())); err != nil {
			return err
		}
	}
	return nil
}

func (s *Stats) readCache(features, folder string) error {
	total, totalErr := readCounter(folder, "mbm_total_bytes")
	local, localErr := readCounter(folder, "mbm_local_bytes")
	occupied, occupiedErr := readCounter(folder, "llc_occupancy")
	if strings.Contains(features, "mbm_") {
		s.Traffic = append(s.Traffic, Traffic{total, local})
	}
	if strings.Contains(features, "llc_occupancy") {
		s.Occupancy = append(s.Occupancy, Occupancy{occupied})
	}
	return errors.Join(totalErr, localErr, occupiedErr)
}

// readCounter is 0 for what is not counted, and nil if the kernel says "Unavailable", "Unassigned" or "Error".
func readCounter(folder, file string) (*uint64, error) {
	value, err := readText(filepath.Join(folder, file))
	if errors.Is(err, fs.ErrNotExist) {
		return new(uint64), nil
	}
	if err != nil {
		return nil, err
	}
	counter, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		return nil, nil
	}
	return &counter, nil
}
