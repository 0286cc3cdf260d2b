package runtime

import (
	"fmt"
	"time"

	"github.com/crabcan/crabcan/runtime/cgroup"
	"github.com/crabcan/crabcan/runtime/resctrl"
)

// Event is something that the container tells of itself.
type Event struct {
	Type string `json:"type"` // "stats" or "oom"
	ID   string `json:"id"`
	Data *Stats `json:"data,omitempty"`
}

// Stats are the container's figures.
type Stats struct {
	*cgroup.Stats
	IntelRDT resctrl.Stats `json:"intel_rdt"`
	// Interfaces are none: runc has figures only of interfaces that it made itself, which no config.json asks for.
	Interfaces []any `json:"network_interfaces"`
}

// StatsEvent is the event with the container's current figures.
func (c *Container) StatsEvent() (Event, error) {
	if err := c.checkAlive(); err != nil {
		return Event{}, err
	}
	usage, err := c.cgroup.Stats()
	if err != nil {
		return Event{}, err
	}
	return c.statsEvent(usage)
}

// statsEvent adds what is not the cgroup's.
func (c *Container) statsEvent(usage *cgroup.Stats) (Event, error) {
	rdt, err := c.groupStats()
	return Event{Type: "stats", ID: c.id, Data: &Stats{Stats: usage, IntelRDT: rdt}}, err
}

// Events hands each event to emit until the container's cgroup is empty or gone: its figures every interval, and when
// it ran out of memory.
func (c *Container) Events(interval time.Duration, emit func(Event) error) error {
	if err := c.checkAlive(); err != nil {
		return err
	}
	ooms, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- c.cgroup.WatchOOM(func() { ooms <- struct{}{} }) }()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		event := Event{Type: "oom", ID: c.id}
		select {
		case err := <-done:
			return err
		case <-ooms:
		case <-tick.C:
			usage, err := c.cgroup.Stats()
			if err != nil {
				continue // the cgroup is about to go; done will say so
			}
			if event, err = c.statsEvent(usage); err != nil {
				return err
			}
		}
		if err := emit(event); err != nil {
			return err
		}
	}
}

func (c *Container) checkAlive() error {
	status, err := c.status()
	if err == nil && status == StatusStopped {
		err = fmt.Errorf("container with id %s is not running", c.id)
	}
	return err
}
