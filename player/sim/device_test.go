package sim

import (
	"testing"
	"time"

	"smoothplay/heuristics"
	"smoothplay/heuristics/policy"
	"smoothplay/heuristics/renderload"
	"smoothplay/player/event"
)

// uncapped is a Monitor that never finds anything.
type uncapped struct{ top int }

func (u uncapped) Cap() int { return u.top }
func (u uncapped) Observe(renderload.Observation) (int, renderload.Reason) {
	return u.top, renderload.Unchanged
}

func careless(levels []heuristics.Level) Monitor { return uncapped{len(levels) - 1} }

// TestDeviceThatIsTooSlow plays on a device that is slow for a while: the cap
// keeps most of the pictures.
func TestDeviceThatIsTooSlow(t *testing.T) {
	slow, err := renderload.ParseTrace("1:60s,3:200s,1:300s")
	if err != nil {
		t.Fatal(err)
	}
	play := func(d *Device) (*Result, []event.Event) {
		p, err := policy.New(policy.Throughput, policy.Config{})
		if err != nil {
			t.Fatal(err)
		}
		var log event.Recorder
		r := simulate(t, Config{Movie: BuiltIn(), Link: flat(20e6), Policy: p, Device: d, Events: &log})
		return r, log.Events()
	}
	fast, _ := play(&Device{})
	if fast.Pictures != 600*25 || fast.Lost > 150 || fast.Capped > 30*time.Second {
		t.Errorf("a device that is fast enough: %d of %d pictures lost, capped for %v", fast.Lost, fast.Pictures, fast.Capped)
	}
	lost, _ := play(&Device{Trace: slow, Monitor: careless})
	if lost.Lost < 200*25/10 || lost.Capped != 0 {
		t.Errorf("nobody caps: %d of %d pictures lost, capped for %v", lost.Lost, lost.Pictures, lost.Capped)
	}
	capped, events := play(&Device{Trace: slow})
	if capped.Lost > lost.Lost/5 || capped.Capped < 150*time.Second || capped.Capped > 500*time.Second {
		t.Errorf("capped: %d of %d pictures lost, capped for %v", capped.Lost, lost.Lost, capped.Capped)
	}
	agrees(t, capped, BuiltIn(), events)
	if caps := event.Bodies[event.RenderLoad](events); len(caps) == 0 || caps[len(caps)-1].Top != 5 {
		t.Errorf("%d changes of the cap told", len(caps))
	}
	ended := events[len(events)-1].Body.(event.SessionEnded)
	if ended.Summary.PicturesDropped != capped.Lost || (ended.Summary.Capped-capped.Capped).Abs() > 10*time.Second {
		t.Errorf("the Summary has %d pictures dropped and %v capped, the Result %d and %v", ended.Summary.PicturesDropped, ended.Summary.Capped, capped.Lost, capped.Capped)
	}
	if again, _ := play(&Device{Trace: slow}); again.Lost != capped.Lost || again.Capped != capped.Capped {
		t.Error("the same session came out otherwise")
	}
}
