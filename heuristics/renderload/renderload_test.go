package renderload

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"smoothplay/heuristics"
)

var ladder = []heuristics.Level{
	{BitrateBPS: 350_000, Width: 320, Height: 180},
	{BitrateBPS: 1_000_000, Width: 640, Height: 360},
	{BitrateBPS: 3_000_000, Width: 1280, Height: 720},
	{BitrateBPS: 6_000_000, Width: 1920, Height: 1080},
}

const period = 40 * time.Millisecond

// device plays at the cap, a second a step. busy is the load that the top level
// makes at second t, others in proportion to their cost.
type device struct {
	m       *Monitor
	now     time.Duration
	delay   int   // seconds for which what is buffered of the old level goes on
	level   []int // upcoming, by second
	changes []Reason
	caps    []int
	dropped int
}

func newDevice() *device { return &device{m: New(ladder)} }

func (d *device) run(seconds int, busy func(t int) float64) {
	top := cost(ladder[len(ladder)-1])
	for t := range seconds {
		d.now += time.Second
		d.level = append(d.level, d.m.Cap())
		level := d.level[max(len(d.level)-1-d.delay, 0)]
		load := busy(t) * cost(ladder[level]) / top
		o := Observation{Now: d.now, Level: level, PicturePeriod: period, Decoded: 25}
		o.DecodeMean = time.Duration(load * float64(period))
		o.DecodeP95 = time.Duration(1.2 * load * float64(period))
		o.Dropped = min(int(25*max(1-1/load, 0)+.5), 25)
		o.Shown = 25 - o.Dropped
		d.dropped += o.Dropped
		cap, why := d.m.Observe(o)
		if why != Unchanged {
			d.changes = append(d.changes, why)
		}
		d.caps = append(d.caps, cap)
	}
}

func constant(load float64) func(int) float64 { return func(int) float64 { return load } }

func TestAnIdleDeviceIsNotCapped(t *testing.T) {
	d := newDevice()
	d.run(600, constant(.5))
	if d.m.Cap() != 3 || len(d.changes) != 0 {
		t.Errorf("cap %d after %v", d.m.Cap(), d.changes)
	}
}

func TestEmergencyTakesTwoLevelsAtOnce(t *testing.T) {
	d := newDevice()
	d.run(3, constant(1.6)) // 38 % dropped
	if d.m.Cap() != 1 || !slices.Equal(d.changes, []Reason{ManyDropped}) {
		t.Errorf("cap %d after %v, want 1", d.m.Cap(), d.changes)
	}
}

func TestSomeDroppedTakeOneLevel(t *testing.T) {
	m := New(ladder)
	var why Reason
	for s := range 6 {
		_, w := m.Observe(Observation{Now: time.Duration(s) * time.Second, Level: 3, PicturePeriod: period,
			DecodeMean: 30 * time.Millisecond, DecodeP95: 38 * time.Millisecond, Shown: 23, Dropped: 2})
		if w != Unchanged {
			why = w
		}
	}
	if m.Cap() != 2 || why != SomeDropped {
		t.Errorf("cap %d, %q; want 2, %q", m.Cap(), why, SomeDropped)
	}
}

func TestLoadLeadsDroppedPictures(t *testing.T) {
	d := newDevice()
	d.run(5, constant(.9))
	if d.m.Cap() != 2 || !slices.Equal(d.changes, []Reason{DecodeSlow}) || d.dropped != 0 {
		t.Errorf("cap %d after %v, %d dropped; want 2, %v and none", d.m.Cap(), d.changes, d.dropped, DecodeSlow)
	}
}

// TestNotTheDevicesFault: what says nothing of rendering changes nothing.
func TestNotTheDevicesFault(t *testing.T) {
	bad := Observation{Level: 3, PicturePeriod: period, DecodeMean: 60 * time.Millisecond, DecodeP95: 80 * time.Millisecond, Shown: 10, Dropped: 15}
	tests := []struct {
		name   string
		change func(*Observation)
	}{
		{"starved", func(o *Observation) { o.Starved = true }},
		{"to be ignored", func(o *Observation) { o.Ignore = true }},
		{"few pictures", func(o *Observation) { o.Shown, o.Dropped = 1, 3 }},
		{"no period", func(o *Observation) { o.PicturePeriod = 0 }},
		{"no such level", func(o *Observation) { o.Level = 9 }},
		{"no level", func(o *Observation) { o.Level = -1 }},
		{"drops that no load explains", func(o *Observation) {
			o.DecodeMean, o.DecodeP95, o.Shown, o.Dropped = time.Millisecond, 2*time.Millisecond, 23, 2
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := New(ladder)
			for s := range 20 {
				o := bad
				o.Now = time.Duration(s) * time.Second
				test.change(&o)
				if cap, why := m.Observe(o); cap != 3 || why != Unchanged {
					t.Fatalf("second %d: cap %d, %q", s, cap, why)
				}
			}
		})
	}
	m := New(ladder)
	for s := range 20 {
		o := bad
		o.Now = time.Duration(s) * time.Second
		m.Observe(o)
	}
	if m.Cap() == 3 {
		t.Error("the same without excuse is no offence either: the tests above show nothing")
	}
}

