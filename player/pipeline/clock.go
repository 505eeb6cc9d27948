package pipeline

import (
	"sync"
	"time"
)

// jump is the difference from which the clock is set at once instead of being
// drawn towards the sound.
const jump = 30 * time.Millisecond

// still is the difference below which the clock is left alone.
const still = 50 * time.Microsecond

// pull is the share of a smaller difference that each Follow corrects.
const pull = 0.125

// Clock maps real time to the media time that is heard and seen. Its methods
// may be called from any goroutine; the zero Clock stands at 0, and will run at
// rate 1.
type Clock struct {
	mu      sync.Mutex
	pos     time.Duration // media time at at; guarded by mu, as all below
	at      time.Time
	running bool
	rate    float64 // media time for real time; 0: 1
	jumps   int     // how often it was set, and when last
	jumped  time.Time
	changed chan struct{}
}

// Position is the media time at t.
func (c *Clock) Position(t time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.position(t)
}

// Running reports whether media time moves.
func (c *Clock) Running() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.running
}

func (c *Clock) position(t time.Time) time.Duration {
	if !c.running {
		return c.pos
	}
	return c.pos + scaled(t.Sub(c.at), c.speed())
}

func (c *Clock) speed() float64 {
	if c.rate == 0 {
		return 1
	}
	return c.rate
}

// SetRate changes how fast media time runs from t on: 1 is real time, negative
// is backwards. It is never 0.
func (c *Clock) SetRate(rate float64, t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setRate(rate, t)
}

func (c *Clock) setRate(rate float64, t time.Time) {
	if rate == c.speed() {
		return
	}
	if c.running {
		c.pos, c.at = c.position(t), t
	}
	c.rate = rate
	c.signal()
}

// Rate is how fast media time runs while the clock does.
func (c *Clock) Rate() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.speed()
}

// Due is the instant at which media time reaches pos; running is false where it
// never will unless the clock is started. changed is closed when the clock is
// started, stopped or set.
func (c *Clock) Due(pos time.Duration) (due time.Time, running bool, changed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	if c.running {
		due = c.at.Add(scaled(pos-c.pos, 1/c.speed()))
	}
	return due, c.running, c.changed
}

// Start lets media time move on from pos at t.
func (c *Clock) Start(pos time.Duration, t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set(pos, t, true)
}

// Set stops the clock at pos.
func (c *Clock) Set(pos time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.jumps, c.jumped = c.jumps+1, time.Now()
	c.set(pos, time.Time{}, false)
}

// where is the media time at t, how often the clock was set until then, and
// whether it runs.
func (c *Clock) where(t time.Time) (pos time.Duration, jumps int, running bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.position(t), c.jumps, c.running
}

// jumpedAt is when the clock was set last.
func (c *Clock) jumpedAt() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.jumped
}

// Stop stops the clock where it is at t.
func (c *Clock) Stop(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pos = c.position(t)
	c.running = false
	c.signal()
}

// Follow draws a running clock towards pos, the media time heard at t, and lets
// it run at the rate of what is heard.
func (c *Clock) Follow(pos time.Duration, rate float64, t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.running {
		return
	}
	c.setRate(rate, t)
	now := c.position(t)
	diff := pos - now
	if diff > jump || diff < -jump {
		c.pos, c.at = pos, t
		c.signal()
		return
	}
	if diff < still && diff > -still {
		return
	}
	c.pos, c.at = now+time.Duration(float64(diff)*pull), t
}

// set is guarded by mu.
func (c *Clock) set(pos time.Duration, t time.Time, running bool) {
	c.pos, c.at, c.running = pos, t, running
	c.signal()
}

// signal wakes those who wait for a change. guarded by mu.
func (c *Clock) signal() {
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}
