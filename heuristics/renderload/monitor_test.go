package renderload

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"smoothplay/heuristics"
)

const period = 40 * time.Millisecond

// ladder has four levels, each about three times the work of the one below.
var ladder = []heuristics.Level{
	{BitrateBPS: 350_000, Width: 320, Height: 180},
	{BitrateBPS: 1_000_000, Width: 640, Height: 360},
	{BitrateBPS: 3_000_000, Width: 1280, Height: 720},
	{BitrateBPS: 8_000_000, Width: 1920, Height: 1080},
}

// screening shows levels to a monitor, second by second.
type screening struct {
	m       *Monitor
	now     time.Duration
	reasons []Reason
	caps    []int
}

// watching begins with all levels offered.
func watching() *screening {
	s := &screening{m: New(ladder)}
	s.m.Wish(len(ladder) - 1)
	return s
}

// show shows a level for some seconds with a load; change may add to what is
// observed.
func (s *screening) show(level, seconds int, load float64, change func(*Observation)) {
	for range seconds {
		s.now += time.Second
		o := Observation{Now: s.now, Level: level, PicturePeriod: period, Decoded: 25, Shown: 25}
		o.DecodeMean = time.Duration(load * float64(period))
		o.DecodeP95 = o.DecodeMean * 5 / 4
		if load > 1 {
			o.Dropped = int(25 * (1 - 1/load))
			o.Shown -= o.Dropped
		}
		if change != nil {
			change(&o)
		}
		_, why := s.m.Observe(o)
		if why != Unchanged {
			s.reasons = append(s.reasons, why)
		}
		s.caps = append(s.caps, s.m.Cap())
	}
}

// follow shows the highest level offered, which makes the loads given.
func (s *screening) follow(seconds int, loads []float64) {
	for range seconds {
		level := s.m.Cap()
		s.show(level, 1, loads[level], nil)
	}
}

func (s *screening) expect(t *testing.T, cap int, reasons ...Reason) {
	t.Helper()
	if s.m.Cap() != cap || !slices.Equal(s.reasons, reasons) {
		t.Errorf("cap %d after %v, want %d after %v", s.m.Cap(), s.reasons, cap, reasons)
	}
}

func dropping(n int) func(*Observation) {
	return func(o *Observation) { o.Dropped, o.Shown = n, 25-n }
}

func TestAnIdleDeviceIsNotCapped(t *testing.T) {
	s := watching()
	s.follow(600, []float64{.02, .06, .18, .5})
	s.expect(t, 3)
}

func TestNothingIsOfferedBeforeAnythingIsSeen(t *testing.T) {
	if cap := New(ladder).Cap(); cap != 1 {
		t.Errorf("level %d is offered at once", cap)
	}
}

func TestAGlanceOffersWhatIsCertain(t *testing.T) {
	for _, c := range []struct {
		load    float64
		decoded int
		cap     int
	}{
		{.001, 5, 3}, {.001, 4, 1}, {.008, 5, 2}, {.02, 5, 2}, {.1, 5, 1}, {.3, 5, 1}, {5, 5, 1},
	} {
		m := New(ladder)
		cap, _ := m.Glance(Observation{Level: 0, PicturePeriod: period, Decoded: c.decoded, DecodeMean: time.Duration(c.load * float64(period))})
		if cap != c.cap || m.Cap() != cap {
			t.Errorf("%d pictures of the lowest level with a load of %g: level %d is offered, want %d", c.decoded, c.load, cap, c.cap)
		}
	}
}

// TestRaisedStepByStep: where the load is near the limit, each level is measured
// before the next one is offered.
func TestRaisedStepByStep(t *testing.T) {
	s := &screening{m: New(ladder)}
	s.show(0, 10, .03, nil)
	s.show(1, 10, .09, nil)
	if s.m.Cap() != 2 {
		t.Fatalf("level %d is offered after the two lowest, of which the next promises %.2f", s.m.Cap(), s.m.Expected(2))
	}
	s.show(2, 1, .26, nil)
	s.show(2, 3, .26, nil)
	if s.m.Cap() != 3 {
		t.Errorf("level %d is offered, with %.2f expected of the top level", s.m.Cap(), s.m.Expected(3))
	}
}

func TestEmergencyTakesTwoLevelsAtOnce(t *testing.T) {
	s := watching()
	s.show(3, 2, 1.6, nil)
	s.expect(t, 1, ManyDropped)
}

