package pipeline

import (
	"context"
	"time"

	"smoothplay/platform"
)

// spareAhead is how long before it is due a sample may be left out.
const spareAhead = 250 * time.Millisecond

// SetEffort makes the decode loop work less from the next sample on, with a
// decoder that is a [platform.Effort] and, as far as samples can be left out, with
// any other. It may be called from any goroutine.
func (v *Video) SetEffort(level platform.EffortLevel) { v.effort.Store(uint32(level)) }

// tellEffort passes the effort on to a decoder that knows of it.
func (v *Video) tellEffort() {
	wanted := platform.EffortLevel(v.effort.Load())
	if wanted == v.told {
		return
	}
	v.told = wanted
	if d, ok := v.decoder.(platform.Effort); ok {
		d.SetEffort(wanted)
	}
}

// spares reports whether the effort leaves s out. After a picture that others
// refer to was left out, so is everything up to the next key sample.
func (v *Video) spares(s *platform.Sample) bool {
	if s.Key {
		v.spared = false
		return false
	}
	effort := platform.EffortLevel(v.effort.Load())
	switch {
	case v.spared:
		return true
	case !v.begun || s.Format != nil:
		return false
	case effort >= platform.EffortKeys:
		v.spared = !s.Disposable
		return true
	}
	return s.Disposable && effort >= platform.EffortReferences
}

// keepPace waits until s, which is left out, is nearly due: the effort holds for
// what is shown now, and not for what a few pictures reach far ahead.
func (v *Video) keepPace(ctx context.Context, s *platform.Sample) error {
	stale := func() bool { return v.queue.Epoch() != v.epoch }
	_, ok, err := await(ctx, v.clock, stale, s.PTS-spareAhead)
	if err == nil && !ok {
		err = errStale
	}
	return err
}
