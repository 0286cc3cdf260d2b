// Package thread runs functions on operating system threads that they may change for good.
package thread

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// Run calls f on a thread of its own that is not the main one, which can't end before the process does and whose cgroup
// and namespaces the kernel shows as those of the process. f reports whether the thread may be used for more; if not it
// ends, and what f has changed of it ends with it. Run returns when f has.
func Run(f func() (keep bool)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			// This goroutine holds the main thread, so the next one gets another.
			Run(f)
			runtime.UnlockOSThread()
		} else if f() {
			runtime.UnlockOSThread()
		}
	}()
	<-done
}