func TestEmergencyTakesAsManyAsAreExpectedToBeTooMuch(t *testing.T) {
	s := watching()
	s.show(0, 10, .02, nil)
	s.show(3, 10, .5, nil)
	s.show(3, 4, 20, nil) // everything takes 40 times as long
	if s.m.Cap() != 0 || s.reasons[0] != ManyDropped {
		t.Errorf("cap %d after %v", s.m.Cap(), s.reasons)
	}
}

func TestSomeDroppedTakeOneLevel(t *testing.T) {
	s := watching()
	s.show(2, 10, .3, nil)
	s.show(3, 5, .8, func(o *Observation) { dropping(2)(o); o.DecodeP95 = period })
	s.expect(t, 2, SomeDropped)
}

func TestLoadLeadsLostPictures(t *testing.T) {
	s := watching()
	s.show(2, 10, .35, nil)
	s.show(3, 20, .9, nil)
	if s.m.Cap() != 2 || s.reasons[0] != DecodeSlow {
		t.Errorf("cap %d after %v", s.m.Cap(), s.reasons)
	}
}

func TestAnEmptyQueueLeads(t *testing.T) {
	s := watching()
	s.show(2, 10, .35, nil)
	s.show(3, 2, .88, func(o *Observation) { o.Late = 6 })
	s.expect(t, 2, DecodeSlow)
}

func TestAHeavySceneIsNoReason(t *testing.T) {
	s := watching()
	for range 20 {
		s.show(3, 10, .7, nil)
		s.show(3, 2, .98, nil)
	}
	s.expect(t, 3)
}

// TestNotTheDevicesFault: what says nothing of rendering changes nothing.
func TestNotTheDevicesFault(t *testing.T) {
	for name, change := range map[string]func(*Observation){
		"starved":       func(o *Observation) { o.Starved = true },
		"to be ignored": func(o *Observation) { o.Ignore = true },
		"few pictures":  func(o *Observation) { o.Shown, o.Dropped = 1, 3 },
		"no period":     func(o *Observation) { o.PicturePeriod = 0 },
		"no such level": func(o *Observation) { o.Level = 9 },
		"no level":      func(o *Observation) { o.Level = -1 },
		"drops that no load explains": func(o *Observation) {
			*o = Observation{Now: o.Now, Level: 3, PicturePeriod: period, Decoded: 25, Shown: 23, Dropped: 2, DecodeMean: 1e6, DecodeP95: 2e6}
		},
	} {
		s := watching()
		s.show(3, 20, 1.5, change)
		if s.expect(t, 3); t.Failed() {
			t.Fatal(name)
		}
	}
	s := watching()
	s.show(3, 20, 1.5, nil)
	if s.m.Cap() == 3 {
		t.Error("the same without excuse is no offence either: the tests above show nothing")
	}
}

func TestWhatIsBufferedIsNotChargedTwice(t *testing.T) {
	s := watching()
	s.show(0, 5, .02, nil)
	s.show(1, 5, .06, nil)
	s.show(2, 10, .2, nil)
	s.show(3, 2, 1.5, nil)
	after := s.m.Cap()
	s.show(3, 30, 1.5, nil) // is still in the buffer
	if s.m.Cap() != after || after != 2 {
		t.Errorf("cap %d, and %d after what was buffered: %v", after, s.m.Cap(), s.reasons)
	}
}

// TestAPassingBurdenCostsLittle: another program takes the device for 10 s.
func TestAPassingBurdenCostsLittle(t *testing.T) {
	for name, change := range map[string]func(*Observation){
		"seen": func(o *Observation) { o.Device, o.Process = 1, .4 }, "not seen": nil,
	} {
		s := watching()
		loads := []float64{.02, .06, .18, .5}
		s.show(2, 10, .18, nil)
		s.follow(30, loads)
		for range 10 {
			level := s.m.Cap()
			s.show(level, 1, 3*loads[level], change)
		}
		if s.m.Cap() == 3 {
			t.Errorf("%s: the burden changed nothing", name)
		}
		s.follow(40, loads)
		if s.m.Cap() != 3 {
			t.Errorf("%s: cap %d 40 s after the burden went, %v", name, s.m.Cap(), s.reasons)
		}
	}
}

