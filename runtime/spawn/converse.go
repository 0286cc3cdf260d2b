package spawn

import (
	"fmt"

	"github.com/crabcan/crabcan/runtime/program"
)

// Answers say what is done for each kind of message that a program may send.
type Answers map[program.Message]func(Message) error

// serve does what a message asks for. One of a kind that is not among the answers is an error.
func (a Answers) serve(m Message) error {
	defer m.Close()
	answer, ok := a[m.Kind]
	if !ok {
		return fmt.Errorf("init sent a message of unexpected kind %d", m.Kind)
	}
	return answer(m)
}

// Converse answers a program's messages until it sends one of the kind last, 0 for none. The error is io.EOF when the
// program closes its socket before: it has executed another, or it is dead.
func (p *Process) Converse(answers Answers, last program.Message) error {
	for {
		m, err := p.Receive()
		if err != nil {
			return err
		}
		if m.Kind == last {
			return nil
		}
		if err := answers.serve(m); err != nil {
			return err
		}
	}
}

// ServeOne answers the next message, for which Socket can be waited for. The error is io.EOF when none will come.
func (p *Process) ServeOne(answers Answers) error {
	m, err := p.Receive()
	if err != nil {
		return err
	}
	return answers.serve(m)
}

// Acknowledge answers a message that wants to know no more than that something was done.
func (p *Process) Acknowledge() error { return p.Answer([]byte{0}) }

// Socket is the descriptor that becomes readable when there is something to receive.
func (p *Process) Socket() int { return int(p.conn.Fd()) }
