package httpclient

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"
)

const (
	// never is later than any instant that a Link reckons with.
	never = time.Duration(1) << 61
	// slack is how much of its capacity a link keeps for transfers that come
	// late to fetch it, so that the coarseness of timers costs no rate.
	slack = 20 * time.Millisecond
	// grain is the shortest wait that is worth a timer. Shorter ones are carried
	// over to the next read.
	grain = time.Millisecond
	// stagger is the time between answers that begin when a dead link comes back,
	// in the order in which they came to wait.
	stagger = 10 * time.Microsecond
)

// Link is a network link with a rate and a delay that follow a Shape. All
// transfers over it share the rate, each getting the same when all are hungry.
// The Shape begins with the first request, and begins again when it ends. Safe
// for concurrent use, also by several Clients.
type Link struct {
	latency time.Duration

	mu      sync.Mutex
	steps   Shape         // guarded by mu, as all below
	period  time.Duration // of the whole Shape; never: the last step holds for ever
	volume  float64       // bits that a period carries
	began   bool
	start   time.Time     // of the link's clock
	free    time.Duration // when the last bit given out has passed, since start
	bodies  int           // that are open
	at      int           // the step in which the reckoning stands
	since   time.Duration // when that step began
	waiting []*transit    // for their bits to pass, in the order in which they do
}

// transit is a wait for bits to pass.
type transit struct {
	bits       float64 // 0: for the link to carry anything
	begin, end time.Duration
	timer      *time.Timer
}

// NewLink makes a Link that follows s, with latency added to that of each step.
// A nil or empty s leaves the rate as it is. The error says what is wrong with s.
func NewLink(s Shape, latency time.Duration) (*Link, error) {
	if latency < 0 || latency > maxLatency {
		return nil, fmt.Errorf("link: latency %v: must be from 0 to %v", latency, maxLatency)
	}
	l := &Link{latency: latency}
	if err := l.SetShape(s); err != nil {
		return nil, err
	}
	return l, nil
}

// SetShape makes the link follow s from now on, or from the first request on
// where there was none yet. What is on its way already goes on as s says. A nil
// or empty s leaves the rate as it is. After an error, which says what is wrong
// with s, nothing has changed.
func (l *Link) SetShape(s Shape) error {
	if len(s) == 0 {
		s = Shape{{BPS: Unlimited}}
	}
	if err := s.check(); err != nil {
		return fmt.Errorf("link: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.steps, l.period, l.volume, l.at = slices.Clone(s), 0, 0, 0
	for _, step := range s {
		l.period += step.Duration
		if step.BPS == Unlimited {
			l.volume = math.Inf(1)
		}
		l.volume += float64(step.BPS) * step.Duration.Seconds()
	}
	if s[len(s)-1].Duration == 0 {
		l.period = never
	}
	if !l.began {
		return nil
	}
	now := l.now()
	l.since, l.free = now, now
	for _, w := range l.waiting {
		if w.end <= now {
			continue
		}
		if left := float64(w.end-now) / float64(w.end-w.begin); left < 1 {
			w.bits *= left
		}
		if w.begin = now; w.bits > 0 {
			w.begin = l.free
		}
		w.end = l.pass(w)
		w.timer.Reset(w.end - now)
	}
	return nil
}

// roundTrip waits for as long as a request and the first byte of its answer, or
// a connection, take on the way.
func (l *Link) roundTrip(ctx context.Context) error {
	l.mu.Lock()
	l.seek(l.now())
	d := l.latency + l.steps[l.at].Latency
	l.mu.Unlock()
	return sleep(ctx, d)
}

// open waits until the link carries anything at all.
func (l *Link) open(ctx context.Context) error { return l.carry(ctx, 0, true) }

// carry waits until n bytes more have passed; after the last ones of an answer
// to the nanosecond.
func (l *Link) carry(ctx context.Context, n int, last bool) error {
	l.mu.Lock()
	now := l.now()
	w := &transit{bits: float64(n) * 8, begin: now}
	if n > 0 {
		w.begin = max(l.free, now-slack)
	}
	w.end = l.pass(w)
	d := w.end - now
	if d <= 0 || d < grain && !last && n > 0 {
		l.mu.Unlock()
		return context.Cause(ctx)
	}
	w.timer = time.NewTimer(d)
	l.waiting = append(l.waiting, w)
	l.mu.Unlock()
	defer l.arrive(w)
	select {
	case <-w.timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// pass is when w's bits will have passed. Those of answers pass one after the
// other; answers that wait for a dead link begin one after the other. Guarded by
// mu, as all below.
func (l *Link) pass(w *transit) time.Duration {
	if w.bits > 0 {
		l.free = l.finish(w.begin, w.bits)
		return l.free
	}
	end := l.finish(w.begin, 0)
	for _, other := range l.waiting {
		if other != w && other.bits == 0 && other.end == end {
			end += stagger
		}
	}
	return end
}

// arrive ends a transit.
func (l *Link) arrive(w *transit) {
	w.timer.Stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.waiting, w); i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
	}
}

// quantum is how many bytes one transfer may take before it is another's turn.
func (l *Link) quantum() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	bps := l.steps[l.at].BPS
	if bps == Unlimited {
		return math.MaxInt
	}
	return int(min(max(bps/8/100, 1460), 64<<10)) // what passes in 10 ms
}

// begin and end enclose the time in which an answer is read. A link that nobody
// used saves nothing up.
func (l *Link) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bodies++; l.bodies == 1 {
		l.free = max(l.free, l.now())
	}
}

func (l *Link) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bodies--
}

// now is the time on the link's clock. Guarded by mu, as all below.
func (l *Link) now() time.Duration {
	if !l.began {
		l.began, l.start = true, time.Now()
	}
	return time.Since(l.start)
}

// finish is when the given bits have passed that begin to pass at t, or never.
func (l *Link) finish(t time.Duration, bits float64) time.Duration {
	l.seek(t)
	t = max(t, l.since) // the reckoning went on already: at most by slack
	for {
		step := l.steps[l.at]
		left := never
		if step.Duration > 0 {
			left = l.since + step.Duration - t
		}
		if step.BPS == Unlimited {
			return t
		}
		if step.BPS > 0 {
			need := bits / float64(step.BPS) * 1e9
			// The nanosecond is for rounding: no bit waits for what comes after
			// a dead step because of it.
			if need <= float64(left)+1 {
				return t + min(time.Duration(math.Ceil(need)), left)
			}
			bits -= left.Seconds() * float64(step.BPS)
		}
		t += left
		l.seek(t)
		if l.at == 0 && l.period < never && bits > l.volume {
			whole := math.Ceil(bits/l.volume) - 1 // the last one may end before its end
			if whole*float64(l.period) > float64(never-t) {
				return never
			}
			bits -= whole * l.volume
			t += time.Duration(whole) * l.period
			l.seek(t)
		}
	}
}

// seek moves to the step in which t lies. The reckoning only moves forward.
func (l *Link) seek(t time.Duration) {
	if l.period < never && t-l.since > l.period {
		l.since += (t - l.since) / l.period * l.period
	}
	for {
		d := l.steps[l.at].Duration
		if d == 0 || t < l.since+d {
			return
		}
		l.since += d
		l.at = (l.at + 1) % len(l.steps)
	}
}

// sleep waits for d, or returns the cause for which ctx ended.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
