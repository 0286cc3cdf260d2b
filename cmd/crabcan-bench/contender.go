package main

// contender is what can be measured: a runtime, or the floor.
type contender interface {
	name() string
	// check does what a case asks for once, and finds out whether all of it really happened.
	check(c benchCase) error
	// once does it again, as fast as it can. It fails if a program or the container's process did.
	once(c benchCase) error
	// clean removes the container that a failure may have left.
	clean()
}

// benchCase is one thing to measure: something done with the bundle of a variant.
type benchCase struct {
	name   string
	bundle string
	do     func(r *cli, bundle string, look observer) error
}

// actions are what is done with each variant. The floor is the same for all of them.
var actions = []struct {
	name string
	do   func(r *cli, bundle string, look observer) error
}{
	{"run", (*cli).run},
	{"create+start+delete", (*cli).createStartDelete},
}

// caseName is how -only and reports call a case.
func caseName(w world, action string, v variant) string {
	name := w.name + "/" + action
	if v.name != "" {
		name += "/" + v.name
	}
	return name
}
