//go:build clients

package clients

import (
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// ownDaemonKey finds the *ownDaemon of a script among its values.
type ownDaemonKey struct{}

// ownDaemon is a second daemon that a script has for itself, to end it and start it again.
type ownDaemon struct {
	world  *world
	daemon *daemon // nil if it does not run
}

// command does what a script says of its own daemon: start [OPTION...], stop or kill.
func (o *ownDaemon) command(ts *testscript.TestScript, neg bool, args []string, start func(options []string) error) {
	switch {
	case len(args) > 0 && args[0] == "start" && o.daemon == nil && !neg:
		ts.Check(start(args[1:]))
	case len(args) == 1 && args[0] == "stop" && o.daemon != nil && !neg:
		ts.Check(o.end(syscall.SIGTERM))
	case len(args) == 1 && args[0] == "kill" && o.daemon != nil && !neg:
		ts.Check(o.end(syscall.SIGKILL))
	default:
		ts.Fatalf("usage: start [OPTION...], then stop or kill")
	}
}

// run starts the daemon and waits until the client gets an answer from it.
func (o *ownDaemon) run(name, log string, client []string, argv ...string) (err error) {
	if o.daemon, err = startDaemon(name, log, o.world.environ(), argv...); err != nil {
		return err
	}
	return o.daemon.await(func() bool { return o.world.client(client...) == nil })
}

func (o *ownDaemon) end(signal syscall.Signal) error {
	d := o.daemon
	o.daemon = nil
	return d.end(signal)
}
