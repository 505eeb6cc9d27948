package ffmpeg

import "time"

// A position counts frames from an anchor, so that no rounding adds up.
type position struct {
	anchor time.Duration
	frames int64
	rate   int // frames a second
}

// at is the instant of the next frame, rounded down to a nanosecond.
func (p position) at() time.Duration {
	seconds, rest := p.frames/int64(p.rate), p.frames%int64(p.rate)
	return p.anchor + time.Duration(seconds)*time.Second + time.Duration(rest)*time.Second/time.Duration(p.rate)
}

// pcmClock gives sound its time: that of the first sample, and from there on
// that of the frames counted. Both sides of the resampler are counted, because
// what it holds back is part of one side only.
type pcmClock struct {
	running bool
	in, out position
}

// start begins a new count at pts.
func (c *pcmClock) start(pts time.Duration, inRate, outRate int) {
	c.running = true
	c.in = position{anchor: pts, rate: inRate}
	c.out = position{anchor: pts, rate: outRate}
}

// stop makes the next frame start a new count.
func (c *pcmClock) stop() { c.running = false }

// jumped reports whether pts is further than tolerance from where the counted
// input ends.
func (c *pcmClock) jumped(pts, tolerance time.Duration) bool {
	return (pts - c.in.at()).Abs() > tolerance
}

// took counts n input frames of a rate, which may differ from the last one.
func (c *pcmClock) took(n, rate int) {
	if rate != c.in.rate {
		c.in = position{anchor: c.in.at(), rate: rate}
	}
	c.in.frames += int64(n)
}

// gave counts n output frames and returns the time of the first.
func (c *pcmClock) gave(n int) time.Duration {
	at := c.out.at()
	c.out.frames += int64(n)
	return at
}
