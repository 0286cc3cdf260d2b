package spec

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

// BenchmarkDecode decodes the default config, Docker's as Docker writes it, and Docker's indented to 28 KB.
func BenchmarkDecode(b *testing.B) {
	docker, err := os.ReadFile("testdata/docker.json")
	if err != nil {
		b.Fatal(err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, docker, "", "     "); err != nil {
		b.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"default": Encode(Default()), "docker": docker, "indented": indented.Bytes(),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Decode("config.json", data, testEnv); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPositions finds one place, which includes reading the whole file.
func BenchmarkPositions(b *testing.B) {
	data := Encode(Default())
	for b.Loop() {
		Positions(data)("/linux/readonlyPaths/4")
	}
}
