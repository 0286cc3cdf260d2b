package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/moby/sys/capability"
	"golang.org/x/sys/unix"
)

// capabilitiesView holds the five sets, as names of config.json in the order of their numbers.
type capabilitiesView struct {
	Bounding    []string `json:"bounding"`
	Effective   []string `json:"effective"`
	Permitted   []string `json:"permitted"`
	Inheritable []string `json:"inheritable"`
	Ambient     []string `json:"ambient"`
}

func (c capabilitiesView) lines() []string {
	row := func(name string, set []string) []string { return []string{name, strings.Join(set, " ")} }
	return columns([][]string{
		row("bounding", c.Bounding),
		row("effective", c.Effective),
		row("permitted", c.Permitted),
		row("inheritable", c.Inheritable),
		row("ambient", c.Ambient),
	})
}

// readCapabilities makes system calls only: it works without /proc.
func readCapabilities([]string) (view, error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var halves [2]unix.CapUserData // the bits 0 to 31, and from 32 on
	if err := unix.Capget(&header, &halves[0]); err != nil {
		return nil, os.NewSyscallError("capget", err)
	}
	bit := func(low, high uint32) func(uint) bool {
		set := uint64(high)<<32 | uint64(low)
		return func(n uint) bool { return set&(1<<n) != 0 }
	}
	ask := func(option int, args ...uintptr) func(uint) bool {
		return func(n uint) bool {
			words := append(args, uintptr(n), 0)
			answer, err := unix.PrctlRetInt(option, words[0], words[1], 0, 0)
			return err == nil && answer == 1
		}
	}
	return capabilitiesView{
		Bounding:    capabilityNames(ask(unix.PR_CAPBSET_READ)),
		Effective:   capabilityNames(bit(halves[0].Effective, halves[1].Effective)),
		Permitted:   capabilityNames(bit(halves[0].Permitted, halves[1].Permitted)),
		Inheritable: capabilityNames(bit(halves[0].Inheritable, halves[1].Inheritable)),
		Ambient:     capabilityNames(ask(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_IS_SET)),
	}, nil
}

func capabilityNames(isSet func(n uint) bool) []string {
	names := []string{}
	for n := range uint(64) {
		if isSet(n) {
			names = append(names, capabilityName(n))
		}
	}
	return names
}

func capabilityName(n uint) string { return "CAP_" + strings.ToUpper(capability.Cap(n).String()) }

func readNoNewPrivileges([]string) (view, error) {
	set, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
	return flag(set == 1), err
}

// seccompView says which mode is on, and how many filters if the kernel tells; -1 if not.
type seccompView struct {
	Mode    string `json:"mode"` // "off", "strict" or "filter"
	Filters int    `json:"filters"`
}

func (s seccompView) lines() []string {
	return []string{fmt.Sprintf("mode=%s filters=%d", s.Mode, s.Filters)}
}

var seccompModes = map[string]string{"0": "off", "1": "strict", "2": "filter"}

// readSeccomp reads /proc, because under a filter the prctl that asks may be what kills.
func readSeccomp([]string) (view, error) {
	mode, err := statusField("Seccomp")
	if err != nil {
		return nil, err
	}
	s := seccompView{Mode: seccompModes[mode], Filters: -1}
	if filters, err := statusField("Seccomp_filters"); err == nil {
		fmt.Sscan(filters, &s.Filters)
	}
	return s, nil
}
