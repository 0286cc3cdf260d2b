package runtime

import (
	"fmt"
	"time"

	"github.com/crabcan/crabcan/runtime/cgroup"
)

// Event is something that the container tells of itself.
type Event struct {
	Type string        `json:"type"` // "stats" or "oom"
	ID   string        `json:"id"`
	Data *cgroup.Stats `json:"data,omitempty"`
}

// StatsEvent is the event with the container's current figures.
func (c *Container) StatsEvent() (Event, error) {
	if err := c.checkAlive(); err != nil {
		return Event{}, err
	}
	stats, err := c.cgroup.Stats()
	return Event{Type: "stats", ID: c.id, Data: stats}, err
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
			stats, err := c.cgroup.Stats()
			if err != nil {
				continue // the cgroup is about to go; done will say so
			}
			event.Type, event.Data = "stats", stats
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
