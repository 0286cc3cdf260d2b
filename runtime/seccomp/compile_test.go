package seccomp

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// compare checks that the filter for p does with many calls what p says.
func compare(t testing.TB, p Profile, native Arch, numbers []uint32, r *rand.Rand) {
	t.Helper()
	f, err := Compile(p, native)
	if err != nil {
		t.Fatalf("profile refused: %v\n%+v", err, p)
	}
	checkProgram(t, f)
	for _, audit := range auditsOf(p, native) {
		for _, number := range numbers {
			d := seccompData{number: number, arch: audit, pointer: 0x5555aaaa5555aaaa}
			for i := range d.args {
				d.args[i] = someValues[r.IntN(len(someValues))] + uint64(r.IntN(3)) - 1
			}
			want := reference(p, native, d)
			if got, _ := f.run(d.words(arches[native].bigEndian())); got != want {
				t.Fatalf("%v: filter returns %#x, profile says %#x\nnative %v %+v", d, got, want, native, p)
			}
		}
	}
}

// auditsOf returns the values of seccomp_data.arch to test p with, one of them
// foreign.
func auditsOf(p Profile, native Arch) []uint32 {
	list := []uint32{arches[native].audit, 0xdead}
	for _, a := range p.Arches {
		if !slices.Contains(list, arches[a].audit) {
			list = append(list, arches[a].audit)
		}
	}
	return list
}

// edges are numbers at which an architecture or a table ends.
var edges = []uint32{
	0x3fffffff, 0x40000000, 0x40000001, 0x40000223, 0x40000224, 0x40001000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
	0xeffff, 0xf0000, 0xf0001, 0xf0005, 0xf0006, 0xf0007, 4000, 4471, 4472, 5000, 5471, 5472, 6000, 6471, 6472,
}

func TestDefaultProfileAllCalls(t *testing.T) {
	p := defaultProfile()
	numbers := slices.Clone(edges)
	for n := range uint32(600) {
		numbers = append(numbers, n, n|0x40000000)
	}
	for _, native := range []Arch{X86_64, AARCH64} {
		compare(t, p, native, numbers, rand.New(rand.NewPCG(1, 2)))
	}
}

// The calls whose arguments count meet values beside those of the profile.
func TestDefaultProfileArguments(t *testing.T) {
	p := defaultProfile()
	f, err := Compile(p, X86_64)
	if err != nil {
		t.Fatal(err)
	}
	var values []uint64
	for _, r := range p.Rules {
		for _, a := range r.Args {
			values = append(values, a.Value, a.Value-1, a.Value+1, a.Value|1<<32, a.Value<<32, ^a.Value, a.Value&0x10000000)
		}
	}
	for _, a := range p.Arches {
		for _, name := range []string{"socket", "personality", "clone", "clone3", "socketcall"} {
			for _, m := range refMeanings(name, a) {
				for _, v := range values {
					d := seccompData{number: m.number, arch: arches[a].audit, args: [6]uint64{v}}
					want := reference(p, X86_64, d)
					if got, _ := f.run(d.words(false)); got != want {
						t.Errorf("%v %s: %v: filter returns %#x, profile says %#x", a, name, d, got, want)
					}
				}
			}
		}
	}
}

func TestRandomProfiles(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	count := 400
	if testing.Short() {
		count = 40
	}
	for range count {
		p, native := randomProfile(r)
		compare(t, p, native, numbersFor(p, native), r)
	}
}

// numbersFor returns the numbers that p names, on any of its architectures,
// several times so that they meet several arguments, and those beside them.
func numbersFor(p Profile, native Arch) []uint32 {
	list := slices.Clone(edges)
	for _, a := range append([]Arch{native}, p.Arches...) {
		for _, name := range someNames {
			for _, m := range refMeanings(name, a) {
				for range 6 {
					list = append(list, m.number)
				}
				list = append(list, m.number-1, m.number+1)
			}
		}
	}
	return list
}

func FuzzCompile(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x00\x01\x02\x01\x01\x01\x01\x03\x00\x01\x07\x02\x00\x04\x05\x06\x02\x01\x03\x02\x02\x05\x08"))
	f.Add([]byte("\x03\x01\x00\x01\x04\x00\x02\x03\x04\x05\x02\x00\x03\x01\x01\x03\x03\x02\x03\x01\x04\x05"))
	f.Fuzz(func(t *testing.T, bytes []byte) {
		if f, err := Compile(anyProfile(&bytesSource{bytes}), X86_64); err == nil {
			checkProgram(t, f)
		}
		p, native := randomProfile(&bytesSource{bytes})
		compare(t, p, native, numbersFor(p, native), rand.New(rand.NewPCG(5, 6)))
	})
}
