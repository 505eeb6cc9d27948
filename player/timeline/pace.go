package timeline

import "time"

const (
	// probeEvery is how many chunks lie between two requests that are made
	// earlier than is safe, to learn.
	probeEvery = 12
	// probeWorth is the part of a chunk by which it must be possible to ask
	// earlier for a probe.
	probeWorth = 8
	// forgetting is the part of a chunk by which, with each chunk, the time
	// before which none is there is trusted less: clocks drift.
	forgetting = 100
	// The pause before a chunk that was not there is asked for again is half its
	// duration, within these.
	againSoonest = 250 * time.Millisecond
	againLatest  = 2 * time.Second
)

// Pace learns when the chunks of a live stream can be asked for: each is there
// for the first time some lag after its end, which is the same for all of them
// but for the moods of encoder and network. No clock of the server is asked and
// none is trusted: what tells is which requests were answered. Times are of the
// session's clock, ends are session positions; the lag has no meaning of its
// own. The zero Pace knows nothing.
type Pace struct {
	known       bool
	early, late time.Duration // the lag is above early and at most late
	chunk       time.Duration // duration of the latest chunk
	since       int           // chunks since the last probe
	probing     bool          // Due answered with a probe last
	failed      bool          // the latest chunk was asked for too early
}

// Exists notes that the chunk of the given end and duration was there at now:
// listed in a manifest that arrived then, or served to a request made then.
func (p *Pace) Exists(now, end, chunk time.Duration) {
	lag := now - end
	p.chunk = max(chunk, time.Millisecond)
	if !p.known {
		p.known, p.late, p.early, p.since = true, lag, lag-p.chunk, probeEvery
		return
	}
	if lag < p.late {
		p.late = lag
		p.early = min(p.early, p.late)
	}
}

// Arrived notes that a chunk asked for at the edge has arrived.
func (p *Pace) Arrived(asked, end, chunk time.Duration) {
	p.Exists(asked, end, chunk)
	if p.probing && !p.failed {
		p.since = probeEvery // it can be asked for earlier still
	} else {
		p.since++
	}
	p.probing, p.failed = false, false
	p.early = max(p.early-p.chunk/forgetting, p.late-p.chunk)
}

// Missing notes that the chunk of the given end was not there yet at now, and
// answers when to ask for it again.
func (p *Pace) Missing(now, end, chunk time.Duration) (again time.Duration) {
	p.chunk = max(chunk, time.Millisecond)
	lag := now - end
	again = now + min(max(p.chunk/2, againSoonest), againLatest)
	if !p.known {
		return again
	}
	if p.early < lag {
		p.early = min(lag, p.late)
	}
	if lag >= p.late && !p.failed {
		// It came when others came, and this one had not: a little later then.
		p.late += p.chunk / probeWorth
		p.early = max(p.early, p.late-p.chunk)
	}
	p.failed = true
	p.since = 0
	if due := p.late + end; due > now && p.probing {
		again = min(again, max(due, now+againSoonest))
	}
	return again
}

// Due is when the chunk of the given end is to be asked for; 0 where nothing is
// known of the lag.
func (p *Pace) Due(end time.Duration) time.Duration {
	if !p.known {
		return 0
	}
	if p.failed {
		return p.late + end
	}
	unsure := p.late - p.early
	p.probing = p.since >= probeEvery && unsure > p.chunk/probeWorth
	if p.probing {
		return p.late - unsure/2 + end
	}
	return p.late + end
}

// Edge is the end, as a session position, of what can be asked for at now; ok
// is false where nothing is known.
func (p *Pace) Edge(now time.Duration) (end time.Duration, ok bool) {
	return now - p.late, p.known
}
