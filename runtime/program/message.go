package program

// Message is the first word of everything that init and its parent say to each other over their SOCK_SEQPACKET
// socket. Init's messages are three words (MessageSize bytes); the parent's answers are as long as they need be, and
// end-of-file instead of an answer means that the parent is gone, upon which init exits.
//
//	| from   | message                 | when                                        | the parent then                      |
//	|--------|-------------------------|---------------------------------------------|--------------------------------------|
//	| init   | Forked {pid}            | a joined pid namespace or a user namespace   | adopts that pid, maps the ids of a    |
//	|        |                         | needed a second fork                         | new user namespace, answers it a byte |
//	| init   | Attach                  | init can't be cloned into its cgroup, or     | puts it there, moves the devices,     |
//	|        |                         | network devices are to be moved              | answers one byte                      |
//	| init   | Open {request}          | a user namespace takes init the right to     | opens what the plan's request says in |
//	|        |                         | open something of the host's, or it must be  | init's mount namespace, answers a     |
//	|        |                         | idmapped                                     | byte with the descriptor (SCM_RIGHTS) |
//	| init   | Limits                  | a user namespace takes init the right to     | sets the resource limits of the       |
//	|        |                         | raise its resource limits                    | config, answers one byte              |
//	| init   | CopyUp {from, to}       | a tmpcopyup mount is ready to be filled      | copies, answers one byte              |
//	| init   | Mounted {root, home}    | all mounts are done, and there are hooks to  | runs prestart, createRuntime and      |
//	|        |                         | run, or HOME is still unknown (home is 1)    | createContainer hooks; answers        |
//	|        |                         |                                              | "HOME=..." and a NUL, or one byte     |
//	| init   | Ready                   | all is done but seccomp and execve           | commits the container, answers a byte |
//	| init   | Failed {errno, step}    | a step failed; up to 255 bytes of the        | undoes everything, reports            |
//	|        | and text                | kernel's own explanation follow              |                                      |
//	| init   | Listener {fd}           | the seccomp profile has SCMP_ACT_NOTIFY, and  | passes the listener on to the agent,  |
//	|        |                         | start follows at once (else over the fifos)  | answers ListenerPassed                |
//
// root, from and to are init's descriptor numbers. Ready is answered so that init can't outlive a parent which
// was killed before it had written down what it made.
type Message uint64

// The messages; 0 is none.
const (
	Forked Message = iota + 1
	Attach
	Open
	Limits
	CopyUp
	Mounted
	Ready
	Failed
)

// Listener is too large for an errno, which is what else start may read from its fifo.
const Listener Message = 1 << 32

// ListenerPassed is the byte that answers Listener. Over the fifos it can't be taken for the one that says start.
const ListenerPassed = 1

const (
	// MessageSize is the size in bytes of a message without text.
	MessageSize = 24
	// TextSize is the most text, in bytes, that follows a Failed.
	TextSize = 256
)
