// Package doctor looks at a machine and says in plain words what crabcan can and can't do on it.
package doctor

// Level is how good a finding is.
type Level string

// The levels. Limited means that something will not work, Failed that no container can run.
const (
	OK      Level = "ok"
	Limited Level = "limited"
	Failed  Level = "failed"
)

// Finding is what one check has found.
type Finding struct {
	// Check is the name of what was looked at.
	Check string `json:"check"`
	Level Level  `json:"level"`
	// Words say what is so, and what works or does not.
	Words string `json:"words"`
	// Advice says what to do about it, if there is anything.
	Advice string `json:"advice,omitempty"`
}

// Report is what all checks have found.
type Report struct {
	// Level is the worst of them.
	Level    Level     `json:"level"`
	Findings []Finding `json:"findings"`
}

// Examine judges what Gather has found. It is pure.
func Examine(f Facts) Report {
	r := Report{Level: OK}
	for _, check := range checks {
		finding := check.judge(f)
		if finding.Words == "" {
			continue // not of interest here
		}
		finding.Check = check.name
		r.Findings = append(r.Findings, finding)
		if finding.Level == Failed || r.Level == OK {
			r.Level = finding.Level
		}
	}
	return r
}

// checks are in the order in which a reader wants to know.
var checks = [...]struct {
	name  string
	judge func(Facts) Finding
}{
	{"kernel", judgeKernel},
	{"rights", judgeRights},
	{"system calls", judgeCalls},
	{"program", judgeProgram},
	{"namespaces", judgeNamespaces},
	{"ids", judgeIDs},
	{"root folder", judgeRoot},
	{"cgroups", judgeCgroups},
	{"systemd", judgeSystemd},
	{"seccomp", judgeSeccomp},
	{"LSM", judgeLSM},
	{"CRIU", judgeCRIU},
}

func ok(words string) Finding { return Finding{Level: OK, Words: words} }
func limited(words, advice string) Finding {
	return Finding{Level: Limited, Words: words, Advice: advice}
}
func failed(words, advice string) Finding {
	return Finding{Level: Failed, Words: words, Advice: advice}
}
