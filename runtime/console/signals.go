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

// Forward sends each signal that this process gets on to the one that pidfd refers to. SIGWINCH calls resize instead,
// unless resize is nil. SIGPIPE is caught and dropped: it is about this process's own output, and Go would die of it
// with the caller's terminal still in raw mode. stop ends the forwarding; resize is not called any more after it.
func Forward(pidfd int, resize func()) (stop func()) {
	signals := make(chan os.Signal, signalBuffer)
	signal.Notify(signals, caught()...)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for s := range signals {
			forward(s.(syscall.Signal), pidfd, resize)
		}
	}()
	return func() {
		signal.Stop(signals) // nothing is sent to the channel after this returns
		close(signals)
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
