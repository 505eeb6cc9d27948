package event

import (
	"encoding/json"
	"fmt"
	"math"
	"math/bits"
	"time"
)

// A Histogram counts durations in fixed buckets, so that percentiles of several
// sessions merge. The buckets are 1 µs wide up to 16 µs, and sixteen an octave
// from there to 38 hours: a quantile is right to 3.2 %; Min and Max are exact.
// The zero Histogram is empty and ready. Its JSON form reads back.
type Histogram struct {
	counts   []uint64 // by bucket; grows to the highest one used
	n        uint64
	min, max time.Duration
}

const (
	perOctave  = 16
	maxBuckets = (37 - 4 + 1) * perOctave // up to 2^37 µs
)

// bucketOf is the bucket of d.
func bucketOf(d time.Duration) int {
	us := uint64(max(d, 0) / time.Microsecond)
	if us < perOctave {
		return int(us)
	}
	shift := bits.Len64(us) - 5
	return min(shift*perOctave+int(us>>shift), maxBuckets-1)
}

// middleOf is the middle of bucket i.
func middleOf(i int) time.Duration {
	if i < 2*perOctave {
		return time.Duration(i)*time.Microsecond + time.Microsecond/2
	}
	shift := i/perOctave - 1
	low := uint64(i-shift*perOctave) << shift
	return time.Duration(low)*time.Microsecond + time.Duration(uint64(1)<<shift)*time.Microsecond/2
}

// Add counts d; what is negative counts as 0.
func (h *Histogram) Add(d time.Duration) { h.AddN(d, 1) }

// AddN counts d n times.
func (h *Histogram) AddN(d time.Duration, n uint64) {
	if n == 0 {
		return
	}
	d = max(d, 0)
	i := bucketOf(d)
	for len(h.counts) <= i {
		h.counts = append(h.counts, 0)
	}
	h.counts[i] += n
	if h.n == 0 || d < h.min {
		h.min = d
	}
	h.max = max(h.max, d)
	h.n += n
}

// Count is the number of durations counted.
func (h *Histogram) Count() uint64 { return h.n }

// Min is the smallest duration counted, 0 where there is none.
func (h *Histogram) Min() time.Duration { return h.min }

// Max is the largest duration counted.
func (h *Histogram) Max() time.Duration { return h.max }

// IsZero reports whether nothing was counted: such a field is left out of JSON.
func (h Histogram) IsZero() bool { return h.n == 0 }

// Quantile is the duration below or at which the share q (0 to 1) of all lies;
// 0 where there is none.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	rank := uint64(math.Ceil(min(max(q, 0), 1) * float64(h.n)))
	rank = min(max(rank, 1), h.n)
	var seen uint64
	for i, c := range h.counts {
		if seen += c; seen >= rank {
			return min(max(middleOf(i), h.min), h.max)
		}
	}
	return h.max
}

// Merge returns a Histogram that counts what both count; it shares no memory
// with them.
func (h Histogram) Merge(o Histogram) Histogram {
	if h.n == 0 {
		h, o = o, h
	}
	if h.n == 0 {
		return Histogram{}
	}
	m := h
	m.counts = make([]uint64, max(len(h.counts), len(o.counts)))
	copy(m.counts, h.counts)
	if o.n == 0 {
		return m
	}
	for i, c := range o.counts {
		m.counts[i] += c
	}
	m.n += o.n
	m.min = min(m.min, o.min)
	m.max = max(m.max, o.max)
	return m
}

// histogramJSON is the JSON form: figures for people and jq, and the buckets in
// use to read it back.
type histogramJSON struct {
	Count   uint64        `json:"count"`
	Min     time.Duration `json:"min"`
	P5      time.Duration `json:"p5"`
	P50     time.Duration `json:"p50"`
	P95     time.Duration `json:"p95"`
	Max     time.Duration `json:"max"`
	Buckets [][2]uint64   `json:"buckets"` // index and count
}

// MarshalJSON writes count, min, p5, p50, p95 and max, and the buckets in use.
func (h Histogram) MarshalJSON() ([]byte, error) {
	j := histogramJSON{h.n, h.min, h.Quantile(.05), h.Quantile(.5), h.Quantile(.95), h.max, [][2]uint64{}}
	for i, c := range h.counts {
		if c > 0 {
			j.Buckets = append(j.Buckets, [2]uint64{uint64(i), c})
		}
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (h *Histogram) UnmarshalJSON(b []byte) error {
	var j histogramJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return fmt.Errorf("reading a histogram: %w", err)
	}
	var r Histogram
	for _, bucket := range j.Buckets {
		if bucket[0] >= maxBuckets {
			return fmt.Errorf("reading a histogram: bucket %d of %d", bucket[0], maxBuckets)
		}
		r.AddN(middleOf(int(bucket[0])), bucket[1])
	}
	if r.n > 0 {
		r.min, r.max = j.Min, j.Max
	}
	*h = r
	return nil
}
