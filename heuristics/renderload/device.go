package renderload

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Device simulates a device that decodes and shows pictures, without a clock:
// the bounded queue, the limit for late pictures and what is left out are those
// of package pipeline. The zero value of each field but Loads is usable. It
// belongs to one goroutine; equal devices and calls give equal observations.
type Device struct {
	// Loads are the mean time of decoding a picture of each level, as a share of
	// the period, with a factor of 1.
	Loads  []float64
	Period time.Duration // of a picture; 0: 40 ms
	Trace  Trace         // makes decoding slower, by time
	// Spread is by how much scenes differ: the standard deviation of the logarithm
	// of the load. Pictures differ by their kind whatever it is.
	Spread float64
	Seed   uint64

	random  *rand.Rand
	now     time.Duration
	number  int           // of the next picture
	ready   time.Duration // when the decoder is free
	scene   float64       // logarithm of its load
	shownAt time.Duration
	behind  bool // the last picture was late
	lags    bool // left out up to the next key picture
	times   []time.Duration
	seen    Observation
	bad     int
}

// What a Device has in common with package pipeline.
const (
	deviceQueue    = 5 // pictures decoded ahead
	deviceKey      = 50
	deviceLate     = 10 * time.Millisecond
	deviceTooLate  = 41 * time.Millisecond
	deviceHopeless = 100 * time.Millisecond
	deviceLagging  = 1500 * time.Millisecond
	deviceAtLeast  = 250 * time.Millisecond
)

// Play lets d show the pictures of the next time at a level.
func (d *Device) Play(level int, effort Effort, lasts time.Duration) {
	if d.random == nil {
		d.random = rand.New(rand.NewPCG(d.Seed, 1))
		d.times = make([]time.Duration, 0, 256)
		if d.Period <= 0 {
			d.Period = 40 * time.Millisecond
		}
		d.shownAt = -time.Second
	}
	d.seen.Level = level
	d.now += lasts
	for d.due(d.number) < d.now {
		d.picture(level, effort)
		d.number++
	}
}

func (d *Device) due(number int) time.Duration { return time.Duration(number) * d.Period }

// picture decodes and shows one, or leaves it out.
func (d *Device) picture(level int, effort Effort) {
	key, disposable := d.number%deviceKey == 0, d.number%deviceKey%3 > 1 || d.number%deviceKey%3 == 0
	disposable = disposable && !key
	due := d.due(d.number)
	start := max(d.ready, d.due(d.number-deviceQueue), 0)
	switch {
	case effort >= Keys && !key, effort >= References && disposable:
		d.bad++
		d.seen.Spared++
		return
	case key:
		d.lags = false
		d.scene = 0.7*d.scene + 0.7*d.Spread*d.random.NormFloat64()
	case start-due > deviceLagging:
		d.lags = true
	}
	if d.lags || disposable && (d.behind || start-due > deviceHopeless) {
		d.bad++
		d.seen.Dropped++
		return
	}
	weight := 1.16 // of a picture that others refer to
	switch {
	case key:
		weight = 3
	case disposable:
		weight = 0.86
	}
	load := d.Loads[level] * d.Trace.At(max(start, 0)) * weight * math.Exp(d.scene+0.05*d.random.NormFloat64()) * remains[min(effort, NoLoopFilter)]
	took := time.Duration(load * float64(d.Period))
	d.ready = start + took
	d.times = append(d.times, took)
	d.seen.Decoded++
	late := d.ready - due
	d.behind = late > deviceLate
	if d.behind {
		d.seen.Late++
	}
	if late > deviceTooLate {
		d.bad++
		if d.ready-d.shownAt < deviceAtLeast {
			d.seen.Dropped++
			return
		}
	}
	d.seen.Shown++
	d.shownAt = max(d.ready, due)
}

// Bad is how many pictures were lost, shown too late or left out so far.
func (d *Device) Bad() int { return d.bad }

// Pictures is how many were due so far.
func (d *Device) Pictures() int { return d.number }

// Take is what happened since the last Take.
func (d *Device) Take() Observation {
	o := d.seen
	o.Now, o.PicturePeriod = d.now, d.Period
	if n := len(d.times); n > 0 {
		var sum time.Duration
		for _, t := range d.times {
			sum += t
		}
		o.DecodeMean = sum / time.Duration(n)
		slices.Sort(d.times)
		o.DecodeP95 = d.times[min(n*95/100, n-1)]
	}
	d.times = d.times[:0]
	d.seen = Observation{Level: o.Level}
	return o
}
