package main

// contender is what can be measured: a runtime, or the floor.
type contender interface {
	name() string
	// check does what a case asks for once, and finds out whether all of it really happened. The container of a case
	// that wants one running runs from then on.
	check(c benchCase) error
	// once does it again, as fast as it can. It fails if a program or the container's process did.
	once(c benchCase) error
	// clean removes the container that a failure may have left.
	clean()
}

// benchCase is one thing to measure: something done with the bundle of a variant.
type benchCase struct {
	action
	name   string
	bundle string
}

// action is what can be done with a bundle, or with a container that runs.
type action struct {
	verb string
	do   func(r *cli, bundle string, look observer) error
	// running says that it is done with one container of the bundle's, which runs all the time.
	running bool
	// with are the names of the variants that it is measured with; nil is all.
	with []string
}

// actions are what is measured. Where a container is made each time the floor is the same for all of them.
var actions = []action{
	{verb: "run", do: (*cli).run},
	{verb: "create+start+delete", do: (*cli).createStartDelete},
	{verb: "exec", do: (*cli).exec, running: true, with: []string{"", "seccomp", "userns"}},
	{verb: "state", do: (*cli).state, running: true, with: []string{""}},
	{verb: "kill", do: (*cli).kill, running: true, with: []string{""}},
}

// command is what the container's process is.
func (a action) command() []string {
	if a.running {
		return []string{sleepPath}
	}
	return []string{truePath}
}

// caseName is how -only and reports call a case.
func caseName(w world, action string, v variant) string {
	name := w.name + "/" + action
	if v.name != "" {
		name += "/" + v.name
	}
	return name
}
