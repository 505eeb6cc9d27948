package player

import (
	"slices"
	"time"

	"smoothplay/heuristics"
	"smoothplay/platform"
	"smoothplay/player/event"
)

// Limits bound which levels of video may be chosen; zero fields do not. They
// hold always; where together they leave no level, the lowest is played.
type Limits struct {
	MinBPS, MaxBPS      int64
	StartBPS            int64 // the first fragment comes from the highest level up to this
	MaxWidth, MaxHeight int
	// FitWidth and FitHeight are the size in pixels at which pictures are shown:
	// of the levels that the other limits leave, those larger than the smallest
	// one that covers it are not offered. Whoever owns the window calls SetLimits
	// when it changes.
	FitWidth, FitHeight int
	// Levels is the set of levels that may be chosen; nil: all.
	Levels LevelSet
	// At says what becomes of the buffer and the running transfer.
	At When
}

// When says from where on new limits hold.
type When uint8

const (
	// BufferEnd lets what is buffered be played: the limits hold from the next
	// fragment on that is asked for.
	BufferEnd When = iota
	// Now gives up a transfer of a level that the limits do not leave, and fetches
	// what is buffered of such levels again, from the fragment on that follows the
	// next one.
	Now
)

// String returns "buffer_end" or "now".
func (w When) String() string {
	if w == Now {
		return "now"
	}
	return "buffer_end"
}

// Leaves marks the levels, ascending in bitrate, that may be chosen under l; at
// least one is, where there are any.
func (l Limits) Leaves(levels []heuristics.Level) []bool {
	left, err := l.Levels.Match(levels)
	if l.Levels == nil || err != nil && !slices.Contains(left, true) {
		for q := range left {
			left[q] = true
		}
	}
	for q, v := range levels {
		left[q] = left[q] && v.BitrateBPS >= l.MinBPS &&
			(l.MaxBPS == 0 || v.BitrateBPS <= l.MaxBPS) &&
			(l.MaxWidth == 0 || v.Width <= l.MaxWidth) &&
			(l.MaxHeight == 0 || v.Height <= l.MaxHeight)
	}
	if cover := l.covering(levels, left); cover > 0 {
		for q, v := range levels {
			left[q] = left[q] && v.Width*v.Height <= cover
		}
	}
	if len(left) > 0 && !slices.Contains(left, true) {
		left[0] = true
	}
	return left
}

// covering is the size in pixels of the smallest picture that need not be
// enlarged to be shown; 0: there is none, or that is no limit.
func (l Limits) covering(levels []heuristics.Level, left []bool) int {
	if l.FitWidth <= 0 || l.FitHeight <= 0 {
		return 0
	}
	least := 0
	for q, v := range levels {
		// Shown with its aspect kept, it fills the window one way.
		covers := v.Width >= l.FitWidth || v.Height >= l.FitHeight
		if left[q] && covers && (least == 0 || v.Width*v.Height < least) {
			least = v.Width * v.Height
		}
	}
	return least
}

// setLimits makes limits hold, or says why they cannot.
func (l *loop) setLimits(limits Limits) error {
	t := l.of(platform.Video)
	if t != nil {
		if _, err := limits.Levels.Match(t.rates); err != nil {
			return fail(event.BadArgument, "", "these limits cannot be set: %w", err)
		}
	}
	l.cfg.Limits = limits
	if t == nil {
		return nil
	}
	for _, o := range append([]*track{t}, l.angles.aside...) {
		o.left = limits.Leaves(o.rates)
		o.relax()
	}
	if limits.At != Now {
		return nil
	}
	forbidden := func(q int) bool { return !t.left[q] }
	if j := t.job; j != nil && forbidden(j.level) {
		j.abandoned = true
		l.cancelJob(t)
	}
	if t.forced >= 0 && forbidden(t.forced) {
		t.forced = -1
	}
	l.discard(t, 2, forbidden)
	return nil
}

// checkLevels refuses a set of levels that the first presentation does not have.
func (l *loop) checkLevels(first bool) *Error {
	t := l.of(platform.Video)
	if t == nil {
		return nil
	}
	_, err := l.cfg.Limits.Levels.Match(t.rates)
	if err == nil {
		return nil
	}
	e := fail(event.BadArgument, l.base, "the levels wanted are not in %s: %w", event.RedactURL(l.base), err)
	if first {
		return e
	}
	l.survive(e, platform.Video.String())
	return nil
}

// allowed reports whether the user's limits leave level q, and its key can be used.
func (l *loop) allowed(t *track, q int) bool {
	return (t.left == nil || t.left[q]) && t.levels[q].barred == nil
}

// playOut is how much of the buffer is played, whatever is wrong with it: there
// must be something to show until better is there.
const playOut = time.Second

// discard drops what is buffered of t from the first fragment of an unwanted
// level on, to be fetched again. The first keep fragments stay, the one that is
// played among them.
func (l *loop) discard(t *track, keep int, unwanted func(level int) bool) {
	if t.lost {
		return
	}
	pos := l.position()
	i := t.stream.At(pos) + keep
	if i >= t.next || i >= t.stream.Limit() {
		return
	}
	l.unread = t.queue.Unread(max(t.stream.Chunk(i).Start, pos+playOut), l.unread[:0])
	for _, f := range l.unread {
		if !unwanted(f.Level) {
			continue
		}
		dropped := t.queue.Truncate(f.Start)
		if dropped == 0 {
			return // the decoder has it already
		}
		l.cancelJob(t)
		l.figures.DiscardedBytes += dropped
		t.next = t.stream.At(t.queue.Range().End)
		t.begun()
		return
	}
}

// relieve replaces what is buffered of levels above cap by fragments that the
// device can render, also the one that follows where that can be had in time.
func (l *loop) relieve(cap int) {
	t := l.of(platform.Video)
	if t == nil {
		return
	}
	keep := 2
	if next := t.stream.At(l.position()) + 1; next < t.stream.Limit() {
		chunk := t.stream.Chunk(next)
		estimate := l.bandwidth.Estimate()
		if estimate.BPS > 0 {
			fetch := time.Duration(float64(t.expected(cap, chunk.Duration)) * 8 / float64(estimate.BPS) * float64(time.Second))
			if chunk.Start-l.position() > playOut+relieveMargin*fetch {
				keep = 1
			}
		}
	}
	l.discard(t, keep, func(level int) bool { return level > cap })
}

// relieveMargin is by how much longer a fragment may take than expected that is
// fetched for what follows.
const relieveMargin = 2
