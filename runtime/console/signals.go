package console

import (
	"os"
	"os/signal"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// lastSignal is the highest signal number of Linux on amd64 and arm64.
const lastSignal = 64

// signalBuffer is how many signals may wait to be forwarded before some are lost.
const signalBuffer = 256

// uncaught are the signals that keep their usual effect on crabcan itself.
var uncaught = []syscall.Signal{
	syscall.SIGKILL, syscall.SIGSTOP, // nobody can catch them
	syscall.SIGCHLD, // a child of crabcan's own ended
	syscall.SIGURG,  // the Go runtime sends it to itself to switch goroutines
	// A background job that touches its terminal is to be stopped. If it caught these, the kernel would restart the
	// call and send them again, for ever.
	syscall.SIGTTIN, syscall.SIGTTOU,
}

// Signals are the signals that this process gets and catches for another. SIGPIPE is dropped: it is about this process's
// own output, and Go would die of it with the caller's terminal still in raw mode.
type Signals struct {
	// caught takes them, complete is closed when all are caught.
	caught   chan os.Signal
	complete chan struct{}
}

// Catch begins to catch signals, beside the caller: it takes as long as most of a container's start, because Go switches
// threads twice for each signal. What is caught waits for Forward.
func Catch() *Signals {
	s := &Signals{caught: make(chan os.Signal, signalBuffer), complete: make(chan struct{})}
	go func() {
		defer close(s.complete)
		signal.Notify(s.caught, caught()...)
	}()
	return s
}

// Forward sends each signal, those caught so far included, on to the process that pidfd refers to. SIGWINCH calls resize
// instead, unless resize is nil. When Forward returns all signals are caught. stop ends the forwarding and the catching;
// resize is not called any more after it.
func (s *Signals) Forward(pidfd int, resize func()) (stop func()) {
	<-s.complete
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for got := range s.caught {
			forward(got.(syscall.Signal), pidfd, resize)
		}
	}()
	return func() {
		signal.Stop(s.caught) // nothing is sent to the channel after this returns
		close(s.caught)
		<-ended
	}
}

func forward(s syscall.Signal, pidfd int, resize func()) {
	switch {
	case s == syscall.SIGPIPE:
	case s == syscall.SIGWINCH && resize != nil:
		resize()
	default:
		// It fails when the process has just ended, and whoever waits for that knows already.
		_ = unix.PidfdSendSignal(pidfd, s, nil, 0)
	}
}

func caught() []os.Signal {
	signals := make([]os.Signal, 0, lastSignal)
	for s := syscall.Signal(1); s <= lastSignal; s++ {
		if !slices.Contains(uncaught, s) {
			signals = append(signals, s)
		}
	}
	return signals
}
