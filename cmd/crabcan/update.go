package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/docker/go-units"
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"
	"github.com/urfave/cli/v2"

	"github.com/crabcan/crabcan/runtime"
	"github.com/crabcan/crabcan/spec"
)

// limit is a flag of update and the resource that it sets.
type limit struct {
	name, usage string
	set         func(r *specs.LinuxResources, value string) error
}

// obsoleteLimits are flags that some callers still pass. They set nothing, as with runc.
var obsoleteLimits = [...]string{"kernel-memory", "kernel-memory-tcp"}

// schemas are the flags that change the container's resctrl group, each with what its value begins with.
var schemas = [...]struct {
	name, usage, prefix string
	in                  func(*spec.IntelRdt) *string
}{
	{"l3-cache-schema", "`SCHEMA` of the L3 cache, as in linux.intelRdt", "",
		func(o *spec.IntelRdt) *string { return &o.L3 }},
	{"mem-bw-schema", "`SCHEMA` of the memory bandwidth, as in linux.intelRdt", spec.MemBwPrefix,
		func(o *spec.IntelRdt) *string { return &o.MemBw }},
}

// limits are the flags of update, as runc has them.
func limits() []limit {
	return []limit{
		{"blkio-weight", "I/O `WEIGHT`, 10 to 1000", func(r *specs.LinuxResources, v string) error {
			return unsigned16(&blockIO(r).Weight, v)
		}},
		{"cpu-period", "length of a CPU period in `MICROSECONDS`", func(r *specs.LinuxResources, v string) error {
			return unsigned(&cpu(r).Period, v)
		}},
		{"cpu-quota", "CPU time of each period in `MICROSECONDS`", func(r *specs.LinuxResources, v string) error {
			return signed(&cpu(r).Quota, v)
		}},
		{"cpu-burst", "unused CPU time that may pile up, in `MICROSECONDS`", func(r *specs.LinuxResources, v string) error {
			return unsigned(&cpu(r).Burst, v)
		}},
		{"cpu-share", "CPU `SHARES`, 2 to 262144", func(r *specs.LinuxResources, v string) error {
			return unsigned(&cpu(r).Shares, v)
		}},
		{"cpu-rt-period", "length of a real-time period in `MICROSECONDS`", func(r *specs.LinuxResources, v string) error {
			return unsigned(&cpu(r).RealtimePeriod, v)
		}},
		{"cpu-rt-runtime", "real-time CPU time of each period in `MICROSECONDS`", func(r *specs.LinuxResources, v string) error {
			return signed(&cpu(r).RealtimeRuntime, v)
		}},
		{"cpu-idle", "1 makes the container run only when nothing else does, 0 takes it back", func(r *specs.LinuxResources, v string) error {
			return signed(&cpu(r).Idle, v)
		}},
		{"cpuset-cpus", "`LIST` of CPUs, such as 0-3,7", func(r *specs.LinuxResources, v string) error {
			cpu(r).Cpus = v
			return nil
		}},
		{"cpuset-mems", "`LIST` of memory nodes", func(r *specs.LinuxResources, v string) error {
			cpu(r).Mems = v
			return nil
		}},
		{"memory", "memory limit in `BYTES`, also as 512m; -1 is none", func(r *specs.LinuxResources, v string) error {
			return size(&memory(r).Limit, v)
		}},
		{"memory-reservation", "memory that is left alone, in `BYTES`", func(r *specs.LinuxResources, v string) error {
			return size(&memory(r).Reservation, v)
		}},
		{"memory-swap", "limit of memory and swap together in `BYTES`; -1 is none", func(r *specs.LinuxResources, v string) error {
			return size(&memory(r).Swap, v)
		}},
		{"pids-limit", "most processes; -1 is any `NUMBER`", func(r *specs.LinuxResources, v string) error {
			if r.Pids == nil {
				r.Pids = &specs.LinuxPids{}
			}
			return signed(&r.Pids.Limit, v)
		}},
	}
}

func updateCommand() *cli.Command {
	flags := []cli.Flag{&cli.StringFlag{Name: "resources", Aliases: []string{"r"},
		Usage: "read the new limits from `FILE`, JSON like a config's linux.resources; - is standard input"}}
	for _, l := range limits() {
		flags = append(flags, &cli.StringFlag{Name: l.name, Usage: l.usage})
	}
	for _, s := range schemas {
		flags = append(flags, &cli.StringFlag{Name: s.name, Usage: s.usage})
	}
	for _, name := range obsoleteLimits {
		flags = append(flags, &cli.StringFlag{Name: name, Usage: "has no effect", Hidden: true})
	}
	return &cli.Command{
		Name:        "update",
		Usage:       "change the limits of a container",
		ArgsUsage:   "ID | BUNDLE",
		Description: "What is not given stays as it is.",
		Flags:       flags,
		Action:      action(1, 1, update),
	}
}

