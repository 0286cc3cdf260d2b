package main

import (
	"math/rand/v2"
	"slices"
	"time"
)

// race is one case under way.
type race struct {
	benchCase
	running []contender
	samples map[contender][]int64
	dropped []drop
}

// measure runs a case round by round, so that whatever disturbs the machine hits all contenders alike. In each round
// the order is another: what one leaves to be done later is not always paid by the same next one.
func (r *room) measure(c benchCase) report {
	race := race{benchCase: c, samples: make(map[contender][]int64)}
	for _, who := range r.contenders {
		if err := who.check(c); err != nil {
			race.drop(who, err)
			continue
		}
		race.running = append(race.running, who)
		race.samples[who] = make([]int64, 0, r.rounds)
	}
	for round := range r.warmup + r.rounds {
		race.round(round >= r.warmup)
		if r.ctx.Err() != nil {
			break
		}
	}
	if c.running {
		for _, who := range race.running {
			who.clean()
		}
	}
	return race.report(r.contenders)
}

// round lets everyone run once.
func (r *race) round(counts bool) {
	order := slices.Clone(r.running)
	rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	for _, who := range order {
		rest()
		start := time.Now()
		err := who.once(r.benchCase)
		took := time.Since(start)
		switch {
		case err != nil:
			r.drop(who, err)
		case counts:
			r.samples[who] = append(r.samples[who], int64(took))
		}
	}
}

// drop leaves a contender out of the rest of the case.
func (r *race) drop(who contender, err error) {
	who.clean()
	r.dropped = append(r.dropped, drop{r.name, who.name(), err.Error()})
	r.running = slices.DeleteFunc(r.running, func(c contender) bool { return c == who })
	delete(r.samples, who)
}

// report lists the contenders in their usual order.
func (r *race) report(all []contender) report {
	found := report{Dropped: r.dropped}
	for _, who := range all {
		if samples := r.samples[who]; len(samples) > 0 {
			found.Results = append(found.Results, result{r.name, who.name(), unitTime, samples})
		}
	}
	return found
}
