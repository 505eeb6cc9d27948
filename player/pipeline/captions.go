package pipeline

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"smoothplay/platform"
	"smoothplay/player/text"
)

// Cue is a cue that begins to be shown.
type Cue struct {
	Source uint64 // as in NewCaptions
	platform.Cue
}

// Captions shows the cues of one text stream with the pictures of a Screen, in
// one of three ways: drawn and in the Frame, drawn and on the plane of the sink
// where that is a platform.OverlayPlane, or, where nothing draws, as cues in the
// Report alone. They are in the Report in every case. What comes next is drawn
// ahead of its time, apart from the goroutine of the pictures, which never waits.
type Captions struct {
	source  uint64
	drawer  platform.TextDrawer // nil: none
	clock   *Clock
	screen  *Screen
	monitor *Monitor
	wake    chan struct{}

	mu    sync.Mutex
	track text.Track // guarded by mu

	before atomic.Int64 // cues that end until then are to be forgotten

	// The following belong to the goroutine of Run.
	slides []slide // current and next
	size   size    // that they were drawn for
	at     time.Duration
	jumps  int            // of the clock, at the last look
	told   []platform.Cue // since the last jump, the latest of them
}

// slide is what is above the pictures from from until until.
type slide struct {
	from, until time.Duration
	cues        []platform.Cue
	overlays    []platform.Overlay
}

// size is that of the picture in square pixels.
type size struct{ width, height int }

const (
	// takeAlong is how soon the next picture must come to take a changed caption
	// along; else the last one is shown again.
	takeAlong = 100 * time.Millisecond
	// glances is how often captions are looked at while time runs backwards.
	glances = 40 * time.Millisecond
	// breath is how long is waited at least: at another speed the clock may stand a
	// nanosecond before what is due.
	breath = 100 * time.Microsecond
	// maxTold is how many cues are remembered that were told: a fragment that comes
	// late may hold them again, or make them longer.
	maxTold = 256
)

// NewCaptions returns captions without cues. drawer may be nil. source, which is
// higher than that of all Captions before it, names them in the Report; those with
// the highest one have the screen.
func NewCaptions(source uint64, drawer platform.TextDrawer, clock *Clock, screen *Screen, monitor *Monitor) *Captions {
	return &Captions{source: source, drawer: drawer, clock: clock, screen: screen, monitor: monitor, wake: make(chan struct{}, 1)}
}

// Add takes a fragment of the stream, as text.Track.Add does, to be seen from Look
// on. It may be called from any goroutine, and takes as long as reading the
// fragment does.
func (c *Captions) Add(f text.Fragment) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.track.Add(f)
}

// Forget drops the cues that end at before or earlier.
func (c *Captions) Forget(before time.Duration) { c.before.Store(int64(before)) }

// Look shows what was added. It may be called from any goroutine.
func (c *Captions) Look() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Run shows the cues until ctx is done, and takes them off the screen.
func (c *Captions) Run(ctx context.Context) error {
	c.screen.caption(c.source, c.wake)
	defer c.screen.captionless(c.source)
	var restyled <-chan struct{}
	if r, ok := c.drawer.(platform.Restyler); ok {
		restyled = r.Restyled()
	}
	for {
		_, running, changed := c.clock.Due(0)
		next, current := c.turn()
		again := time.Duration(0)
		if current { // else what is on the screen is of another time
			again = c.screen.recaption(c.source, c.at, running)
		}
		var timer *time.Timer
		var fire <-chan time.Time
		if wait := c.until(next, again, running); wait >= 0 {
			timer = time.NewTimer(wait)
			fire = timer.C
		}
		var err error
		select {
		case <-fire:
		case <-changed:
		case <-c.wake:
		case <-restyled:
			c.slides = nil
		case <-ctx.Done():
			err = ctx.Err()
		}
		if timer != nil {
			timer.Stop()
		}
		if err != nil {
			return err
		}
	}
}

// until is how long there is nothing to do of itself; negative: for ever. next is
// when the cues change, again how long the screen waits for a picture.
func (c *Captions) until(next, again time.Duration, running bool) time.Duration {
	if !running {
		return -1
	}
	wait := time.Duration(-1)
	if c.clock.Rate() < 0 {
		wait = glances
	} else if next != text.Forever {
		due, _, _ := c.clock.Due(next)
		wait = max(time.Until(due), breath)
	}
	if again > 0 && (wait < 0 || again < wait) {
		wait = again
	}
	return wait
}

// turn tells what has begun, and draws what is shown and what comes next. It
// returns when the cues change, and whether time runs or its picture is there.
func (c *Captions) turn() (next time.Duration, current bool) {
	pos, jumps, running := c.clock.where(time.Now())
	size, seen := c.screen.canvas(c.clock)
	c.mu.Lock()
	if before := time.Duration(c.before.Load()); before > 0 {
		c.track.Forget(before)
		c.before.Store(0)
	}
	wanted := []slide{{from: c.track.Since(pos), until: c.track.Next(pos), cues: c.track.At(pos)}}
	if next = wanted[0].until; next != text.Forever {
		wanted = append(wanted, slide{from: next, until: c.track.Next(next), cues: c.track.At(next)})
	}
	var begun []platform.Cue
	if jumps == c.jumps && pos > c.at {
		begun = c.track.Begun(c.at, pos)
	}
	c.mu.Unlock()

	if jumps != c.jumps {
		c.jumps, c.told = jumps, nil
	}
	if current = running || seen; current {
		c.tell(begun)
		c.tell(wanted[0].cues)
		if n := len(c.told) - maxTold; n > 0 {
			c.told = slices.Delete(c.told, 0, n)
		}
	}
	c.at = pos
	for i := range wanted {
		wanted[i].overlays = c.draw(wanted[i].cues, size)
	}
	c.slides, c.size = wanted, size
	c.screen.slides(c.source, wanted)
	return next, current
}

// tell reports the cues that were not told yet.
func (c *Captions) tell(cues []platform.Cue) {
	for _, q := range cues {
		if slices.ContainsFunc(c.told, func(o platform.Cue) bool { return o.Begin == q.Begin && o.Text == q.Text }) {
			continue
		}
		c.told = append(c.told, q)
		c.monitor.tell(func(r *Report) { r.Cues = appendBounded(r.Cues, Cue{c.source, q}) })
	}
}

// draw returns the overlays of cues, which may have been drawn before.
func (c *Captions) draw(cues []platform.Cue, on size) []platform.Overlay {
	if c.drawer == nil || len(cues) == 0 || on == (size{}) {
		return nil
	}
	if on == c.size {
		for _, s := range c.slides {
			if slices.EqualFunc(s.cues, cues, alike) {
				return s.overlays
			}
		}
	}
	overlays, err := c.drawer.Draw(cues, on.width, on.height)
	if err != nil {
		c.monitor.fail(Failure{Kind: platform.Text, PTS: cues[0].Begin, Err: fmt.Errorf("drawing a caption: %w", err)})
	}
	return overlays
}

// alike tells whether two cues look the same: what they point at is never changed.
func alike(a, b platform.Cue) bool {
	return a.Text == b.Text && a.Region == b.Region && a.Align == b.Align && a.Direction == b.Direction &&
		a.LineHeight == b.LineHeight && a.NoWrap == b.NoWrap && a.Image == b.Image && slices.Equal(a.Runs, b.Runs)
}
