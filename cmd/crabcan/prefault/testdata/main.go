// Command testdata prints what the kernel says about its memory.
package main

import (
	"io"
	"os"

	_ "github.com/crabcan/crabcan/cmd/crabcan/prefault"
)

func main() {
	maps, err := os.Open("/proc/self/smaps")
	if err == nil {
		_, err = io.Copy(os.Stdout, maps)
	}
	if err != nil {
		panic(err)
	}
}
