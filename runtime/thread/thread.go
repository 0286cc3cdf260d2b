// Package thread runs functions on operating system threads that they may change for good.
package thread

import (
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// parents holds the ids of the threads that Stay was called on.
var parents sync.Map

// Stay says that the calling thread has started a process that asks for a signal at its parent's death: the kernel means
// the thread, not the process (PR_SET_PDEATHSIG in prctl(2)), so it must never end. The goroutine is to be locked to it
// since before the process was started.
func Stay() { parents.Store(unix.Gettid(), nil) }

// Run calls f on a thread of its own. f reports whether the thread may be used for more; if not it ends, and what f has
// changed of it ends with it. So it is none that must stay, and not the main one, whose cgroup and namespaces are shown
// as those of the process. Run returns when f has.
func Run(f func() (keep bool)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if _, stays := parents.Load(unix.Gettid()); stays || unix.Gettid() == unix.Getpid() {
			// This goroutine holds the thread, so the next one gets another.
			Run(f)
			runtime.UnlockOSThread()
		} else if f() {
			runtime.UnlockOSThread()
		}
	}()
	<-done
}