// TestASlowDeviceIsNotAskedAgainAndAgain: a trial is a visible failure.
func TestASlowDeviceIsNotAskedAgainAndAgain(t *testing.T) {
	for _, top := range []float64{.95, 1.1, 1.3, 1.6, 3, 20} {
		s := watching()
		s.follow(3600, []float64{.02, .06, .18, top})
		trials := 0
		for _, why := range s.reasons {
			if why == Probe || why == Offered {
				trials++
			}
		}
		if trials > 6 || s.m.Cap() != 2 {
			t.Errorf("load %.2f: %d trials in an hour, cap %d: %v", top, trials, s.m.Cap(), s.reasons)
		}
	}
}

// TestOneLevelAloneIsLeftOut, and the one above it is offered.
func TestOneLevelAloneIsLeftOut(t *testing.T) {
	s := watching()
	loads := []float64{.02, .06, 1.6, .4}
	s.show(1, 10, .06, nil)
	s.show(2, 2, 1.6, nil)
	if s.m.Cap() != 0 && s.m.Cap() != 1 {
		t.Fatalf("cap %d after %v", s.m.Cap(), s.reasons)
	}
	s.follow(60, loads)
	if s.m.Cap() != 3 || !s.m.Avoids(2) || s.m.Avoids(1) || s.m.Avoids(3) {
		t.Errorf("cap %d, level 2 left out: %t; %v", s.m.Cap(), s.m.Avoids(2), s.reasons)
	}
	slow := watching()
	slow.show(1, 10, .06, nil)
	slow.show(2, 2, 1.6, nil)
	slow.follow(600, []float64{.02, .06, 1.6, 5})
	if slow.m.Cap() != 1 || slow.m.Avoids(2) {
		t.Errorf("a device that is slow from level 2 on: cap %d, %v", slow.m.Cap(), slow.reasons)
	}
}

func TestHeatHoldsLonger(t *testing.T) {
	returns := func(hot bool) int {
		s := watching()
		s.show(2, 10, .2, nil)
		s.show(3, 10, .6, nil)
		s.show(3, 4, 1.2, func(o *Observation) { o.Throttled = hot })
		s.show(2, 200, .2, nil)
		return slices.Index(s.caps[24:], 3)
	}
	if cool, hot := returns(false), returns(true); cool < 0 || hot < cool+15 {
		t.Errorf("back after %d s, with heat after %d s; want at least 15 s more", cool, hot)
	}
}

func TestThreadsAreCountedOn(t *testing.T) {
	s := &screening{m: New(ladder)}
	s.show(0, 5, .03, nil)
	s.show(1, 20, .1, nil)
	alone := s.m.Cap()
	s = &screening{m: New(ladder)}
	four := func(o *Observation) { o.Threads, o.MostThreads = 1, 4 }
	s.show(0, 5, .03, four)
	s.show(1, 20, .1, four)
	if alone != 2 || s.m.Cap() != 3 {
		t.Errorf("with one thread level %d is offered, with up to four level %d", alone, s.m.Cap())
	}
	before := s.m.Expected(1)
	s.show(1, 5, .01, func(o *Observation) { o.Threads, o.MostThreads = 4, 4 })
	if after := s.m.Expected(1); after > 1.1*before || after < before/1.1 {
		t.Errorf("a load of %.3f is expected, and of %.3f once four threads decode and keep nobody waiting", before, after)
	}
}

// TestThreadsHideTheirWork: what the decode loop waits is what is too much for
// all threads but one.
func TestThreadsHideTheirWork(t *testing.T) {
	for _, c := range []struct {
		threads    int
		took, show time.Duration
		load       float64
		exact      bool
	}{
		{0, 10 * time.Millisecond, 0, .25, true},
		{1, 10 * time.Millisecond, 2 * time.Millisecond, .3, true},
		{2, 100 * time.Microsecond, 0, .5, false},
		{2, 20 * time.Millisecond, 0, .75, true},
		{2, 40 * time.Millisecond, 0, 1, true},
		{2, 60 * time.Millisecond, 0, 1.5, true},
		{4, 20 * time.Millisecond, 0, .875, true},
		{4, 0, 8 * time.Millisecond, .8, false},
	} {
		o := Observation{PicturePeriod: period, Threads: c.threads, Decoded: 25, DecodeMean: c.took, Showing: c.show}
		if load, exact := o.load(o.DecodeMean); load < c.load-1e-9 || load > c.load+1e-9 || exact != c.exact {
			t.Errorf("%d threads, %v a picture: %.3f, exact %t; want %.3f, %t", c.threads, c.took, load, exact, c.load, c.exact)
		}
	}
	s := watching()
	s.show(2, 10, .3, nil)
	s.show(3, 300, .01, func(o *Observation) { o.Threads, o.MostThreads = 8, 8 })
	s.expect(t, 3)
}

