package sim

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"time"

	"smoothplay/heuristics"
	"smoothplay/heuristics/policy"
	"smoothplay/player/event"
)

// Question is what a decision was about.
type Question string

// The questions.
const (
	AskFetch   Question = "fetch"   // at which level to fetch the next chunk
	AskAbandon Question = "abandon" // whether to go on with a transfer
	AskReplace Question = "replace" // whether to fetch a buffered chunk again
)

// Replayed is a decision of an event log, and what a policy says to the same
// question.
type Replayed struct {
	Seq      uint64              `json:"seq"` // of the event
	At       time.Duration       `json:"at_ns"`
	Track    string              `json:"track"`
	T        uint64              `json:"t,string"` // of the chunk
	Start    time.Duration       `json:"start_ns"`
	Question Question            `json:"question"`
	Policy   string              `json:"policy"` // that answers now
	Logged   heuristics.Decision `json:"logged"`
	Again    heuristics.Decision `json:"again"`
	// Same: both choose the same, for the same reason.
	Same bool `json:"same"`
	// LoggedBPS and AgainBPS are the nominal bitrates chosen.
	LoggedBPS int64 `json:"logged_bps"`
	AgainBPS  int64 `json:"again_bps"`
}

// Replay asks every question of an event log again, in order. name is the policy
// that answers for video; other tracks are left out then. "": the policies that
// the log names, for all tracks. The log holds all that a policy was asked with
// consequences, and so all that it remembers: its own policy gives the same
// answers again. Another policy is asked about buffers and links as they came to
// be without it.
//
// It ends after the first error: of the log, or of a policy that is not known.
func Replay(log iter.Seq2[event.Event, error], name string, cfg policy.Config) iter.Seq2[Replayed, error] {
	return func(yield func(Replayed, error) bool) {
		r := replay{name: name, cfg: cfg, policies: map[track]heuristics.Policy{}, chunks: map[place]int{}}
		for e, err := range log {
			if err != nil {
				yield(Replayed{}, err)
				return
			}
			if f, ok := e.Body.(event.Fragment); ok {
				r.chunks[place{f.Track, f.T}] = f.Chunk
			}
			d, ok := e.Body.(event.LevelDecided)
			if !ok || name != "" && d.Track != videoTrack {
				continue
			}
			again, err := r.ask(&d)
			if err != nil {
				yield(Replayed{}, fmt.Errorf("event %d: %w", e.Seq, err))
				return
			}
			again.Seq, again.At = e.Seq, e.At
			if !yield(again, nil) {
				return
			}
		}
	}
}

type replay struct {
	name     string
	cfg      policy.Config
	policies map[track]heuristics.Policy
	chunks   map[place]int // of the fragments so far
}

// track tells those apart that play side by side while one takes over from the
// other.
type track struct{ kind, stream string }

// place is where a fragment of a track begins.
type place struct {
	track string
	t     uint64
}

// ask asks the question of d again.
func (r *replay) ask(d *event.LevelDecided) (Replayed, error) {
	in := &d.Input
	if err := checkInput(in); err != nil {
		return Replayed{}, err
	}
	top := len(in.Levels) - 1
	if d.Decision.Level < 0 || d.Decision.Level > top {
		return Replayed{}, fmt.Errorf("%w: level %d was chosen of %d", ErrTrace, d.Decision.Level, top+1)
	}
	key := track{d.Track, d.Stream}
	p := r.policies[key]
	// A track that has fetched nothing yet is a new one, with a policy of its own.
	if p == nil || in.Current < 0 {
		var err error
		if p, err = policy.New(cmp.Or(r.name, d.Policy), r.cfg); err != nil {
			return Replayed{}, err
		}
		r.policies[key] = p
	}
	again := Replayed{Track: d.Track, T: d.T, Start: d.Start, Policy: p.Name(), Logged: d.Decision}
	switch {
	case in.Running != nil:
		again.Question = AskAbandon
		again.Again = p.Decide(in).Clone()
	case len(in.Held) > 0:
		again.Question = AskReplace
		again.Again = r.replace(p, in, place{d.Track, d.T})
	default:
		again.Question = AskFetch
		again.Again = p.Decide(in).Clone()
	}
	again.Again.Level = min(max(again.Again.Level, 0), top)
	a, b := again.Logged, again.Again
	again.Same = a.Level == b.Level && a.Abandon == b.Abandon && a.Delay == b.Delay && a.Reason == b.Reason
	again.LoggedBPS, again.AgainBPS = in.Levels[a.Level].BitrateBPS, in.Levels[b.Level].BitrateBPS
	return again, nil
}

// replace asks whether the chunk at a place is to be fetched again. To replace
// another one, or none, is to keep it as it is.
func (r *replay) replace(p heuristics.Policy, in *heuristics.Input, at place) heuristics.Decision {
	keep := heuristics.Decision{Reason: heuristics.ReasonHold}
	asked, known := r.chunks[at]
	for _, h := range in.Held {
		if h.ChunkIndex == asked {
			keep.Level = h.Level
		}
	}
	replacer, ok := p.(heuristics.Replacer)
	if !ok {
		return keep
	}
	if chunk, d, ok := replacer.Replace(in); ok && (chunk == asked || !known) {
		return d.Clone()
	}
	return keep
}

// checkInput finds what no player tells and a policy need not expect.
func checkInput(in *heuristics.Input) error {
	top := len(in.Levels) - 1
	ok := top >= 0 && top < maxLevels && in.Current >= -1 && in.Current <= top && in.RenderCap >= 0 &&
		in.StartLevel <= top && len(in.Allowed) <= top+1 && len(in.Sizes) <= top+1 && in.ChunkIndex >= 0 &&
		lasts(in.Now, in.ChunkDuration, in.Buffered, in.Goal, in.LiveDelay.Abs()) &&
		in.BandwidthBPS >= 0 && in.SinceDiscontinuity >= 0
	for i := 0; ok && i <= top; i++ {
		ok = in.Levels[i].BitrateBPS > 0 && (i == 0 || in.Levels[i].BitrateBPS >= in.Levels[i-1].BitrateBPS)
	}
	for _, n := range in.Sizes {
		ok = ok && n >= 0
	}
	transfers := in.Transfers
	if in.Running != nil {
		transfers = append(slices.Clone(transfers), *in.Running)
	}
	for _, t := range transfers {
		ok = ok && t.Level >= -1 && t.Level <= top && t.Bytes >= 0 && t.Size >= 0 && t.OtherBytes >= 0 && t.StackBPS >= 0 &&
			lasts(t.Start, t.FirstByte, t.Body, t.Media)
		for _, m := range t.Marks {
			ok = ok && m.Bytes >= 0 && lasts(m.Body)
		}
	}
	for _, h := range in.Held {
		ok = ok && h.Level >= 0 && h.Level <= top && h.ChunkIndex >= 0 && lasts(h.Duration, h.Due.Abs())
	}
	if !ok {
		return fmt.Errorf("%w: the input of the decision is not one of a player", ErrTrace)
	}
	return nil
}

// lasts reports whether times are such that can be added up.
func lasts(times ...time.Duration) bool {
	const most = 1 << 60
	for _, d := range times {
		if d < 0 || d > most {
			return false
		}
	}
	return true
}
