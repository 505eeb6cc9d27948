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
// plays from then on.
func (f *Feeder) splice(ctx context.Context, old, next *Audio) (*Audio, error) {
	for {
		first := old.pieces
		if len(next.pieces) > 0 {
			first = nil // what takes over goes before what it takes over from
		}
		select {
		case s := <-next.pieces:
			done, err := f.takeOver(ctx, old, next, s)
			if err != nil {
				return nil, err
			}
			if done {
				id := next.id
				f.monitor.tell(func(r *Report) { r.Spliced = id })
				return next, nil
			}
		case s := <-first:
			if err := f.feed(ctx, old, s); err != nil {
				return nil, err
			}
		case newer := <-f.splices:
			next = newer
			if newer == old {
				return old, nil
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// takeOver writes s if it reaches the end of what is written; else it is too
// old and is dropped.
func (f *Feeder) takeOver(ctx context.Context, old, next *Audio, s sound) (bool, error) {
	if s.data == nil { // the new branch ends before this place
		return true, f.finish(ctx, s.epoch)
	}
	defer next.recycle(s.data)
	f.mu.Lock()
	f.anchor()
	end, epoch := f.end, f.epoch
	f.mu.Unlock()
	if s.epoch != epoch {
		return false, nil
	}
	data, pts := trimFront(f.format, s.data, s.pts, end)
	if len(data) == 0 {
		return false, nil
	}
	if before := old.continuation(end); before != nil {
		crossFade(f.format, data, before)
	}
	placed, ok, err := f.place(ctx, sound{s.epoch, pts, data})
	if err != nil || !ok {
		return true, err
	}
	_, err = f.write(ctx, s.epoch, placed)
	return true, err
}

// continuation returns what the branch would have played from pos on, as far as
// it is decoded already; nil: nothing.
func (a *Audio) continuation(pos time.Duration) []byte {
	for {
		select {
		case s := <-a.pieces:
			data, pts := trimFront(a.format, s.data, s.pts, pos)
			if len(data) > 0 && pts < pos+tolerance {
				return data
			}
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
