package renderload

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"smoothplay/heuristics"
)

// rungs is the ladder of the simulated hours.
var rungs = []heuristics.Level{
	{BitrateBPS: 350_000, Width: 320, Height: 180},
	{BitrateBPS: 900_000, Width: 640, Height: 360},
	{BitrateBPS: 1_600_000, Width: 960, Height: 540},
	{BitrateBPS: 3_000_000, Width: 1280, Height: 720},
	{BitrateBPS: 5_000_000, Width: 1600, Height: 900},
	{BitrateBPS: 8_000_000, Width: 1920, Height: 1080},
}

// rule is what watches a device: a Monitor, or what is compared with it.
type rule interface {
	observe(Observation) Reason
	cap() int
	effort() Effort
}

type watched struct{ *Monitor }

func (w watched) cap() int       { return w.Cap() }
func (w watched) effort() Effort { return w.Effort() }
func (w watched) observe(o Observation) Reason {
	_, why := w.Observe(o)
	return why
}

// hour is a device and what happens to it.
type hour struct {
	device    Device
	others    func(t time.Duration) float64 // share of the device that others take; nil: not known
	throttled func(t time.Duration) bool
}

// loads are those of the rungs on a device that takes top for the highest: never
// quite what a model of pixels and bits says.
func loads(r *rand.Rand, top float64) []float64 {
	bit, bend := 3+22*r.Float64(), 0.9+0.25*r.Float64()
	list := make([]float64, len(rungs))
	for q, l := range rungs {
		w := workOf(l, 25)
		list[q] = math.Pow(w.pixels+bit*w.bits, bend) * math.Exp(0.08*r.NormFloat64())
	}
	for q := range list {
		list[q] *= top / list[len(list)-1]
	}
	return list
}

