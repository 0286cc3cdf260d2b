package cgroup

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/opencontainers/cgroups/devices/config"
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// request is what the kernel asks a device filter.
type request struct {
	kind         config.Type
	major, minor int64
	access       int32
}

// run is the part of the BPF machine that filters use. It also counts which instructions were ever reached.
func run(program []instruction, r request, reached []bool) (result uint32, err error) {
	kind := uint32(unix.BPF_DEVCG_DEV_CHAR)
	if r.kind == config.BlockDevice {
		kind = unix.BPF_DEVCG_DEV_BLOCK
	}
	context := map[int16]uint32{0: uint32(r.access)<<16 | kind, 4: uint32(r.major), 8: uint32(r.minor)}
	var regs [11]uint32
	for pc := 0; pc < len(program); pc++ {
		in := program[pc]
		reached[pc] = true
		to, from := &regs[in.registers&15], uint32(in.immediate)
		if in.code&unix.BPF_X != 0 && in.code&7 == unix.BPF_ALU {
			from = regs[in.registers>>4]
		}
		jump := false
		switch in.code &^ unix.BPF_X {
		case unix.BPF_LDX | unix.BPF_MEM | unix.BPF_W:
			*to = context[in.offset]
		case unix.BPF_ALU | bpfMov:
			*to = from
		case unix.BPF_ALU | unix.BPF_AND:
			*to &= from
		case unix.BPF_ALU | unix.BPF_OR:
			*to |= from
		case unix.BPF_ALU | unix.BPF_LSH:
			*to <<= from
		case unix.BPF_ALU | unix.BPF_RSH:
			*to >>= from
		case unix.BPF_JMP | unix.BPF_JA:
			jump = true
		case bpfJ32 | bpfJne:
			jump = *to != from
		case bpfJ32 | unix.BPF_JEQ:
			jump = *to == from
		case bpfJ32 | unix.BPF_JSET:
			jump = *to&from != 0
		case unix.BPF_JMP | bpfExit:
			return regs[0], nil
		default:
			return 0, fmt.Errorf("instruction %d: unknown code %#x", pc, in.code)
		}
		if jump && in.offset < 0 {
			return 0, fmt.Errorf("instruction %d: jump of %d", pc, in.offset)
		}
		if jump {
			pc += int(in.offset)
		}
	}
	return 0, fmt.Errorf("ran off the end")
}

// evaluate says what the specification's rules, applied in order, give: the last rule about an access decides.
func evaluate(rules []*config.Rule, r request) bool {
	for _, bit := range []config.Permissions{"m", "r", "w"} {
		if r.access&accessBits(bit) == 0 {
			continue
		}
		allowed := false
		for _, rule := range rules {
			matches := (rule.Type == config.WildcardDevice || rule.Type == r.kind) &&
				(rule.Major == wildcard || rule.Major == r.major) && (rule.Minor == wildcard || rule.Minor == r.minor)
			if matches && !rule.Permissions.Intersection(bit).IsEmpty() {
				allowed = rule.Allow
			}
		}
		if !allowed {
			return false
		}
	}
	return true
}

// checkFilter compares a filter with its rules over every device near those that the rules name.
func checkFilter(t *testing.T, rules []*config.Rule) {
	t.Helper()
	program := deviceFilter(rules)
	reached := make([]bool, len(program))
	for _, kind := range []config.Type{config.CharDevice, config.BlockDevice} {
		for major := int64(0); major <= 12; major++ {
			for _, minor := range []int64{0, 1, 2, 3, 4, 5, 7, 8, 9, 200, maxMinor} {
				for access := int32(1); access < 8; access++ {
					r := request{kind, major, minor, access}
					got, err := run(program, r, reached)
					if err != nil {
						t.Fatal(err)
					}
					if want := evaluate(rules, r); got == 1 != want {
						t.Fatalf("%c %d:%d access %d: got %d, want %v\n%v", kind, major, minor, access, got, want, text(rules))
					}
				}
			}
		}
	}
	if got, err := run(program, request{config.CharDevice, maxMajor, maxMinor, 1}, reached); err != nil {
		t.Fatal(got, err)
	}
}

func text(rules []*config.Rule) (lines []string) {
	for _, r := range rules {
		lines = append(lines, verb(r)+" "+r.CgroupString())
	}
	return lines
}

func TestFilterOfRandomRules(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	number := func() int64 { return []int64{wildcard, 1, 1, 2, 5}[random.IntN(5)] }
	for range 300 {
		var rules []*config.Rule
		for range random.IntN(12) {
			major, minor := number(), number()
			rules = append(rules, convertRule(specs.LinuxDeviceCgroup{
				Allow:  random.IntN(2) == 0,
				Type:   []string{"", "a", "b", "c"}[random.IntN(4)],
				Major:  &major,
				Minor:  &minor,
				Access: []string{"r", "w", "m", "rw", "rwm", "mwr"}[random.IntN(6)],
			})...)
		}
		checkFilter(t, rules)
	}
}

func TestFilterOfDefaults(t *testing.T) {
	rules := deviceRules(nil, nil)
	checkFilter(t, rules)
	// Each jump costs every container microseconds.
	if n := len(deviceFilter(rules)); n != 29 {
		t.Errorf("%d instructions, not 29", n)
	}
}

// TestKernelTakesFilters loads filters into the kernel, whose verifier refuses more than the machine here does.
func TestKernelTakesFilters(t *testing.T) {
	needRoot(t)
	one := int64(1)
	for _, rules := range [][]specs.LinuxDeviceCgroup{
		nil,
		{{Allow: true, Access: "rwm"}},
		{{Allow: true, Access: "rwm"}, {Access: "w", Type: "b", Major: &one}},
		{{Allow: true, Access: "rwm", Type: "c"}, {Access: "rw", Major: &one, Minor: &one}},
		{{Allow: true, Access: "rwm", Type: "b"}, {Allow: true, Access: "r", Minor: &one}, {Access: "rwm", Type: "b"}},
	} {
		fd, err := loadFilter(deviceFilter(deviceRules(rules, nil)))
		if err != nil {
			t.Errorf("%+v: %v", rules, err)
			continue
		}
		unix.Close(fd)
	}
	many := deviceRules(nil, nil)
	for i := range maxFilterRules - len(many) {
		many = append(many, &config.Rule{Type: 'c', Major: 42, Minor: int64(i), Permissions: allAccess, Allow: true})
	}
	fd, err := loadFilter(deviceFilter(many))
	if err != nil {
		t.Errorf("%d rules: %v", len(many), err)
	}
	unix.Close(fd)
}
