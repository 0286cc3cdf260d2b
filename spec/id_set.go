package spec

import (
	"cmp"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// maxID is the greatest processor or memory node that a list may name. No kernel is built for as many; it keeps a
// mistake from becoming a huge mask.
const maxID = 64 * 1024

// IDSet is a set of processors or memory nodes as sched_setaffinity(2) and set_mempolicy(2) take it: bit N%64 of word
// N/64. The set of an empty list is nil.
type IDSet []uint64

// Count is the number of members.
func (s IDSet) Count() (n int) {
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// String is the mask in hexadecimal.
func (s IDSet) String() string {
	var digits string
	for _, word := range slices.Backward(s) {
		digits += fmt.Sprintf("%016x", word)
	}
	return "0x" + cmp.Or(strings.TrimLeft(digits, "0"), "0")
}

func (s *IDSet) add(id int) {
	for len(*s) <= id/64 {
		*s = append(*s, 0)
	}
	(*s)[id/64] |= 1 << (id % 64)
}

var errNoMembers = errors.New("names no member")

// parseIDSet reads a list such as "0-3,7". Like runc it lets spaces and superfluous commas pass.
func parseIDSet(list string) (set IDSet, err error) {
	if list == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(list, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		from, to, err := parseIDRange(part)
		if err != nil {
			return nil, err
		}
		for id := from; id <= to; id++ {
			set.add(id)
		}
	}
	if set == nil {
		return nil, errNoMembers
	}
	return set, nil
}

func parseIDRange(text string) (from, to int, err error) {
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	from, err = parseSetID(first)
	if err == nil {
		to, err = parseSetID(last)
	}
	if err == nil && from > to {
		err = fmt.Errorf("has the range %s backwards", text)
	}
	return from, to, err
}

func parseSetID(text string) (int, error) {
	id, err := strconv.ParseUint(text, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange) || err == nil && id > maxID:
		return 0, fmt.Errorf("names %s, but only numbers up to %d are supported", text, maxID)
	case err != nil:
		return 0, fmt.Errorf("must be a list such as 0-3,7: %q is no number", text)
	}
	return int(id), nil
}