// between is a random number, evenly on a logarithmic scale.
func between(r *rand.Rand, from, to float64) float64 {
	return from * math.Exp(r.Float64()*math.Log(to/from))
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// hours are the kinds of trouble, with random variations.
var hours = []struct {
	name string
	make func(r *rand.Rand) hour
}{
	{"slow device", func(r *rand.Rand) hour {
		return hour{device: Device{Loads: loads(r, between(r, 0.95, 4))}}
	}},
	{"slow at one level", func(r *rand.Rand) hour {
		list := loads(r, 0.3+0.3*r.Float64())
		q := 2 + r.IntN(len(list)-2)
		list[q] = between(r, 1.1, 2.5)
		return hour{device: Device{Loads: list}}
	}},
	{"passing disturbance", func(r *rand.Rand) hour {
		h := hour{device: Device{Loads: loads(r, 0.4+0.25*r.Float64())}}
		for t := 60 * r.Float64(); t < 3600; t += 30 + 450*r.ExpFloat64() {
			h.device.Trace = append(h.device.Trace, Step{seconds(t), between(r, 2, 5)})
			t += between(r, 5, 60)
			h.device.Trace = append(h.device.Trace, Step{seconds(t), 1})
		}
		if r.IntN(2) == 0 {
			h.others = func(t time.Duration) float64 { return 1 - 1/h.device.Trace.At(t) }
		}
		return h
	}},
	{"thermal throttling", func(r *rand.Rand) hour {
		h := hour{device: Device{Loads: loads(r, 0.5+0.2*r.Float64())}}
		for t := 60 + 300*r.Float64(); t < 3600; t += 120 + 600*r.Float64() {
			hot, ramp, lasts := between(r, 1.4, 2.5), between(r, 2, 60), between(r, 60, 600)
			for i := range 10 {
				h.device.Trace = append(h.device.Trace, Step{seconds(t + ramp*float64(i)/10), 1 + (hot-1)*float64(i+1)/10})
			}
			t += ramp + lasts
			for i := range 10 {
				h.device.Trace = append(h.device.Trace, Step{seconds(t + 6*float64(i)), hot - (hot-1)*float64(i+1)/10})
			}
			t += 60
		}
		if r.IntN(2) == 0 {
			h.throttled = func(t time.Duration) bool { return h.device.Trace.At(t) > 1.1 }
		}
		return h
	}},
	{"slow leak", func(r *rand.Rand) hour {
		h := hour{device: Device{Loads: loads(r, 0.4+0.2*r.Float64())}}
		most := between(r, 2, 5)
		for t := range 360 {
			h.device.Trace = append(h.device.Trace, Step{seconds(10 * float64(t)), 1 + (most-1)*float64(t)/360})
		}
		return h
	}},
}

// figures are what came of an hour.
type figures struct {
	bad, pictures    int
	needless, capped int // seconds
	failed, changes  int
	caps             []int
}

func (f *figures) add(g figures) {
	f.bad += g.bad
	f.pictures += g.pictures
	f.needless += g.needless
	f.capped += g.capped
	f.failed = max(f.failed, g.failed)
	f.changes += g.changes
}

const (
	fragmentSeconds = 2
	bufferFragments = 7
	fetchedASecond  = 3 // fragments, while the buffer is not full
)

// play lets r watch h while a policy with bandwidth to spare takes the highest
// level offered. With relief, what is buffered beyond the next fragment is
// replaced when the cap comes down, as the player does; else it is played.
func play(h hour, r rule, length int, relief bool) figures {
	var f figures
	buffer := []int{0}
	offered := map[int]int{} // level -> second in which it was offered again
	proven := make([]int, len(h.device.Loads))
	top := len(h.device.Loads) - 1
	for t := range length {
		level := buffer[0]
		h.device.Play(level, r.effort(), time.Second)
		o := h.device.Take()
		if h.others != nil {
			others := h.others(o.Now)
			o.Device, o.Process = min(others+0.2, 1), 0.2
		}
		o.Throttled = h.throttled != nil && h.throttled(o.Now)
		before := r.cap()
		why := r.observe(o)
		cap := r.cap()
		for q := range level + 1 {
			proven[q]++
		}
		switch {
		case cap > before:
			offered[cap] = t
			proven[cap] = 0
		case cap < before && why != Predicted:
			for q := cap + 1; q <= level; q++ {
				if _, again := offered[q]; again && proven[q] < 60 {
					f.failed++
					break
				}
			}
		}
		if cap != before {
			f.changes++
		}
		if relief && cap < level {
			keep := 2 // what is played, and what follows it at once
			if (t+1)%fragmentSeconds != 0 {
				keep = 1
			}
			buffer = buffer[:min(keep, len(buffer))]
		}
		f.caps = append(f.caps, cap)
		if cap < top {
			f.capped++
			for _, load := range h.device.Loads[cap+1:] {
				if load*h.device.Trace.At(o.Now) <= offerLoad {
					f.needless++
					break
				}
			}
		}
		for range fetchedASecond {
			if len(buffer) < bufferFragments {
				buffer = append(buffer, cap)
			}
		}
		if (t+1)%fragmentSeconds == 0 {
			buffer = buffer[1:]
		}
	}
	f.bad, f.pictures = h.device.Bad(), h.device.Pictures()
	return f
}

const seeds = 12

// TestAnHourOfTrouble holds the Monitor against the rule of 2009.
func TestAnHourOfTrouble(t *testing.T) {
	var table strings.Builder
	fmt.Fprintf(&table, "%-20s %8s %8s %8s %6s %9s %9s %7s\n", "an hour of", "bad", "2009", "relieved", "ratio", "needless", "2009", "probes")
	for k, kind := range hours {
		var ours, theirs, relieved figures
		for seed := range uint64(seeds) {
			mk := func() hour {
				h := kind.make(rand.New(rand.NewPCG(seed, uint64(k))))
				h.device.Seed, h.device.Spread = seed, 0.12
				return h
			}
			a := play(mk(), watched{New(rungs)}, 3600, true)
			b := play(mk(), newSmooth2009(len(rungs)), 3600, false)
			ours.add(a)
			theirs.add(b)
			relieved.add(play(mk(), newSmooth2009(len(rungs)), 3600, true))
			if a.failed > 6 {
				t.Errorf("%s, seed %d: %d failed probes in an hour", kind.name, seed, a.failed)
			}
			t.Logf("%-20s %d  bad %5d %5d  needless %4d %4d capped %4d probes %d/%d changes %d loads %.2f", kind.name, seed, a.bad, b.bad, a.needless, b.needless, a.capped, a.failed, b.failed, a.changes, mk().device.Loads)
		}
		share := func(n int) float64 { return 100 * float64(n) / (3600 * seeds) }
		ratio := float64(ours.bad) / float64(theirs.bad)
		fmt.Fprintf(&table, "%-20s %8d %8d %8d %6.2f %8.1f%% %8.1f%% %7d\n", kind.name, ours.bad, theirs.bad, relieved.bad, ratio, share(ours.needless), share(theirs.needless), ours.failed)
		if ratio > 1./3 {
			t.Errorf("%s: %d bad pictures, %d with the rule of 2009: more than a third", kind.name, ours.bad, theirs.bad)
		}
		if s := share(ours.needless); s > 10 {
			t.Errorf("%s: capped without need for %.1f %% of the time", kind.name, s)
		}
	}
	t.Log("\n" + table.String())
}