// TestAQuotaThatIsUsedUpLeads: pictures would be lost soon.
func TestAQuotaThatIsUsedUpLeads(t *testing.T) {
	for _, c := range []struct {
		process, load float64
		held          bool
		cap           int
	}{{.95, .6, true, 2}, {.95, .6, false, 3}, {.8, .6, true, 3}, {.95, .1, true, 3}} {
		s := watching()
		s.show(2, 10, .2, nil)
		s.show(3, 8, .5, nil)
		s.show(3, 4, c.load, func(o *Observation) { o.Device, o.Process, o.Throttled = 1, c.process, c.held })
		if s.m.Cap() != c.cap {
			t.Errorf("%+v: cap %d, %v", c, s.m.Cap(), s.reasons)
		}
	}
}

// TestABusyDeviceIsLearnedAllTheSame: others that were there before are no
// disturbance, and what disturbs leaves what a glance said.
func TestABusyDeviceIsLearnedAllTheSame(t *testing.T) {
	s := &screening{m: New(ladder)}
	s.m.Glance(Observation{Level: 0, PicturePeriod: period, Decoded: 7, DecodeMean: period / 100})
	s.show(0, 3, .01, func(o *Observation) { o.Device, o.Process = .9, .1 })
	if s.m.levels[0].own == 0 {
		t.Error("nothing was learned of the lowest level")
	}
	s = &screening{m: New(ladder)}
	s.m.Glance(Observation{Level: 0, PicturePeriod: period, Decoded: 7, DecodeMean: period / 100})
	s.show(0, 1, .01, func(o *Observation) { o.Ignore = true })
	s.show(0, 1, .01, nil)
	s.m.others = 0
	s.show(1, 4, .1, func(o *Observation) { o.Device, o.Process = .9, .1 })
	if s.m.Expected(3) == 0 {
		t.Error("nothing is expected of the top level any more")
	}
}

// TestAQuotaIsFeltByHeavyPictures: what little pictures take says little of what
// large ones will, where the process uses up what it is left.
func TestAQuotaIsFeltByHeavyPictures(t *testing.T) {
	for held, cap := range map[bool]int{false: 2, true: 1} {
		s := &screening{m: New(ladder)}
		quota := func(o *Observation) {
			o.Device = .15 + .3*float64(o.Level)
			o.Process, o.Throttled = o.Device, held && o.Level > 0
		}
		s.show(0, 5, .02, quota)
		s.show(1, 20, .06, quota)
		if s.m.Cap() < cap || held && s.m.Cap() > cap {
			t.Errorf("held down: %t: level %d is offered, with %.2f expected of level 2", held, s.m.Cap(), s.m.Expected(2))
		}
	}
}

// TestEffort is the last resort: where no lower level is left the decoder works
// less, step by step, and more again when it can.
func TestEffort(t *testing.T) {
	for name, fixed := range map[string]func(*Observation){
		"at the lowest level":    func(*Observation) {},
		"at a level that is set": func(o *Observation) { o.Level, o.Lowest = 2, 2 },
	} {
		s := watching()
		burden := 1.6
		var efforts []Effort
		step := func(seconds int) {
			for range seconds {
				e := s.m.Effort()
				if n := len(efforts); n == 0 || efforts[n-1] != e {
					efforts = append(efforts, e)
				}
				s.show(0, 1, burden*remains[e], fixed)
			}
		}
		step(120)
		if !slices.Equal(efforts, []Effort{FullEffort, NoLoopFilter, References}) {
			t.Errorf("%s: the efforts are %v", name, efforts)
		}
		if !slices.Contains(s.reasons, LessEffort) {
			t.Errorf("%s: the reasons are %v", name, s.reasons)
		}
		burden, efforts = .3, nil
		step(120)
		if !slices.Equal(efforts, []Effort{References, NoLoopFilter, FullEffort}) {
			t.Errorf("%s: with the burden gone the efforts are %v", name, efforts)
		}
		burden, efforts = 9, nil
		step(60)
		if efforts[len(efforts)-1] != Keys {
			t.Errorf("%s: a device that can do nothing comes to %v", name, efforts)
		}
	}
}

