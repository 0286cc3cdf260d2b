package main

import (
	"errors"
	"fmt"
	"strings"
)

// command is one thing that the payload does.
type command struct {
	name, args, help string
	run              func(args []string) error
}

var commands = [...]command{
	{"report", "[--json] [FIELD...]", "say what is seen from in here, all of it or some fields", report},
	{"hello", "", "greet, with the report in short", hello},

	{"true", "", "succeed", exitWith(0)},
	{"false", "", "fail", exitWith(1)},
	{"exit", "STATUS", "end with that status", exit},
	{"exec", "COMMAND [ARG...]", "become another program, looked up in PATH", execute},
	{"daemon", "", "leave a sleeping child behind, detached from everything", daemon},
	{"fork", "N", "start N sleeping children, say how many there are, kill them", fork},

	{"echo", "[WORD...]", "print the words", echo},
	{"env", "[NAME...]", "print the environment, or these variables' values", env},
	{"id", "", "print the user and group ids", id},
	{"tty", "[watch]", "print the terminal's name and size; watch: its size at every change", tty},

	{"cat", "[FILE...]", "print files, or standard input", cat},
	{"ls", "DIR", "print the names in a folder", ls},
	{"stat", "FILE", "print type, mode, owner, size and device number, not following a link", statFile},
	{"write", "FILE TEXT", "make or overwrite a file", write},
	{"mkdir", "DIR", "make a folder and the folders above it", mkdir},

	{"sleep", "[SECONDS]", "print ready; end at the time, or well at TERM or INT; reap like an init", sleep},
	{"signals", "[SOCKET]", "print ready, then the name of every signal; end at TERM; SOCKET, of datagrams, gets it instead", signals},
	{"receive", "SOCKET", "make a socket of datagrams and print what comes", receive},
	{"hang", "", "print ready, then ignore everything but KILL", hang},
	{"kill-self", "SIGNAL", "die by that signal", killSelf},

	{"syscall", "NAME|NUMBER [ARG...]", "make a raw system call; an argument is a number or else a string", rawSyscall},
	{"open", "FLAG,... FILE", "try open(2); flags are " + names(openFlags), tryOpen},
	{"lock", "FILE", "try flock(2) on a file that is made; print locked and hang", lock},
	{"mount", "SOURCE TARGET TYPE [OPTION,...]", "try mount(2)", tryMount},
	{"umount", "TARGET", "try umount(2)", tryUnmount},
	{"mknod", "PATH c|b|p [MAJOR MINOR]", "try mknod(2)", tryMknod},
	{"backlog", "", "make a TCP connection that nobody accepts; print connected and hang", backlog},
	{"connect", "unix PATH | tcp ADDRESS PORT", "try connect(2)", tryConnect},

	{"eat-memory", "MIB", "use that much memory for once", eatMemory},
	{"spin", "[SECONDS]", "use up a processor", spin},
}

var errArguments = errors.New("wrong arguments")

// usage lists the commands.
func usage() string {
	rows := make([][]string, len(commands))
	for i, c := range commands {
		rows[i] = []string{"  " + c.name + " " + c.args, c.help}
	}
	return fmt.Sprintf("Commands:\n%s\nFields of the report:\n  %s\n",
		strings.Join(columns(rows), "\n"), strings.Join(fieldNames(), " "))
}
