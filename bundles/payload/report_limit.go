package main

import (
	"encoding/json"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/bundles/payload/inherited"
)

// rlimitNames are the names of config.json, each at its number.
var rlimitNames = [...]string{
	unix.RLIMIT_AS:         "RLIMIT_AS",
	unix.RLIMIT_CORE:       "RLIMIT_CORE",
	unix.RLIMIT_CPU:        "RLIMIT_CPU",
	unix.RLIMIT_DATA:       "RLIMIT_DATA",
	unix.RLIMIT_FSIZE:      "RLIMIT_FSIZE",
	unix.RLIMIT_LOCKS:      "RLIMIT_LOCKS",
	unix.RLIMIT_MEMLOCK:    "RLIMIT_MEMLOCK",
	unix.RLIMIT_MSGQUEUE:   "RLIMIT_MSGQUEUE",
	unix.RLIMIT_NICE:       "RLIMIT_NICE",
	unix.RLIMIT_NOFILE:     "RLIMIT_NOFILE",
	unix.RLIMIT_NPROC:      "RLIMIT_NPROC",
	unix.RLIMIT_RSS:        "RLIMIT_RSS",
	unix.RLIMIT_RTPRIO:     "RLIMIT_RTPRIO",
	unix.RLIMIT_RTTIME:     "RLIMIT_RTTIME",
	unix.RLIMIT_SIGPENDING: "RLIMIT_SIGPENDING",
	unix.RLIMIT_STACK:      "RLIMIT_STACK",
}

type rlimitRow struct {
	Type string     `json:"type"`
	Soft limitValue `json:"soft"`
	Hard limitValue `json:"hard"`
}

func (r rlimitRow) cells() []string {
	return []string{r.Type, "soft=" + r.Soft.String(), "hard=" + r.Hard.String()}
}

// limitValue is a number, or "unlimited".
type limitValue uint64

func (v limitValue) String() string {
	if v == unix.RLIM_INFINITY {
		return "unlimited"
	}
	return strconv.FormatUint(uint64(v), 10)
}

func (v limitValue) MarshalJSON() ([]byte, error) {
	if v == unix.RLIM_INFINITY {
		return json.Marshal(v.String())
	}
	return json.Marshal(uint64(v))
}

func readRlimits([]string) (view, error) {
	rows := table[rlimitRow]{}
	for number, name := range rlimitNames {
		var limit unix.Rlimit
		if err := unix.Getrlimit(number, &limit); err != nil {
			return nil, os.NewSyscallError("getrlimit", err)
		}
		if number == unix.RLIMIT_NOFILE {
			limit = unix.Rlimit{Cur: inherited.Nofile[0], Max: inherited.Nofile[1]}
		}
		rows = append(rows, rlimitRow{name, limitValue(limit.Cur), limitValue(limit.Max)})
	}
	return rows, nil
}

func readOOMScoreAdj([]string) (view, error) {
	text, err := readTrimmed("/proc/self/oom_score_adj")
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(text)
	return number(n), err
}
