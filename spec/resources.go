package spec

import specs "github.com/opencontainers/runtime-spec/specs-go"

// DecodeResources reads a file that is like linux.resources (update --resources). Diagnostics are as in Decode, members
// without "linux.resources.". What the limits mean is not checked: that depends on the host's cgroup version.
func DecodeResources(file string, data []byte) (*specs.LinuxResources, []Diagnostic, error) {
	var r specs.LinuxResources
	problems, _ := unmarshal(data, &r)
	warnings, err := place(file, data, problems)
	if err != nil {
		return nil, warnings, err
	}
	return &r, warnings, nil
}
