// Package criu saves and restores a container's processes by CRIU, with which it talks as CRIU's own library does.
package criu

import (
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/checkpoint-restore/go-criu/v8/rpc"
	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime"
)

// minVersion is the oldest CRIU that has all that is used here, as major*10000 + minor*100 + sublevel: 3.16 takes LSM
// profiles for a restore, 3.15 external pid namespaces and status-ready, 3.14 freezes cgroup v2.
const minVersion = 31600

// The logs that CRIU writes in its working folder.
const (
	dumpLog    = "dump.log"
	restoreLog = "restore.log"
)

// CRIU is the program that does the work. It implements runtime.Checkpointer.
type CRIU struct{ path string }

// Find looks for the program in PATH and asks for its version. The error says if there is none, or one that is too old.
func Find() (CRIU, error) {
	path, err := exec.LookPath("criu")
	if err != nil {
		return CRIU{}, fmt.Errorf("checkpoint and restore need the program criu: %w", err)
	}
	c := CRIU{path}
	answer, err := c.ask(&rpc.CriuReq{Type: rpc.CriuReqType_VERSION.Enum()})
	if err != nil {
		return c, fmt.Errorf("ask %s for its version: %w", path, err)
	}
	v := answer.GetVersion()
	if v.GetMajorNumber()*10000+v.GetMinorNumber()*100+v.GetSublevel() < minVersion {
		return c, fmt.Errorf("%s has version %d.%d, at least %d.%d is needed",
			path, v.GetMajorNumber(), v.GetMinorNumber(), minVersion/10000, minVersion/100%100)
	}
	return c, nil
}

// ask has a short question answered.
func (c CRIU) ask(q *rpc.CriuReq) (*rpc.CriuResp, error) {
	s, err := c.begin(make([]*os.File, 3), nil, directly)
	if err != nil {
		return nil, err
	}
	answer, err := s.talk(q, nil)
	return answer, errors.Join(err, s.end())
}

// directly is how a CRIU is started about which nothing is special.
func directly(start func() error) error { return start() }

// need makes sure that CRIU and the kernel can do what the options ask for.
func (c CRIU) need(o runtime.CheckpointOptions) error {
	features := &rpc.CriuFeatures{}
	if o.PreDump {
		features.MemTrack = new(true)
	}
	if o.LazyPages {
		features.LazyPages = new(true)
	}
	if !o.PreDump && !o.LazyPages {
		return nil
	}
	answer, err := c.ask(&rpc.CriuReq{Type: rpc.CriuReqType_FEATURE_CHECK.Enum(), Features: features})
	if err != nil {
		return fmt.Errorf("ask criu what it can do: %w", err)
	}
	switch {
	case o.PreDump && !answer.GetFeatures().GetMemTrack():
		return errors.New("--pre-dump: this kernel, or criu, does not track changes of memory")
	case o.LazyPages && !answer.GetFeatures().GetLazyPages():
		return errors.New("--lazy-pages: this kernel, or criu, has no userfaultfd for them")
	}
	return nil
}

// Checkpoint saves the processes of a container.
func (c CRIU) Checkpoint(o runtime.CheckpointOptions, job runtime.Job) error {
	if err := c.need(o); err != nil {
		return err
	}
	if o.LazyPages && o.StatusFd >= 0 {
		flags, err := unix.FcntlInt(uintptr(o.StatusFd), unix.F_GETFL, 0)
		if err != nil || flags&unix.O_ACCMODE == unix.O_RDONLY {
			return fmt.Errorf("--status-fd %d: not a descriptor that is open for writing", o.StatusFd)
		}
	}
	kind := rpc.CriuReqType_DUMP
	if o.PreDump {
		kind = rpc.CriuReqType_PRE_DUMP
	}
	request := &rpc.CriuReq{Type: &kind, Opts: dumpOptions(o, job)}
	forget(job.Work, dumpLog)
	s, err := c.begin(make([]*os.File, 3), nil, directly)
	if err != nil {
		return err
	}
	_, err = s.talk(request, func(event string, _ int, _ *os.File) error {
		if event == "status-ready" && o.StatusFd >= 0 {
			return tell(o.StatusFd)
		}
		return nil
	})
	// After a pre-dump CRIU waits for the dump to come, which here is another's, and takes the end for a failure.
	if ended := s.end(); err == nil && !o.PreDump {
		err = ended
	}
	return explain(err, job.Work, dumpLog)
}

// tell writes the byte that says that lazy pages can be asked for.
func tell(fd int) error {
	_, err := unix.Write(fd, []byte{0})
	if err == nil {
		err = unix.Close(fd)
	}
	if err != nil {
		return fmt.Errorf("--status-fd %d: %w", fd, err)
	}
	return nil
}

// Restore brings the processes of a container back.
func (c CRIU) Restore(o runtime.CheckpointOptions, job runtime.Job, r runtime.Restoring) error {
	if err := c.need(runtime.CheckpointOptions{LazyPages: o.LazyPages}); err != nil {
		return err
	}
	forget(job.Work, restoreLog)
	var more []*os.File
	for _, n := range job.External {
		more = append(more, n.File)
	}
	s, err := c.begin(r.Files, more, r.Start)
	if err != nil {
		return err
	}
	err = s.restore(o, job, r)
	// Whether it says well or ill, an error of ours comes first.
	if ended := s.end(); err == nil {
		err = ended
	}
	return explain(err, job.Work, restoreLog)
}

// restore does what is to be done for a CRIU that waits for its task.
func (s *session) restore(o runtime.CheckpointOptions, job runtime.Job, r runtime.Restoring) error {
	if err := r.Enter(s.cmd.Process.Pid); err != nil {
		return &own{err}
	}
	options, err := restoreOptions(o, job, r, s.cmd.Process.Pid)
	if err != nil {
		return &own{err}
	}
	_, err = s.talk(&rpc.CriuReq{Type: rpc.CriuReqType_RESTORE.Enum(), Opts: options},
		func(event string, pid int, file *os.File) error {
			logrus.Debugf("criu: %s", event)
			switch event {
			case "setup-namespaces":
				return r.Namespaces(pid)
			case "post-restore":
				return r.Restored(pid)
			case "orphan-pts-master":
				if file == nil {
					return errors.New("criu has sent no terminal")
				}
				return r.Terminal(file)
			}
			return nil
		})
	return err
}
