package player_test

import (
	"sync/atomic"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// oneCore are decoders that share one core: each open one slows down all.
type oneCore struct {
	null.Decoders
	open atomic.Int32
}

func (c *oneCore) OpenVideo(f platform.Format) (platform.VideoDecoder, error) {
	d, err := c.Decoders.OpenVideo(f)
	if err != nil {
		return nil, err
	}
	c.open.Add(1)
	return &coreDecoder{VideoDecoder: d, of: c}, nil
}

type coreDecoder struct {
	platform.VideoDecoder
	of     *oneCore
	closed bool
}

func (d *coreDecoder) Close() error {
	if !d.closed {
		d.closed = true
		d.of.open.Add(-1)
	}
	return d.VideoDecoder.Close()
}

// TestInsetsGoFirst: a device that has no room for small pictures any more loses them, and
// neither the level that is played nor its sound.
func TestInsetsGoFirst(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		core := &oneCore{}
		core.Cost = func(s *platform.Sample) time.Duration {
			if s.Duration != period {
				return 11 * time.Microsecond // sound
			}
			cost := ms
			if s.PTS >= 16*sec {
				cost = 7400 * time.Microsecond
			}
			return time.Duration(core.open.Load())*cost + 11*time.Microsecond
		}
		return playertest.Scenario{
			Handler: stadium(false), Decoders: core,
			Script: []playertest.Step{
				{At: 10*sec + 137*time.Microsecond, Do: func(s *playertest.Session) { s.Must(s.Player.ShowInsets(s.Ctx, true)) }},
				{At: 25 * sec, Do: func(s *playertest.Session) {
					if s.Player.Status().Insets {
						s.T.Error("the status says that they are there")
					}
				}},
			},
		}
	})
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	told := event.Bodies[event.Insets](r.Events)
	if len(told) != 2 || !told[0].On || told[1].On || told[1].Cause != "render_load" {
		t.Fatalf("of the insets it tells %+v", told)
	}
	for _, e := range event.Bodies[event.RenderLoad](r.Events) {
		if e.Cap < e.Top || e.Effort != "" {
			t.Errorf("levels or work are left out: %+v", e)
		}
	}
	var on, off time.Time
	lost, late := 0, 0
	for _, e := range r.Events {
		switch body := e.Body.(type) {
		case event.Insets:
			at := r.Began.Add(e.At)
			if body.On {
				on = at
			} else {
				off = at
			}
		case event.FramesDropped:
			lost += body.Count
			if !off.IsZero() && r.Began.Add(e.At).Sub(off) > 2*sec {
				late += body.Count
			}
		}
	}
	if busy := off.Sub(r.Began.Add(16 * sec)); busy < 0 || busy > 3*sec {
		t.Errorf("they go %v after the device became slow", busy)
	}
	if lost > 50 || late > 0 {
		t.Errorf("%d pictures were lost, %d of them more than two seconds after the insets were gone", lost, late)
	}
	seen := 0
	for _, f := range r.Shown {
		if f.Insets > 0 {
			seen++
		}
		if f.Insets > 0 && (f.At.Before(on) || f.At.After(off.Add(period))) {
			t.Errorf("at %v there are %d insets", f.At.Sub(r.Began), f.Insets)
		}
	}
	if seen < 4*25 {
		t.Errorf("%d pictures had any", seen)
	}
	if r.Summary.Stalls > 0 || r.Sound.Underruns > 0 {
		t.Errorf("%d stalls, %d underruns", r.Summary.Stalls, r.Sound.Underruns)
	}
	playertest.Golden(t, "angles/insets_go_first", r.Events)
}
