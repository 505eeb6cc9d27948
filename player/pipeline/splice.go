package pipeline

import (
	"context"
	"time"

	"smoothplay/platform"
)

// fade is how long two branches of sound are mixed at a splice.
const fade = 5 * time.Millisecond

// splice plays old until next has decoded the place up to which sound is
// written, mixes both for the length of the fade, and returns the branch that
// plays from then on. Where next begins later, old plays up to there.
func (f *Feeder) splice(ctx context.Context, old, next *Audio) (*Audio, error) {
	waiting := next.kept // of next, for a place not yet reached
	next.kept = nil
	tick := time.NewTicker(refill)
	defer tick.Stop()
	for {
		fromOld, fromNext := old.pieces, next.pieces
		var again <-chan time.Time
		if waiting != nil {
			fromNext, again = nil, tick.C
		} else if len(next.pieces) > 0 {
			fromOld = nil // what takes over goes before what it takes over from
		}
		select {
		case s := <-fromNext:
			waiting = &s
		case s := <-fromOld:
			if err := f.feed(ctx, old, s); err != nil {
				return nil, err
			}
		case newer := <-f.splices:
			if newer == old {
				return old, nil
			}
			next, waiting = newer, newer.kept
			newer.kept = nil
			continue
		case <-again:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if waiting == nil {
			continue
		}
		switch f.reached(old, waiting) {
		case tooOld:
			next.recycle(waiting.data)
			waiting = nil
		case tooEarly:
		case now:
			id := next.id
			f.monitor.tell(func(r *Report) { r.Spliced = id })
			return next, f.takeOver(ctx, old, next, *waiting)
		}
	}
}

// moment is whether a piece of the branch that takes over can be written.
type moment uint8

const (
	tooOld   moment = iota // its place was written already, or its epoch is over
	tooEarly               // the old branch plays up to it
	now
)

// reached says what to do with s, the next piece of the branch that takes over
// from old.
func (f *Feeder) reached(old *Audio, s *sound) moment {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.epoch != f.epoch {
		return tooOld
	}
	if s.data == nil { // the new branch ends before this place
		return now
	}
	f.anchor()
	switch {
	case s.pts+f.format.Duration(len(s.data)) <= f.end, f.coded && s.pts < f.end-tolerance:
		return tooOld
	case s.pts > f.end+tolerance && f.ended != f.epoch && (len(old.pieces) > 0 || f.playing && f.sink.Delay() > refill):
		return tooEarly // unless old has nothing to play meanwhile
	}
	return now
}

// takeOver writes the first piece of the branch that takes over.
func (f *Feeder) takeOver(ctx context.Context, old, next *Audio, s sound) error {
	if s.data == nil {
		return f.finish(ctx, s.epoch)
	}
	f.mu.Lock()
	end := f.end
	f.mu.Unlock()
	piece := s.data
	defer next.recycle(piece)
	if f.coded {
		return f.feed(ctx, next, s)
	}
	s.data, s.pts = trimFront(f.format, s.data, s.pts, end)
	if before := old.continuation(s.pts); before != nil {
		crossFade(f.format, s.data, before)
	}
	placed, ok, err := f.place(ctx, s)
	if err != nil || !ok {
		return err
	}
	_, err = f.lay(ctx, s.epoch, placed)
	return err
}

// continuation returns what the branch would have played from pos on, as far as
// it is decoded already; nil: nothing. It is kept for the case that the branch
// takes over again.
func (a *Audio) continuation(pos time.Duration) []byte {
	for {
		select {
		case s := <-a.pieces:
			data, pts := trimFront(a.format, s.data, s.pts, pos)
			if len(data) == 0 && s.data != nil {
				continue
			}
			a.kept = &s
			if pts > pos+tolerance {
				return nil
			}
			return data
		default:
			return nil
		}
	}
}

// crossFade mixes the beginning of into with from, which fades out.
func crossFade(f platform.PCMFormat, into, from []byte) {
	n := min(f.Bytes(fade), len(into), len(from))
	for i := 0; i+1 < n; i += 2 {
		in := float64(i/f.FrameBytes()) / float64(n/f.FrameBytes())
		setSample(into[i:], float64(sample(into[i:]))*in+float64(sample(from[i:]))*(1-in))
	}
}
