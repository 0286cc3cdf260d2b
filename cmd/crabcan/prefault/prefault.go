// Package prefault, by being imported, asks the kernel for the memory that a command is going to touch in three calls,
// instead of in hundreds of page faults.
//
// A command lives for milliseconds, and on a virtual machine a page fault takes up to 20 us, a page of madvise(2)'s
// MADV_POPULATE_READ and MADV_POPULATE_WRITE half of one. Both are as old as Linux 5.14, the oldest that crabcan runs on.
// Nothing depends on their success.
//
// The package imports only what every program has, so that its init runs before those of all that do: that is Go's order of packages. What the
// program file holds is populated even before the Go runtime starts, if the linker was told to enter the program at
// start (see the Makefile).
package prefault

import (
	"runtime"
	"unsafe"
)

// heap is what a command allocates in its life, stacks of threads included, in bytes: `state` takes 1 MiB, `run` 2.
const heap = 1600 << 10

// first is the lowest heap object of a size that nothing else has had yet. What is allocated later lies above it.
var first *[64]byte

func init() {
	runtime.MemProfileRate = 0 // nobody reads the profile of what is allocated, and its first samples cost 0.2 ms
	first = new([64]byte)
	growStack()
	from := pageOf(uintptr(unsafe.Pointer(first)))
	if populate(from, heap) != 0 {
		growHeap()
		populate(from, heap)
	}
}

// growHeap lets Go's heap take another 4 MiB from the system. It begins at a random page of its first 4 MiB, so that less
// than what is asked for may be left behind it. A stack is the one large piece of the heap that is given back at once, and
// unwritten.
func growHeap() {
	grown := make(chan struct{})
	go func() {
		growStackBeyondHeap()
		close(grown)
	}()
	<-grown
}

// pageOf is where the page of an address begins. Where pages are larger than 4 KiB, the kernel refuses what is not a page's
// address.
func pageOf(address uintptr) uintptr { return address &^ (4<<10 - 1) }

// start is the entry of the program file: it populates the program's text, constants and variables, and goes on to the
// entry of the Go runtime. It has neither stack nor memory of Go's.
func start()

// start is referred to so that it isn't left out where it isn't the entry.
var _ = start

// growStack lets the stack of the main goroutine become as large as it ever will: at once, instead of by copies each
// time that it doubles.
func growStack()

// growStackBeyondHeap takes a stack of more than 2 MiB.
func growStackBeyondHeap()

// populate is madvise(2) with MADV_POPULATE_WRITE: 0, or a number of errno(3) below 0, which is -EINVAL where the range isn't
// all the program's.
func populate(address, size uintptr) int
