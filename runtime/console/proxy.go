package console

import (
	"errors"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/containerd/console"
	"golang.org/x/sys/unix"
)

// Caller is where the caller types and reads. None of the three has to be a terminal.
type Caller struct {
	In, Out, Err *os.File
}

// Proxy shows a container's terminal to the caller: what the container writes goes to Caller.Out, and what comes from
// Caller.In the container reads.
type Proxy struct {
	caller Caller
	// keyboard is Caller.In when that is a terminal, else nil.
	keyboard console.Console
	// screen is the caller's terminal whose size the container's takes over, nil when the caller has none.
	screen *os.File
	stop   *stop
	shown  sync.WaitGroup

	resizing sync.Mutex // held while master is resized or closed
	master   *os.File
	fd       int // of master, taken once because File.Fd may make it blocking again; -1 when it is closed
}

// Attach takes master over and connects it to the caller. A terminal at caller.In is put into raw mode: its keys, ^C
// too, are for the container. Where caller.In is something else, its end becomes an end of file in the container.
// runc refuses to go on when the caller has no terminal at all; this does without raw mode and size then.
func Attach(master *os.File, caller Caller) (*Proxy, error) {
	p := &Proxy{caller: caller, master: master, fd: int(master.Fd()), screen: terminalOf(caller)}
	if err := p.attach(); err != nil {
		return nil, errors.Join(err, p.restore(), master.Close())
	}
	return p, nil
}

// terminalOf returns the first of the caller's files that is a terminal, or nil.
func terminalOf(caller Caller) *os.File {
	for _, f := range []*os.File{caller.In, caller.Out, caller.Err} {
		if _, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS); err == nil {
			return f
		}
	}
	return nil
}

func (p *Proxy) attach() error {
	// Output passes two terminals, and only one of them may turn a line feed into carriage return and line feed. It is
	// the caller's: then a file or pipe gets exactly what the container wrote.
	if err := console.ClearONLCR(uintptr(p.fd)); err != nil {
		return os.NewSyscallError("set the terminal's modes", err)
	}
	p.Resize()
	if err := p.setRaw(); err != nil {
		return err
	}
	return p.copy()
}

// setRaw makes the caller's terminal hand every key through.
func (p *Proxy) setRaw() error {
	if p.screen == nil || p.screen != p.caller.In {
		return nil
	}
	keyboard, err := console.ConsoleFromFile(p.caller.In)
	if err != nil {
		return os.NewSyscallError("get the terminal's modes", err)
	}
	p.keyboard = keyboard
	return os.NewSyscallError("set the terminal to raw mode", keyboard.SetRaw())
}

// copy starts the copying both ways. Each way has a descriptor of its own for the master. When both are closed the
// kernel hangs the container's terminal up, as it does when somebody closes the window of a shell.
func (p *Proxy) copy() error {
	stop, err := newStop()
	if err != nil {
		return err
	}
	output, input, err := ends(p.fd, stop)
	if err != nil {
		stop.close()
		return err
	}
	p.stop = stop
	var both sync.WaitGroup
	fd := int(p.caller.In.Fd()) // here, because the caller may close In after Close, while enter still comes to its end
	both.Go(func() { enter(p.caller.In, fd, input) })
	both.Add(1)
	p.shown.Go(func() {
		defer both.Done()
		show(p.caller.Out, output)
		stop.call() // nobody sees any more what keys do
		p.closeMaster()
	})
	go func() {
		both.Wait()
		stop.close()
	}()
	return nil
}

func (p *Proxy) closeMaster() {
	p.resizing.Lock()
	defer p.resizing.Unlock()
	p.master.Close()
	p.fd = -1
}

// Resize gives the container's terminal the size of the caller's. That it may fail when one of them is gone does not
// matter: nobody looks at it any more.
func (p *Proxy) Resize() {
	if p.screen == nil {
		return
	}
	size, err := unix.IoctlGetWinsize(int(p.screen.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return
	}
	p.resizing.Lock()
	defer p.resizing.Unlock()
	_ = unix.IoctlSetWinsize(p.fd, unix.TIOCSWINSZ, size)
}

// Close shows what the container wrote before it ended, closes its terminal and gives the caller's its modes back. It
// does not wait for processes that still hold the container's terminal open.
func (p *Proxy) Close() error {
	p.stop.call()
	p.shown.Wait()
	return p.restore()
}

func (p *Proxy) restore() error {
	if p.keyboard == nil {
		return nil
	}
	// In the background this would stop the process. Its work is done, so there is nothing else it should stop for.
	signal.Ignore(syscall.SIGTTOU)
	return os.NewSyscallError("restore the terminal's modes", p.keyboard.Reset())
}
