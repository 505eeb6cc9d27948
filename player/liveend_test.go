package player_test

import (
	"testing"
	"time"

	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
)

// The end of the event of these scenarios: of whole fragments, the last picture
// is that before lastAt.
const (
	endsAt = 30 * sec
	lastAt = windowOf + aheadOf + endsAt
	// lastOf is the same of an encoder whose fragments are there at once.
	lastOf = windowOf + endsAt
)

// However an event ends, it is played to its last picture, and completed.
func TestLiveEnds(t *testing.T) {
	ends := func(how origin.Ending) func(*origin.Live) {
		return func(e *origin.Live) { e.End, e.Ending = into(endsAt), how }
	}
	for _, c := range []struct {
		scene
		by   time.Duration // when the session is over
		last time.Duration // the end of the last picture; 0: lastAt
	}{
		{scene{name: "end that is told", live: ends(origin.EndClosed)}, 42 * sec, 0},
		{scene{name: "end by a manifest that is not live", live: ends(origin.EndAbsent)}, 42 * sec, 0},
		{scene{name: "end with 404 for ever", live: ends(origin.EndLost)}, 70 * sec, 0},
		{scene{name: "end with 412 for ever", live: ends(origin.EndSilent)}, 70 * sec, 0},
		{scene{name: "end that is told of a promise", live: func(e *origin.Live) { ends(origin.EndClosed)(e); e.Mode = origin.Promise }}, 42 * sec, lastOf},
		{scene{name: "end with 404 of a promise", live: func(e *origin.Live) { ends(origin.EndLost)(e); e.Mode = origin.Promise }}, 250 * sec, lastOf},
		{scene{name: "end with 412 of a promise", live: func(e *origin.Live) { ends(origin.EndSilent)(e); e.Mode = origin.Promise }}, 250 * sec, lastOf},
		{scene{name: "end without look-ahead", live: func(e *origin.Live) { ends(origin.EndClosed)(e); e.LookAhead = -1 }}, 42 * sec, lastOf},
		{scene{name: "end with 404 without look-ahead", live: func(e *origin.Live) { ends(origin.EndLost)(e); e.LookAhead = -1 }}, 60 * sec, lastOf},
		{scene{name: "end with 412 without look-ahead", live: func(e *origin.Live) { ends(origin.EndSilent)(e); e.LookAhead = -1 }}, 60 * sec, lastOf},
		{scene{name: "end by a fault of the origin", fault: "end@30s@closed"}, 42 * sec, 0},
		{scene{name: "end far from the edge", live: ends(origin.EndClosed),
			config: func(c *player.Config) { c.Live.Start.Offset = -40 * sec }}, 80 * sec, 0},
		{scene{name: "end while paused", live: ends(origin.EndClosed),
			script: []playertest.Step{playertest.Pause(20 * sec), playertest.Play(90 * sec)}}, 140 * sec, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.span = c.by + time.Minute
			r := c.play(t)
			got := stretches(r)
			last := c.last
			if last == 0 {
				last = lastAt
			}
			if len(got) != 1 || got[0].to != last {
				t.Errorf("the pictures shown are those of %v, want to the last one at %v", got, last)
			}
			if r.Summary.End != event.Completed || len(event.Bodies[event.LiveEnded](r.Events)) != 1 {
				t.Errorf("%s, the end was told %d times", r.Summary.End, len(event.Bodies[event.LiveEnded](r.Events)))
			}
			if over := r.Events[len(r.Events)-1].At; over > c.by {
				t.Errorf("it was over at %v only, want %v", over, c.by)
			}
			if r.Summary.PicturesDropped != 0 || r.Summary.AudioGaps != 0 {
				t.Errorf("%d pictures dropped, %d gaps of the sound", r.Summary.PicturesDropped, r.Summary.AudioGaps)
			}
		})
	}
}

// An event that is over stays, however its end was told: it can be sought in, and
// played again to its last picture.
func TestLiveEndedStaysOpen(t *testing.T) {
	for _, how := range []origin.Ending{origin.EndClosed, origin.EndAbsent, origin.EndSilent, origin.EndLost} {
		var g glimpses
		s := scene{name: "ended event stays open, " + string(how), span: 160 * sec,
			live:   func(e *origin.Live) { e.End, e.Ending = into(endsAt), how },
			config: func(c *player.Config) { c.KeepOpen = true },
			script: append(g.at(99*sec, 119*sec), playertest.Seek(100*sec, 590*sec), playertest.Play(101*sec)),
		}
		t.Run(s.name, func(t *testing.T) {
			r := s.play(t)
			showed(t, r, stretch{594 * sec, lastAt}, stretch{590 * sec, lastAt})
			if now := g.list[0]; now.State != event.Ended || now.Live || now.Duration != lastAt {
				t.Errorf("%s, live %v, %v long", now.State, now.Live, now.Duration)
			}
			if now := g.list[1]; now.State != event.Playing || now.Live {
				t.Errorf("%s, live %v", now.State, now.Live)
			}
		})
	}
}

// A presentation that is on demand from one refresh to the next goes on where it
// is, to its end.
func TestLiveBecomesOnDemand(t *testing.T) {
	s := scene{name: "live that becomes on demand", span: 4 * time.Minute,
		live:   func(e *origin.Live) { e.End, e.Window = into(endsAt), 2*time.Minute },
		config: func(c *player.Config) { c.Live.Start.From = player.FromWindow }}
	r := s.play(t)
	flowed(t, r)
	if got := stretches(r); len(got) != 1 || got[0].from != 4*sec || got[0].to < 2*time.Minute+32*sec || r.Summary.End != event.Completed {
		t.Errorf("%s, the pictures shown are those of %v", r.Summary.End, got)
	}
}

// An event whose encoder stays away is said to stand still, and goes on when it
// is back.
func TestLiveStandsStill(t *testing.T) {
	s := scene{name: "event that stands still", span: 150 * sec, live: func(e *origin.Live) { e.Mode = origin.Promise }, fault: "encoder-gap@20s-110s"}
	r := s.play(t)
	if codes(r)[event.LiveStalled] != 1 || r.Summary.Stalls != 1 {
		t.Errorf("%v, %d stalls", codes(r), r.Summary.Stalls)
	}
	got := stretches(r)
	if len(got) != 2 || got[0].to < 618*sec || got[1].from > 718*sec || len(event.Bodies[event.LiveEnded](r.Events)) != 0 {
		t.Errorf("the pictures shown are those of %v", got)
	}
}
