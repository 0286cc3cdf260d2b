package seccomp

import "testing"

func BenchmarkCompile(b *testing.B) {
	p := defaultProfile()
	var f *Filter
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if f, err = Compile(p, X86_64); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(f.Program)), "instructions")
}

// BenchmarkPath measures how many instructions the kernel runs for a call, on
// average over all calls of the native architecture.
func BenchmarkPath(b *testing.B) {
	f, err := Compile(defaultProfile(), X86_64)
	if err != nil {
		b.Fatal(err)
	}
	calls := arches[X86_64].calls
	var sum, longest int
	for b.Loop() {
		sum, longest = 0, 0
		for _, c := range calls {
			_, steps := f.run(seccompData{number: c.number, arch: arches[X86_64].audit}.words(false))
			sum, longest = sum+steps, max(longest, steps)
		}
	}
	b.ReportMetric(float64(sum)/float64(len(calls)), "steps/call")
	b.ReportMetric(float64(longest), "steps/worst")
}
