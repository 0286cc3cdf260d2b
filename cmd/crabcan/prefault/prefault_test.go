package prefault

import (
	"bufio"
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mapping is what /proc/PID/smaps says about one range of memory.
type mapping struct {
	permissions, file string
	size, resident    int // KiB
}

func readMappings(t *testing.T, smaps []byte) (list []mapping) {
	t.Helper()
	lines := bufio.NewScanner(bytes.NewReader(smaps))
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		switch {
		case len(words) >= 5 && strings.Contains(words[0], "-"):
			list = append(list, mapping{permissions: words[1], file: strings.Join(words[5:], " ")})
		case words[0] == "Size:":
			fmt.Sscan(words[1], &list[len(list)-1].size)
		case words[0] == "Rss:":
			fmt.Sscan(words[1], &list[len(list)-1].resident)
		}
	}
	if len(list) == 0 {
		t.Fatalf("smaps has no mapping:\n%s", smaps)
	}
	return list
}

// buildProgram builds testdata with flags of the linker.
func buildProgram(t *testing.T, ldflags string) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "program")
	build := exec.Command("go", "build", "-o", program, "-ldflags", ldflags, "./testdata")
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", build, err, output)
	}
	return program
}

// runProgram runs the program and returns its memory.
func runProgram(t *testing.T, program string) []mapping {
	t.Helper()
	output, err := exec.Command(program).Output()
	if err != nil {
		t.Fatalf("the program ends with %v", err)
	}
	return readMappings(t, output)
}

// TestFileIsResident: a program that is entered at start has all of its text and constants in memory.
func TestFileIsResident(t *testing.T) {
	var seen int
	for _, m := range runProgram(t, buildProgram(t, "-E github.com/crabcan/crabcan/cmd/crabcan/prefault.start")) {
		if !strings.HasSuffix(m.file, "/program") || strings.Contains(m.permissions, "w") {
			continue
		}
		seen += m.size
		if m.resident < m.size-8 { // the last page may hold what is not of the section
			t.Errorf("of the %d KiB with %s only %d are resident", m.size, m.permissions, m.resident)
		}
	}
	if seen == 0 {
		t.Error("the program has no mapping of its file")
	}
}

// TestHeapIsResident: what a command is going to allocate is in memory although this program has allocated little, wherever
// the heap begins: that is at random in a piece of memory that is about twice as large.
func TestHeapIsResident(t *testing.T) {
	program := buildProgram(t, "")
	for range 20 {
		var resident int
		for _, m := range runProgram(t, program) {
			if m.file == "[anon: Go: heap]" || m.file == "" {
				resident = max(resident, m.resident)
			}
		}
		if resident*1024 < heap*9/10 {
			t.Errorf("only %d KiB of heap are resident, of %d that are asked for", resident, heap/1024)
		}
	}
}
