package renderload

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

const (
	// forget is how long what a level took is remembered.
	forget = 30 * 24 * time.Hour
	// ahead is how far in the future it may lie: clocks are set.
	ahead = 24 * time.Hour
	// newestShare is what the latest session counts for.
	newestShare = 0.6
	// alike is by which factor two bit rates of one size may differ and be one.
	alike = 1.25
	// near is by which factor another bit rate of a size still tells something.
	near = 2.0
	// enoughSeconds of a level make it worth remembering.
	enoughSeconds = 3
	// badFailures is how many failures a level begins with that was too much
	// before: it is not tried again soon.
	badFailures = 3

	// recalledVisits is what a memory counts for against what is measured.
	recalledVisits = 3

	maxRemembered = 64
	maxMemory     = 32 << 10 // bytes, encoded
	maxCodec      = 64       // bytes
)

// ErrMemory marks an encoded Memory that cannot be read.
var ErrMemory = errors.New("not a memory of levels")

// Memory is what sessions have learned of how hard levels are for a device, by
// codec, size, frame rate and bitrate, for the sessions after them. The zero
// Memory is empty. It holds the 64 levels seen last, none for longer than 30
// days.
type Memory struct {
	seen []remembered // the one seen last first
}

type remembered struct {
	Codec   string  `json:"codec"`
	Width   int     `json:"width"`
	Height  int     `json:"height"`
	Rate    float64 `json:"rate"` // pictures a second
	BPS     int64   `json:"bitrate_bps"`
	Load    float64 `json:"load"` // with one thread and all effort
	TooMuch bool    `json:"too_much,omitempty"`
	At      int64   `json:"at_s"` // Unix time
}

// Clone returns a Memory that shares nothing with m.
func (m *Memory) Clone() Memory { return Memory{slices.Clone(m.seen)} }

// Learn remembers what a Monitor has found out by an instant. codecs name those
// of its levels, in up to 64 bytes.
func (m *Memory) Learn(from *Monitor, codecs []string, at time.Time) {
	for q := range min(len(from.levels), len(codecs)) {
		l := &from.levels[q]
		own := l.own
		if own == 0 {
			own = from.model.load(from.work(l))
		}
		tooMuch := l.failures > 0 || l.odd > 0
		if l.seen < enoughSeconds && !(l.seen > 0 && tooMuch) || l.rate == 0 {
			continue
		}
		m.learn(remembered{
			Codec: codecs[q], Width: l.source.Width, Height: l.source.Height, Rate: l.rate, BPS: l.source.BitrateBPS,
			Load: round(own * from.usual), TooMuch: tooMuch, At: at.Truncate(time.Hour).Unix(),
		})
	}
}

func (m *Memory) learn(r remembered) {
	if !r.valid() {
		return
	}
	for i, o := range m.seen {
		if o.size(r) && sameRate(o.Rate, r.Rate) && within(o.BPS, r.BPS, alike) {
			r.Load = round(math.Pow(r.Load, newestShare) * math.Pow(o.Load, 1-newestShare))
			m.seen = slices.Delete(m.seen, i, i+1)
			break
		}
	}
	m.seen = slices.Insert(m.seen, 0, r)
	m.seen = m.seen[:min(len(m.seen), maxRemembered)]
}

// Recall tells a Monitor, before it has observed anything, what is remembered of
// its levels. codecs are those of the levels. Of a size of which several frame
// rates are remembered, the hardest counts: the rate of these levels is not known
// yet.
func (m *Memory) Recall(to *Monitor, codecs []string, now time.Time) {
	known := false
	for q := range min(len(to.levels), len(codecs)) {
		l := &to.levels[q]
		for _, r := range m.seen {
			age := now.Sub(time.Unix(r.At, 0))
			wanted := remembered{Codec: codecs[q], Width: l.source.Width, Height: l.source.Height}
			if age < -ahead || age > forget || !r.size(wanted) || !within(r.BPS, l.source.BitrateBPS, near) {
				continue
			}
			w := workOf(l.source, r.Rate)
			there := w
			there.bits = float64(r.BPS)
			load := r.Load * w.cost() / there.cost()
			if load <= l.own {
				continue
			}
			l.own, l.rate = load, r.Rate
			l.visits, l.measured = recalledVisits, provenSeconds
			l.failures = 0
			if r.TooMuch && load > offerLoad {
				l.failures = badFailures
			}
			known = true
		}
	}
	if known {
		to.begin()
	}
}

// begin offers the levels that are known to fit, before anything is observed. A
// level that is too much while one above it is not is left out alone.
func (m *Monitor) begin() {
	fits := func(q int) bool { return q <= m.top() && m.fits(q, m.expect(q), -1) }
	m.fit()
	m.cap = 0
	for m.cap < m.top() {
		switch q := m.cap + 1; {
		case fits(q):
			m.cap = q
		case m.levels[q].own > 0 && fits(q+1) && m.levels[q+1].own > 0:
			m.levels[q].odd = oddHolds * longestHold
			m.cap = q + 1
		default:
			return
		}
	}
}

// Encode returns m as JSON, for DecodeMemory.
func (m *Memory) Encode() []byte {
	text, err := json.Marshal(memoryFile{m.seen})
	if err != nil { // what is valid has a form
		return nil
	}
	return text
}

// memoryFile is the encoded form.
type memoryFile struct {
	Levels []remembered `json:"levels"`
}

// DecodeMemory reads what Encode wrote. What is out of range is left out; an
// ErrMemory says that nothing of it can be read.
func DecodeMemory(text []byte) (Memory, error) {
	var m Memory
	if len(text) > maxMemory {
		return m, fmt.Errorf("%w: more than %d KiB", ErrMemory, maxMemory>>10)
	}
	var file memoryFile
	if err := json.Unmarshal(text, &file); err != nil {
		return m, fmt.Errorf("%w: %w", ErrMemory, err)
	}
	for _, r := range file.Levels {
		if r.valid() && len(m.seen) < maxRemembered {
			m.seen = append(m.seen, r)
		}
	}
	return m, nil
}

func (r *remembered) valid() bool {
	return r.Codec != "" && len(r.Codec) <= maxCodec && r.Width > 0 && r.Width <= 1<<15 && r.Height > 0 && r.Height <= 1<<15 &&
		r.Rate >= 1 && r.Rate <= 1000 && r.BPS > 0 && r.BPS <= 1e12 && r.Load >= 1e-6 && r.Load <= 1e3 && r.At > 0 && r.At < 1<<40
}

// size reports whether r and o are of one codec and size.
func (r *remembered) size(o remembered) bool {
	return r.Codec == o.Codec && r.Width == o.Width && r.Height == o.Height
}

// round leaves two digits, so that what hardly changes is not written again.
func round(load float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(max(load, 1e-6)))-1)
	return math.Round(load/unit) * unit
}

func sameRate(a, b float64) bool { return math.Abs(a-b) < 1 }

// within reports whether two bit rates differ by no more than a factor.
func within(a, b int64, factor float64) bool {
	return float64(a) <= float64(b)*factor && float64(b) <= float64(a)*factor
}
