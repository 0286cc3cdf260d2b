package cgroup

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/cgroups"
	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/crabcan/crabcan/spec"
)

// limits is linux.resources in the library's form.
type limits struct {
	// resources is nil after Load.
	resources *cgroups.Resources
	// needs are the controllers that the settings need, each with the first setting that does.
	needs []need
	notes []string
}

// need says that a setting can't work without a controller.
type need struct{ controller, pointer string }

// newLimits converts linux.resources but for its devices, which deviceRules does. The error joins an *Error for each
// setting that the mode can't give or that makes no sense.
func newLimits(r *specs.LinuxResources, mode Mode) (limits, error) {
	l := limits{resources: &cgroups.Resources{}}
	if r == nil {
		return l, nil
	}
	asked := newSections(r)
	var errs []error
	for _, s := range settings {
		if !s.convert(l.resources, &asked) {
			continue
		}
		switch controller := s.controller(mode); controller {
		case dropped:
			l.notes = append(l.notes, spec.Dotted(s.pointer)+" has no effect: it is obsolete")
		case impossible:
			errs = append(errs, &Error{s.pointer, refusal(mode)})
		default:
			l.require(controller, s.pointer)
		}
	}
	errs = append(errs, l.requireUnified(r.Unified, mode)...)
	errs = append(errs, l.check(mode)...)
	return l, errors.Join(errs...)
}

var errNoCgroup = errors.New("needs a cgroup, and --cgroup-manager disabled makes none")

// checkUnlimited refuses limits of a container without a cgroup, with an *Error for each. It can't have device rules
// either, but every caller writes some.
func checkUnlimited(r *specs.LinuxResources) error {
	if r == nil {
		return nil
	}
	asked := newSections(withoutInfinite(r))
	var errs []error
	for _, s := range settings {
		if s.v2 != dropped && s.convert(&cgroups.Resources{}, &asked) {
			errs = append(errs, &Error{s.pointer, errNoCgroup})
		}
	}
	for _, name := range sortedKeys(r.Unified) {
		errs = append(errs, &Error{unifiedPointer(name), errNoCgroup})
	}
	return errors.Join(errs...)
}

// withoutInfinite leaves out what asks for no limit.
func withoutInfinite(r *specs.LinuxResources) *specs.LinuxResources {
	out, memory, cpu, pids := *r, orEmpty(r.Memory), orEmpty(r.CPU), orEmpty(r.Pids)
	out.Memory, out.CPU, out.Pids = &memory, &cpu, &pids
	for _, at := range []**int64{&memory.Limit, &memory.Swap, &memory.Reservation, &cpu.Quota, &pids.Limit} {
		if *at != nil && **at < 0 {
			*at = nil
		}
	}
	return &out
}

// refusal starts with runc's words for it.
func refusal(mode Mode) error {
	return fmt.Errorf("invalid configuration: cgroup %v has no such setting", mode)
}

func (l *limits) require(controller, pointer string) {
	known := func(n need) bool { return n.controller == controller }
	if controller != "" && !slices.ContainsFunc(l.needs, known) {
		l.needs = append(l.needs, need{controller, pointer})
	}
}

// requireUnified checks the names of v2 files: CONTROLLER.PARAMETER, where "cgroup" is no controller but every cgroup
// has its files.
func (l *limits) requireUnified(files map[string]string, mode Mode) (errs []error) {
	if mode != Unified {
		return nil
	}
	for _, name := range sortedKeys(files) {
		pointer := unifiedPointer(name)
		controller, _, ok := strings.Cut(name, ".")
		if !ok || controller == "" || strings.Contains(name, "/") {
			errs = append(errs, &Error{pointer, errors.New("must be a file name in the form CONTROLLER.PARAMETER")})
			continue
		}
		if controller != "cgroup" {
			l.require(controller, pointer)
		}
	}
	return errs
}

// check finds values that the library would trip over later, or not at all.
func (l *limits) check(mode Mode) (errs []error) {
	r := l.resources
	errs = checkWeights(r)
	if mode == Unified {
		if _, err := cgroups.ConvertMemorySwapToCgroupV2Value(r.MemorySwap, r.Memory); err != nil {
			errs = append(errs, &Error{"/linux/resources/memory/swap", err})
		}
	}
	// The kernel takes up to 200 since 5.8, but the specification ends at 100.
	if s := r.MemorySwappiness; s != nil && *s > 100 {
		errs = append(errs, &Error{"/linux/resources/memory/swappiness", fmt.Errorf("must be 0 to 100, not %d", *s)})
	}
	for i, page := range r.HugetlbLimit {
		// The size is part of a file's name.
		if strings.Trim(page.Pagesize, "0123456789KMGB") != "" || page.Pagesize == "" {
			errs = append(errs, &Error{fmt.Sprintf("/linux/resources/hugepageLimits/%d/pageSize", i),
				fmt.Errorf("must be a size such as 64KB, 2MB or 1GB, not %q", page.Pagesize)})
		}
	}
	return errs
}

// missing gives an *Error for each needed controller that is not in have.
func (l *limits) missing(have []string, where string) error {
	var errs []error
	for _, n := range l.needs {
		if !slices.Contains(have, n.controller) {
			errs = append(errs, &Error{n.pointer, fmt.Errorf("needs the cgroup controller %s, which %s does not have",
				n.controller, where)})
		}
	}
	return errors.Join(errs...)
}

// onlyDevices reports whether nothing but device rules is to be set.
func (l *limits) onlyDevices() bool {
	return len(l.needs) == 0 && len(l.resources.Unified) == 0
}

// checkWeights holds I/O weights to the specification's range: below it the conversion to v2 would overflow.
func checkWeights(r *cgroups.Resources) (errs []error) {
	check := func(pointer string, weight uint16) {
		if weight != 0 && (weight < 10 || weight > 1000) {
			errs = append(errs, &Error{pointer, fmt.Errorf("must be 10 to 1000, not %d", weight)})
		}
	}
	check("/linux/resources/blockIO/weight", r.BlkioWeight)
	check("/linux/resources/blockIO/leafWeight", r.BlkioLeafWeight)
	for i, d := range r.BlkioWeightDevice {
		check(fmt.Sprintf("%s/%d/weight", weightDevicePointer, i), d.Weight)
		check(fmt.Sprintf("%s/%d/leafWeight", weightDevicePointer, i), d.LeafWeight)
	}
	return errs
}
