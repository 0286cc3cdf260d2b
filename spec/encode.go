package spec

import (
	// Not go-json-experiment: the binding's omitempty tags mean what they mean to this package, where false and 0 are empty.
	"encoding/json"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// Encode is s as a config.json, indented with tabs, without a newline at the end: byte for byte as `runc spec` writes it.
// It panics on values that JSON cannot hold, which only windows.credentialSpec can have.
func Encode(s *specs.Spec) []byte {
	data, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		panic(err)
	}
	return data
}
