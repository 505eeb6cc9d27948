package player_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/platform/platformtest"
	"smoothplay/platform/slow"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// slowAtTheTop decodes all levels with ease but the highest one: nothing
// foretells it.
func slowAtTheTop() *null.Decoders {
	width := 0 // of the decoder's goroutine
	return &null.Decoders{Cost: func(s *platform.Sample) time.Duration {
		if s.Format != nil && s.Format.Kind == platform.Video {
			width = s.Format.Width
		}
		if s.Duration == period && width == 1280 {
			return 60*ms + 11*time.Microsecond
		}
		return ms + 11*time.Microsecond
	}}
}

// TestTheSecondSessionDoesNotTryTheBadLevel: what the first one learned the hard
// way is in the Store.
func TestTheSecondSessionDoesNotTryTheBadLevel(t *testing.T) {
	show := func(store platform.Store) playertest.Scenario {
		p := playertest.Default()
		p.Length = time.Minute
		return playertest.Scenario{Handler: p, Decoders: slowAtTheTop(), Store: store}
	}
	var store *platformtest.MemoryStore
	first := playertest.RunThrice(t, func() playertest.Scenario {
		store = &platformtest.MemoryStore{}
		return show(store)
	})
	text, err := store.Get("render_load")
	if err != nil || !strings.Contains(string(text), "too_much") {
		t.Fatalf("in the Store is %s, %v", text, err)
	}
	second := playertest.RunThrice(t, func() playertest.Scenario {
		again := &platformtest.MemoryStore{}
		if err := again.Put("render_load", text); err != nil {
			t.Error(err)
		}
		return show(again)
	})
	top := func(r *playertest.Result) (fetched, lost int) {
		for _, f := range event.Bodies[event.Fragment](r.Events) {
			if f.Track == "video" && f.Level == 3 {
				fetched++
			}
		}
		return fetched, int(r.Summary.PicturesDropped)
	}
	if fetched, lost := top(first); fetched == 0 || lost == 0 || lost > 60 {
		t.Errorf("the first session fetched the level %d times and lost %d pictures", fetched, lost)
	}
	if fetched, lost := top(second); fetched != 0 || lost != 0 {
		t.Errorf("the second session fetched the level %d times and lost %d pictures", fetched, lost)
	}
	if shown := second.Summary.Levels[2].Shown; shown < 50*time.Second {
		t.Errorf("the highest level that is rendered in time was shown for %v of a minute", shown)
	}
	unbroken(t, first, time.Minute)
	unbroken(t, second, time.Minute)
	playertest.Golden(t, "slow_at_the_top", first.Events)
	playertest.Golden(t, "slow_at_the_top_remembered", second.Events)
}

// TestEffortIsTheLastResort: a device on which even the lowest level is too much
// leaves out work, step by step, and takes it up again. The sound does not notice.
func TestEffortIsTheLastResort(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		p := playertest.Default()
		p.Length = 2 * time.Minute
		fast := &null.Decoders{Cost: func(*platform.Sample) time.Duration { return 20*ms + 11*time.Microsecond }}
		return playertest.Scenario{Handler: p, Decoders: &slow.Decoders{Decoders: fast, Factor: func(since time.Duration) float64 {
			if since > 20*time.Second && since < time.Minute {
				return 2.6
			}
			return 1
		}}}
	})
	if r.Err != nil {
		t.Error(r.Err)
	}
	var efforts, reasons []string
	for _, e := range event.Bodies[event.RenderLoad](r.Events) {
		if n := len(efforts); n == 0 || efforts[n-1] != e.Effort {
			efforts = append(efforts, e.Effort)
			reasons = append(reasons, e.Reason)
		}
	}
	if want := []string{"", "no_loop_filter", "references", "no_loop_filter", ""}; !slices.Equal(efforts, want) {
		t.Errorf("the efforts are %q, for %q", efforts, reasons)
	}
	// All pictures that others refer to are shown while the effort lasts.
	inEffort, shown := 0, 0
	for at := 30 * time.Second; at < 58*time.Second; at += 3 * period {
		inEffort++
		if slices.ContainsFunc(r.Shown, func(s null.Shown) bool { return s.PTS >= at && s.PTS < at+3*period }) {
			shown++
		}
	}
	if shown < inEffort*95/100 {
		t.Errorf("of each three pictures one is shown in %d of %d cases", shown, inEffort)
	}
	if last := r.Shown[len(r.Shown)-1].PTS; last != 2*time.Minute-period {
		t.Errorf("the last picture is that of %v", last)
	}
	unbroken(t, r, 2*time.Minute)
	playertest.Golden(t, "effort", r.Events)
}
