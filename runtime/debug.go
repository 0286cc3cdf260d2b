package runtime

// What --debug tells of init's way has the words that runc's parts have for the same: scripts look for them, runc's own
// tests among these.
const (
	debugAffinity = "nsexec: affinity: %s"
	debugStarted  = "nsexec container setup: process %d"
	debugReady    = "child process in init() is ready"
	debugLetGo    = "init: closing the pipe to signal completion"
	debugExec     = "setns_init: about to exec"
)
