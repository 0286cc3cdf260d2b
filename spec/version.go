package spec

import (
	"strconv"
	"strings"
)

// The newest specification that this package knows.
const (
	specMajor = 1
	specMinor = 3
)

// version checks ociVersion. The specification promises compatibility within a major version, both ways as long as no
// newer member is used; those are warned of one by one.
func (c *checker) version() {
	const pointer = "/ociVersion"
	version := c.spec.Version
	if version == "" {
		c.errorf(pointer, "is required")
		return
	}
	major, minor, ok := parseVersion(version)
	switch {
	case !ok:
		c.errorf(pointer, "must be a semantic version such as 1.3.0, not %q", version)
	case major != specMajor:
		c.errorf(pointer, "version %s is not supported, only 1.x is", version)
	case minor > specMinor:
		c.warnf(pointer, "version %s is newer than 1.%d: what it added is ignored", version, specMinor)
	}
	c.opts.OCIVersion = version
}

// parseVersion reads the first two numbers of a version as semver.org 2.0.0 spells it.
func parseVersion(version string) (major, minor int, ok bool) {
	core, build, hasBuild := strings.Cut(version, "+")
	core, pre, hasPre := strings.Cut(core, "-")
	numbers := strings.Split(core, ".")
	if len(numbers) != 3 || hasBuild && !versionLabels(build) || hasPre && !versionLabels(pre) {
		return 0, 0, false
	}
	var value [3]int
	for i, n := range numbers {
		v, err := strconv.ParseUint(n, 10, 31)
		// semver allows neither leading zeros nor signs, ParseUint would take zeros.
		if err != nil || n != strconv.FormatUint(v, 10) {
			return 0, 0, false
		}
		value[i] = int(v)
	}
	return value[0], value[1], true
}

// versionLabels reports whether s is dot-separated words of letters, digits and dashes.
func versionLabels(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if !isWord(strings.ReplaceAll(label, "-", "0")) || strings.Contains(label, "_") {
			return false
		}
	}
	return true
}
