package criu

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/checkpoint-restore/go-criu/v8/rpc"
	"github.com/opencontainers/cgroups"
	"golang.org/x/sys/unix"

	"github.com/crabcan/crabcan/runtime"
)

// logLevel has CRIU write down all that it does: its errors alone explain little.
const logLevel = 4

// cgroupModes are the values of --manage-cgroups-mode.
var cgroupModes = map[string]rpc.CriuCgMode{
	"":       rpc.CriuCgMode_DEFAULT,
	"soft":   rpc.CriuCgMode_SOFT,
	"full":   rpc.CriuCgMode_FULL,
	"strict": rpc.CriuCgMode_STRICT,
	"ignore": rpc.CriuCgMode_IGNORE,
}

// common is what a dump and a restore are told alike. What belongs to a network namespace is never saved: whoever made
// the network, by a hook as a rule, makes it again.
func common(o runtime.CheckpointOptions, job runtime.Job, log string) *rpc.CriuOpts {
	mode := cgroupModes[o.CgroupMode]
	options := &rpc.CriuOpts{
		ImagesDirFd:       new(int32(job.Images.Fd())),
		WorkDirFd:         new(int32(job.Work.Fd())),
		LogLevel:          new(int32(logLevel)),
		LogFile:           new(log),
		Root:              new(job.Root),
		NotifyScripts:     new(true),
		OrphanPtsMaster:   new(true),
		ManageCgroups:     new(true),
		ManageCgroupsMode: &mode,
		EmptyNs:           new(uint32(unix.CLONE_NEWNET)),
		TcpEstablished:    new(o.TCPEstablished),
		ExtUnixSk:         new(o.ExtUnixSk),
		ShellJob:          new(o.ShellJob),
		FileLocks:         new(o.FileLocks),
		AutoDedup:         new(o.AutoDedup),
		LazyPages:         new(o.LazyPages),
	}
	if job.ConfigFile != "" {
		options.ConfigFile = new(job.ConfigFile)
	}
	return options
}

func dumpOptions(o runtime.CheckpointOptions, job runtime.Job) *rpc.CriuOpts {
	options := common(o, job, dumpLog)
	options.Pid = new(int32(job.Pid))
	options.LeaveRunning = new(o.LeaveRunning)
	options.TcpSkipInFlight = new(o.TCPSkipInFlight)
	options.LinkRemap = new(o.LinkRemap)
	if job.Freezer != "" {
		options.FreezeCgroup = new(job.Freezer)
	}
	if o.PagePort != 0 {
		options.Ps = &rpc.CriuPageServerInfo{Address: new(o.PageServer), Port: new(int32(o.PagePort))}
	}
	if o.ParentPath != "" {
		options.ParentImg, options.TrackMem = new(o.ParentPath), new(true)
	}
	for _, n := range job.External {
		options.External = append(options.External, fmt.Sprintf("%s[%d]:%s", n.Kind, n.Inode, namespaceKey(n.Kind)))
	}
	if o.PreDump {
		return options // it is about memory only
	}
	for _, m := range job.Mounts {
		name := m.Inside
		if m.Outside == os.DevNull {
			name = os.DevNull // all masks have one name in the image
		}
		options.ExtMnt = append(options.ExtMnt, &rpc.ExtMountMap{Key: new(m.Inside), Val: new(name)})
	}
	return options
}

func restoreOptions(o runtime.CheckpointOptions, job runtime.Job, r runtime.Restoring, pid int) (*rpc.CriuOpts, error) {
	options := common(o, job, restoreLog)
	options.EvasiveDevices, options.RstSibling = new(true), new(true)
	options.TcpClose = new(o.TCPClose)
	if o.LSMProfile != "" {
		options.LsmProfile = new(o.LSMProfile)
	}
	if o.LSMMountContext != "" {
		options.LsmMountContext = new(o.LSMMountContext)
	}
	for _, m := range job.Mounts {
		options.ExtMnt = append(options.ExtMnt, &rpc.ExtMountMap{Key: new(m.Inside), Val: new(m.Outside)})
	}
	inherit := func(key string, fd int) {
		options.InheritFd = append(options.InheritFd, &rpc.InheritFd{Key: &key, Fd: new(int32(fd))})
	}
	for i, n := range job.External {
		inherit(namespaceKey(n.Kind), len(r.Files)+1+i) // behind the socket
	}
	for _, fd := range slices.Sorted(maps.Keys(r.Pipes)) {
		inherit(r.Pipes[fd], fd)
	}
	for _, kind := range slices.Sorted(maps.Keys(r.Joined)) {
		options.JoinNs = append(options.JoinNs, &rpc.JoinNamespace{Ns: new(kind), NsFile: new(r.Joined[kind])})
	}
	places, err := cgroups.ParseCgroupFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return nil, err
	}
	for _, controller := range slices.Sorted(maps.Keys(places)) {
		options.CgRoot = append(options.CgRoot, &rpc.CgroupRoot{Ctrl: new(controller), Path: new(places[controller])})
	}
	return options, nil
}

// namespaceKey is the name that a namespace given by path has in an image: runc's, so that each can restore what the
// other has saved.
func namespaceKey(kind string) string {
	return "extRoot" + strings.ToUpper(kind[:1]) + kind[1:] + "NS"
}