// TestEffortComesBack two minutes after a burden has gone, however often it came
// back before, and also on a device that is always held down.
func TestEffortComesBack(t *testing.T) {
	for name, c := range map[string]struct {
		waves  int
		change func(*Observation)
	}{
		"after a long time":    {0, nil},
		"after several waves":  {6, nil},
		"while held down":      {0, func(o *Observation) { o.Throttled, o.Process, o.Device = true, 0.3, 0.4 }},
		"waves, and held down": {6, func(o *Observation) { o.Throttled, o.Process, o.Device = true, 0.3, 0.4 }},
	} {
		s := watching()
		step := func(seconds int, burden float64) {
			for range seconds {
				s.show(0, 1, burden*remains[s.m.Effort()], c.change)
			}
		}
		for range c.waves {
			step(15, 1.6)
			for s.m.Effort() == References && s.now < time.Hour {
				step(1, 0.6)
			}
		}
		step(40, 1.6)
		if s.m.Effort() != References {
			t.Fatalf("%s: under the burden the effort is %v", name, s.m.Effort())
		}
		tries, held := s.m.relax.tries, s.m.relax.until-s.now
		step(120, 0.3)
		if s.m.Effort() != FullEffort {
			t.Errorf("%s: two minutes after the burden the effort is %v, %d tries had failed, the last was held for %v",
				name, s.m.Effort(), tries, held)
		}
	}
}

func TestNoEffortIsSparedWhileALowerLevelIsLeft(t *testing.T) {
	s := watching()
	s.follow(300, []float64{.5, 1.2, 3, 9})
	if s.m.Effort() != FullEffort || s.m.Cap() != 0 {
		t.Errorf("effort %v, cap %d", s.m.Effort(), s.m.Cap())
	}
}

// TestCapStaysInRange, whatever is observed, and equal observations give equal
// caps.
func TestCapStaysInRange(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		n := random.IntN(len(rungs) + 1)
		a, b := New(rungs[:n]), New(rungs[:n])
		now := time.Duration(0)
		for range 400 {
			now += time.Duration(random.IntN(2000)) * time.Millisecond
			o := Observation{
				Now: now, Level: random.IntN(n+2) - 1, Lowest: random.IntN(n + 1), PicturePeriod: time.Duration(random.IntN(3)) * period,
				Shown: random.IntN(30), Dropped: random.IntN(30), Late: random.IntN(30), Decoded: random.IntN(30),
				DecodeMean: time.Duration(random.IntN(80)) * time.Millisecond, Starved: random.IntN(5) == 0, Ignore: random.IntN(9) == 0,
				Threads: random.IntN(9), MostThreads: random.IntN(9), Device: random.Float64(), Process: random.Float64(), Throttled: random.IntN(9) == 0,
			}
			o.DecodeP95 = o.DecodeMean * 2
			cap, effort := a.Cap(), a.Effort()
			_, why := a.Observe(o)
			_, why2 := b.Observe(o)
			if a.Cap() != b.Cap() || a.Effort() != b.Effort() || why != why2 {
				t.Fatal("equal observations, different answers")
			}
			if a.Cap() < 0 || a.Cap() > max(n-1, 0) || a.Effort() > Keys {
				t.Fatalf("cap %d of %d levels, effort %v", a.Cap(), n, a.Effort())
			}
			if (a.Cap() != cap || a.Effort() != effort) && why == Unchanged {
				t.Fatalf("cap %d after %d, effort %v after %v, and no reason", a.Cap(), cap, a.Effort(), effort)
			}
			for q := range n {
				if e := a.Expected(q); !(e >= 0 && e < 1e9) {
					t.Fatalf("a load of %v is expected of level %d", e, q)
				}
			}
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	m := New(rungs)
	d := Device{Loads: []float64{.1, .3, .5, 1.1, 1.8, 3}, Spread: .2}
	d.Play(0, FullEffort, time.Second)
	m.Observe(d.Take())
	if n := testing.AllocsPerRun(1000, func() {
		d.Play(m.Cap(), m.Effort(), time.Second)
		m.Observe(d.Take())
	}); n > 0 {
		t.Errorf("%v allocations an observation", n)
	}
}

func BenchmarkObserve(b *testing.B) {
	m := New(rungs)
	o := Observation{Level: 1, PicturePeriod: period, Decoded: 25, Shown: 25, DecodeMean: 5 * time.Millisecond, DecodeP95: 8 * time.Millisecond}
	b.ReportAllocs()
	for b.Loop() {
		o.Now += time.Second
		m.Observe(o)
	}
}