func update(c *cli.Context) Errcode {
	for _, name := range obsoleteLimits {
		if c.String(name) != "" {
			logrus.Warnf("--%s has no effect: it is obsolete", name)
		}
	}
	group, err := newSchemas(c)
	if err != nil {
		return failed(err)
	}
	r, err := newLimits(c)
	if err != nil {
		return failed(err)
	}
	return with(c, func(container *runtime.Container) error {
		if err := group.change(container); err != nil {
			return err
		}
		return container.Update(r)
	})
}

// groupChange is what the flags of schemas ask for.
type groupChange struct {
	flags []string // those given, to name them in an error
	opts  spec.IntelRdt
}

func newSchemas(c *cli.Context) (g groupChange, err error) {
	for _, s := range schemas {
		value := c.String(s.name)
		if value == "" {
			continue
		}
		if err := spec.CheckSchema(value, s.prefix); err != nil {
			return g, fmt.Errorf("--%s: %w", s.name, err)
		}
		g.flags = append(g.flags, "--"+s.name)
		*s.in(&g.opts) = value
	}
	return g, nil
}

func (g *groupChange) change(container *runtime.Container) error {
	if len(g.flags) == 0 {
		return nil
	}
	if err := container.UpdateGroup(&g.opts); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(g.flags, ", "), err)
	}
	return nil
}

// newLimits reads the flags; a file, if one is given, is all there is. An empty value is as good as none, as with runc.
func newLimits(c *cli.Context) (*specs.LinuxResources, error) {
	if name := c.String("resources"); name != "" {
		return readLimits(c, name)
	}
	r := &specs.LinuxResources{}
	for _, l := range limits() {
		value := c.String(l.name)
		if value == "" {
			continue
		}
		if err := l.set(r, value); err != nil {
			return nil, fmt.Errorf("--%s: %w", l.name, err)
		}
	}
	return r, nil
}

// readLimits reads a file with limits, and warns of what it says in vain.
func readLimits(c *cli.Context, name string) (*specs.LinuxResources, error) {
	for _, l := range limits() {
		if c.String(l.name) != "" {
			return nil, fmt.Errorf("--%s and --resources can't be given together", l.name)
		}
	}
	data, err := readAll(name)
	if err != nil {
		return nil, fmt.Errorf("--resources: %w", err)
	}
	if name == "-" {
		name = "standard input"
	}
	r, warnings, err := spec.DecodeResources(name, data)
	warn(warnings)
	return r, err
}

// readAll is a file's content; "-" is standard input.
func readAll(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(name)
}

func cpu(r *specs.LinuxResources) *specs.LinuxCPU {
	if r.CPU == nil {
		r.CPU = &specs.LinuxCPU{}
	}
	return r.CPU
}

func memory(r *specs.LinuxResources) *specs.LinuxMemory {
	if r.Memory == nil {
		r.Memory = &specs.LinuxMemory{}
	}
	return r.Memory
}

func blockIO(r *specs.LinuxResources) *specs.LinuxBlockIO {
	if r.BlockIO == nil {
		r.BlockIO = &specs.LinuxBlockIO{}
	}
	return r.BlockIO
}

func signed(to **int64, text string) error {
	v, err := strconv.ParseInt(text, 10, 64)
	*to = &v
	return err
}

func unsigned(to **uint64, text string) error {
	v, err := strconv.ParseUint(text, 10, 64)
	*to = &v
	return err
}

func unsigned16(to **uint16, text string) error {
	v, err := strconv.ParseUint(text, 10, 16)
	small := uint16(v)
	*to = &small
	return err
}

// size reads a number of bytes as runc does, with or without a unit, and -1. A whole number is taken as it is: the library
// counts with floating point, which has no room for all digits of a large one.
func size(to **int64, text string) error {
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil || v < -1 {
		v, err = units.RAMInBytes(text)
		// What the library makes of a number that is too large depends on the processor: the smallest int64 or the largest.
		if v < 0 || v == math.MaxInt64 {
			return fmt.Errorf("%q is no number of bytes", text)
		}
	}
	*to = &v
	return err
}
