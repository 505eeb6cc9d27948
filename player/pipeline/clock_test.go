package pipeline

import (
	"math/rand/v2"
	"testing"
	"time"
)

const ms = time.Millisecond

var noon = time.Date(2000, 1, 1, 12, 0, 0, 0, time.UTC)

func TestClockStandsRunsAndStops(t *testing.T) {
	var c Clock
	expect := func(what string, at time.Time, want time.Duration, running bool) {
		t.Helper()
		if got := c.Position(at); got != want || c.Running() != running {
			t.Errorf("%s: at %v, running %t, want %v, %t", what, got, c.Running(), want, running)
		}
	}
	expect("new", noon, 0, false)
	c.Set(3 * time.Second)
	expect("set", noon.Add(time.Hour), 3*time.Second, false)
	c.Start(5*time.Second, noon)
	expect("started", noon.Add(250*ms), 5250*ms, true)
	c.Stop(noon.Add(time.Second))
	expect("stopped", noon.Add(time.Hour), 6*time.Second, false)
	c.Stop(noon.Add(2 * time.Hour))
	expect("stopped twice", noon.Add(3*time.Hour), 6*time.Second, false)
	c.Follow(9*time.Second, 1, noon)
	expect("a clock that stands follows nothing", noon, 6*time.Second, false)
}

func TestClockFollows(t *testing.T) {
	for _, c := range []struct {
		name        string
		off, follow time.Duration // of what is heard; of the clock, after one Follow
		jumps       bool
	}{
		{"exact", 0, 0, false},
		{"a little ahead is left alone", 49 * time.Microsecond, 0, false},
		{"a little behind is left alone", -49 * time.Microsecond, 0, false},
		{"ahead is approached", 16 * ms, 2 * ms, false},
		{"behind is approached", -16 * ms, -2 * ms, false},
		{"the most that is approached", 30 * ms, 3750 * time.Microsecond, false},
		{"far ahead is jumped to", 31 * ms, 31 * ms, true},
		{"far behind is jumped to", -31 * ms, -31 * ms, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var clock Clock
			clock.Start(10*time.Second, noon)
			_, _, changed := clock.Due(0)
			at := noon.Add(time.Second)
			clock.Follow(11*time.Second+c.off, 1, at)
			if got := clock.Position(at) - 11*time.Second; got != c.follow {
				t.Errorf("the clock moved by %v, want %v", got, c.follow)
			}
			if isClosed(changed) != c.jumps {
				t.Errorf("told of a change: %t", isClosed(changed))
			}
		})
	}
}

// TestClockIsSmooth follows a sound device that reports in an unsteady manner,
// as devices do: media time never moves back, and stays near the mean of what
// is reported.
func TestClockIsSmooth(t *testing.T) {
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		var c Clock
		c.Start(0, noon)
		last := time.Duration(0)
		for i := range 3000 {
			elapsed := time.Duration(i) * 7 * ms
			at := noon.Add(elapsed)
			heard := elapsed + 12*ms + time.Duration(rnd.IntN(20)-10)*ms
			c.Follow(heard, 1, at)
			now := c.Position(at)
			if now < last {
				t.Fatalf("seed %d, at %v: media time moved back by %v", seed, elapsed, last-now)
			}
			last = now
			if off := now - elapsed - 12*ms; i > 200 && off.Abs() > 8*ms {
				t.Fatalf("seed %d, at %v: %v off what is heard", seed, elapsed, off)
			}
		}
	}
}

func TestDue(t *testing.T) {
	var c Clock
	if _, running, _ := c.Due(time.Second); running {
		t.Error("a clock that stands says when")
	}
	_, _, changed := c.Due(0)
	_, _, same := c.Due(0)
	for _, step := range []struct {
		name string
		do   func()
	}{
		{"Start", func() { c.Start(time.Second, noon) }},
		{"Stop", func() { c.Stop(noon.Add(time.Second)) }},
		{"Set", func() { c.Set(0) }},
	} {
		_, _, changed := c.Due(0)
		if isClosed(changed) {
			t.Errorf("before %s: a change was told already", step.name)
		}
		step.do()
		if !isClosed(changed) {
			t.Errorf("%s was not told", step.name)
		}
	}
	if !isClosed(changed) || !isClosed(same) {
		t.Error("not everybody who waited was told")
	}
	c.Start(10*time.Second, noon)
	if due, running, _ := c.Due(12 * time.Second); !running || !due.Equal(noon.Add(2*time.Second)) {
		t.Errorf("due %v, running %t", due, running)
	}
	if due, _, _ := c.Due(9 * time.Second); !due.Equal(noon.Add(-time.Second)) {
		t.Errorf("what is past was due %v", due)
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