func TestASwitchIsGivenTimeToSettle(t *testing.T) {
	m := New(ladder)
	for s := range 20 {
		// The first second at each level is bad, the second good.
		o := Observation{Now: time.Duration(s) * time.Second, Level: 3 - s/2%2, PicturePeriod: period, Shown: 25}
		if s%2 == 0 {
			o.Shown, o.Dropped, o.DecodeMean, o.DecodeP95 = 5, 20, period, 2*period
		}
		if cap, _ := m.Observe(o); cap != 3 {
			t.Fatalf("second %d: cap %d", s, cap)
		}
	}
}

// TestAPassingBurdenCostsLittle: another program takes the device for 10 s.
func TestAPassingBurdenCostsLittle(t *testing.T) {
	d := newDevice()
	d.run(30, constant(.45))
	d.run(10, constant(1.5))
	d.run(60, constant(.45))
	if d.m.Cap() != 3 {
		t.Errorf("cap %d a minute after the burden went, want 3: %v", d.m.Cap(), d.changes)
	}
	back := slices.Index(d.caps[40:], 3)
	if back < 0 || back > 35 {
		t.Errorf("the top level came back after %d s: %v", back, d.changes)
	}
}

// TestASlowDeviceIsNotAskedAgainAndAgain: a probe is a visible failure.
func TestASlowDeviceIsNotAskedAgainAndAgain(t *testing.T) {
	for _, load := range []float64{.95, 1.1, 1.3, 1.6, 3, 20} {
		d := newDevice()
		d.run(3600, constant(load))
		probes := 0
		for _, why := range d.changes {
			if why == Probe {
				probes++
			}
		}
		if probes > 8 {
			t.Errorf("load %.2f: %d probes in an hour: %v", load, probes, d.changes)
		}
		if share := float64(d.dropped) / (25 * 3600); share > .01 {
			t.Errorf("load %.2f: %.1f %% dropped", load, 100*share)
		}
	}
}

// TestWhatIsBufferedIsNotChargedTwice: the higher level plays on for some
// seconds after the cap came down.
func TestWhatIsBufferedIsNotChargedTwice(t *testing.T) {
	d := newDevice()
	d.delay = 20
	d.run(5, constant(1.1)) // one level down
	d.run(10, constant(1.5))
	if d.m.Cap() < 2 {
		t.Errorf("cap %d after %v, want 2: the same offence was charged more than once", d.m.Cap(), d.changes)
	}
}

func TestTheNextLevelIsNotOfferedWhereItWouldBeTooMuch(t *testing.T) {
	m := New(ladder)
	for s := range 6 {
		m.Observe(Observation{Now: time.Duration(s) * time.Second, Level: 2, PicturePeriod: period, Shown: 25,
			DecodeMean: 28 * time.Millisecond, DecodeP95: 30 * time.Millisecond})
	}
	if m.Cap() != 2 {
		t.Errorf("cap %d: 0.7 at 720p foretells more than 1 at 1080p", m.Cap())
	}
}

func TestHeatHoldsLonger(t *testing.T) {
	returns := func(throttled bool) (after time.Duration) {
		m := New(ladder)
		for s := range 200 {
			now := time.Duration(s) * time.Second
			o := Observation{Now: now, Level: m.Cap(), PicturePeriod: period, Shown: 25, DecodeMean: 4 * time.Millisecond, DecodeP95: 5 * time.Millisecond}
			if s >= 5 && s < 8 && m.Cap() == 3 {
				o.DecodeMean, o.DecodeP95, o.Throttled = 38*time.Millisecond, 40*time.Millisecond, throttled
			}
			if cap, why := m.Observe(o); why == Probe && cap == 3 {
				return now
			}
		}
		return 0
	}
	if cool, hot := returns(false), returns(true); cool == 0 || hot < cool+15*time.Second {
		t.Errorf("back after %v, with heat after %v; want at least 15 s more", cool, hot)
	}
}

// TestCapStaysInRange, whatever is observed, and equal observations give equal
// caps.
func TestCapStaysInRange(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		a, b := New(ladder), New(ladder)
		now := time.Duration(0)
		for range 500 {
			now += time.Duration(random.IntN(2000)) * time.Millisecond
			o := Observation{Now: now, Level: random.IntN(6) - 1, PicturePeriod: period, Shown: random.IntN(30), Dropped: random.IntN(30),
				DecodeMean: time.Duration(random.IntN(80)) * time.Millisecond, Starved: random.IntN(5) == 0, Ignore: random.IntN(9) == 0}
			o.DecodeP95 = o.DecodeMean * 2
			before := a.Cap()
			cap, why := a.Observe(o)
			cap2, why2 := b.Observe(o)
			if cap != cap2 || why != why2 {
				t.Fatal("equal observations, different caps")
			}
			if cap < 0 || cap > 3 || cap > before+1 {
				t.Fatalf("cap %d after %d", cap, before)
			}
			if (cap != before) != (why != Unchanged) {
				t.Fatalf("cap %d after %d with reason %q", cap, before, why)
			}
		}
	}
	for _, n := range []int{0, 1} {
		m := New(ladder[:n])
		if m.Observe(Observation{Now: time.Minute, PicturePeriod: period, Dropped: 25, DecodeMean: period, DecodeP95: period}); m.Cap() != 0 {
			t.Errorf("%d levels: cap %d", n, m.Cap())
		}
	}
}
