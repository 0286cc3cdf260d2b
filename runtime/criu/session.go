package criu

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/checkpoint-restore/go-criu/v8/rpc"
	"golang.org/x/sys/unix"
)

// session is one CRIU at work and the socket on which it takes its task. The library's own does without descriptors for
// CRIU's events, and so without terminals, and does not say how CRIU is started.
type session struct {
	cmd  *exec.Cmd
	conn int
}

// listener is told of CRIU's events (criu.org, "Action scripts"), with init's pid and what descriptor came along. An
// error ends CRIU's work.
type listener func(event string, pid int, file *os.File) error

// begin starts CRIU with files as its descriptors from 0 on, nil standing for /dev/null. The socket follows, then more.
func (c CRIU) begin(files, more []*os.File, start func(func() error) error) (*session, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socketpair: %w", err)
	}
	theirs := os.NewFile(uintptr(pair[1]), "criu")
	defer theirs.Close()
	s := &session{cmd: exec.Command(c.path, "swrk", strconv.Itoa(len(files))), conn: pair[0]}
	if files[0] != nil {
		s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = files[0], files[1], files[2]
	}
	s.cmd.ExtraFiles = append(append(append(s.cmd.ExtraFiles, files[3:]...), theirs), more...)
	// What this process got from its caller by oversight is not for the container.
	if err := unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		unix.Close(s.conn)
		return nil, fmt.Errorf("close_range: %w", err)
	}
	if err := start(s.cmd.Start); err != nil {
		unix.Close(s.conn)
		return nil, err
	}
	return s, nil
}

// end waits for the end of CRIU, which comes when nobody has a task for it.
func (s *session) end() error {
	unix.Close(s.conn)
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("criu: %w", err)
	}
	return nil
}

// own is an error that is not CRIU's, so that its log has nothing to say about it.
type own struct{ error }

func (e *own) Unwrap() error { return e.error }

// talk gives CRIU a task, answers its events, and returns its last word.
func (s *session) talk(task *rpc.CriuReq, events listener) (*rpc.CriuResp, error) {
	if err := s.send(task); err != nil {
		return nil, err
	}
	var refused error
	for {
		answer, file, err := s.receive()
		switch {
		case err != nil:
			return nil, errors.Join(refused, err)
		case answer.GetType() != rpc.CriuReqType_NOTIFY && refused != nil:
			return nil, refused
		case !answer.GetSuccess():
			return nil, failure(answer)
		case answer.GetType() != rpc.CriuReqType_NOTIFY:
			return answer, nil
		}
		if events != nil {
			err = events(answer.GetNotify().GetScript(), int(answer.GetNotify().GetPid()), file)
		}
		if file != nil {
			file.Close()
		}
		if err != nil && refused == nil {
			refused = &own{err}
		}
		reply := &rpc.CriuReq{Type: rpc.CriuReqType_NOTIFY.Enum(), NotifySuccess: new(err == nil)}
		if err := s.send(reply); err != nil {
			return nil, errors.Join(refused, err)
		}
	}
}

// failure is what CRIU says when it has failed.
func failure(r *rpc.CriuResp) error {
	switch {
	case r.GetCrErrmsg() != "":
		return fmt.Errorf("criu failed: %s", strings.TrimSpace(r.GetCrErrmsg()))
	case r.GetCrErrno() != 0:
		return fmt.Errorf("criu failed: %w", unix.Errno(r.GetCrErrno()))
	}
	return errors.New("criu failed")
}

func (s *session) send(r *rpc.CriuReq) error {
	data, err := r.MarshalVT()
	if err != nil {
		return err
	}
	if err := unix.Sendto(s.conn, data, unix.MSG_NOSIGNAL, nil); err != nil {
		return fmt.Errorf("talk to criu: %w", err)
	}
	return nil
}

// maxMessage is the longest message of CRIU's, in bytes.
const maxMessage = 64 << 10

// receive is the next message, with the descriptor that came along.
func (s *session) receive() (*rpc.CriuResp, *os.File, error) {
	data, control := make([]byte, maxMessage), make([]byte, unix.CmsgSpace(4))
	var n, controlLen int
	for {
		var err error
		n, controlLen, _, _, err = unix.Recvmsg(s.conn, data, control, unix.MSG_CMSG_CLOEXEC)
		if err == nil {
			break
		}
		if err != unix.EINTR {
			return nil, nil, fmt.Errorf("hear from criu: %w", err)
		}
	}
	if n == 0 {
		return nil, nil, errors.New("criu ended without an answer")
	}
	file, err := attached(control[:controlLen])
	if err != nil {
		return nil, nil, err
	}
	answer := &rpc.CriuResp{}
	if err := answer.UnmarshalVT(data[:n]); err != nil {
		return nil, file, fmt.Errorf("hear from criu: %w", err)
	}
	return answer, file, nil
}

// attached is the descriptor in a control message, nil if there is none.
func attached(control []byte) (*os.File, error) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil || len(messages) == 0 {
		return nil, err
	}
	rights, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(rights) == 0 {
		return nil, err
	}
	return os.NewFile(uintptr(rights[0]), "terminal"), nil
}
