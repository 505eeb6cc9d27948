package save

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/player/origin"
)

const liveURL = "http://test/demo.isml/Manifest"

// inLive runs a test in a bubble with a live origin.
func inLive(t *testing.T, live origin.Live, test func(t *testing.T, o *origin.Origin)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if live.Start.IsZero() {
			live.Start = time.Now().Add(-10 * time.Minute)
		}
		if !live.End.IsZero() {
			live.End = time.Now().Add(time.Until(live.End))
		}
		test(t, newOrigin(t, origin.Config{Live: &live}))
	})
}

// The window is saved as it is, at once.
func TestLiveWindow(t *testing.T) {
	inLive(t, origin.Live{Window: time.Minute}, func(t *testing.T, o *origin.Origin) {
		path := target(t)
		s, err := inBubble(t, o, t.Context(), Config{URL: liveURL, Output: path, Levels: level(0)})
		must(t, err)
		if s.Duration < 55*time.Second || s.Duration > time.Minute || !s.Live || s.Elapsed > 5*time.Second || s.MissingPieces > 0 {
			t.Errorf("%+v", s)
		}
		m := decode(t, path)
		if len(m.Moov.Traks) != 3 {
			t.Fatalf("%d tracks", len(m.Moov.Traks))
		}
		for _, trak := range m.Moov.Traks {
			if _, end := presented(t, m, trak); end < s.Duration.Seconds()-.03 || end > s.Duration.Seconds()+.03 {
				t.Errorf("a track ends at %v of %v", end, s.Duration)
			}
		}
	})
}

// A recording goes on as the event does, for as long as it was told to.
func TestLiveFor(t *testing.T) {
	inLive(t, origin.Live{Window: 30 * time.Second}, func(t *testing.T, o *origin.Origin) {
		s, err := inBubble(t, o, t.Context(), Config{URL: liveURL, Output: target(t), Levels: level(0), From: Place{Of: Edge}, For: 10 * time.Minute})
		must(t, err)
		if s.Duration != 10*time.Minute || s.MissingPieces != 0 {
			t.Errorf("%v, %d missing", s.Duration, s.MissingPieces)
		}
		if s.Elapsed < 10*time.Minute || s.Elapsed > 10*time.Minute+20*time.Second {
			t.Errorf("it took %v", s.Elapsed)
		}
	})
}

// Where the encoder is away there is a gap, and the rest is in its place.
func TestLiveGap(t *testing.T) {
	inLive(t, origin.Live{Window: 30 * time.Second}, func(t *testing.T, o *origin.Origin) {
		faults, err := origin.ParseFaults("encoder-gap@20s-40s")
		must(t, err)
		o.AddFaults(faults)
		path := target(t)
		s, err := inBubble(t, o, t.Context(), Config{URL: liveURL, Output: path, Levels: level(0), NoAudio: true, From: Place{Of: Edge}, For: time.Minute})
		must(t, err)
		m := decode(t, path)
		times, end := presented(t, m, m.Moov.Traks[0])
		if s.Duration != time.Minute || end != 60 || len(times) > 41*25 || len(times) < 36*25 {
			t.Errorf("%v, %v, %d pictures", s.Duration, end, len(times))
		}
	})
}

// With Follow the recording ends with the event, however that tells.
func TestLiveFollow(t *testing.T) {
	for _, c := range []struct {
		ending  origin.Ending
		stalled bool
	}{{origin.EndClosed, false}, {origin.EndAbsent, false}, {origin.EndSilent, true}, {origin.EndLost, true}} {
		synctest.Test(t, func(t *testing.T) {
			o := newOrigin(t, origin.Config{Live: &origin.Live{Start: time.Now().Add(-time.Minute), End: time.Now().Add(time.Minute), Ending: c.ending}})
			s, err := inBubble(t, o, t.Context(), Config{URL: liveURL, Output: target(t), Levels: level(0), Follow: true})
			if errors.Is(err, ErrStalled) != c.stalled || err != nil && !c.stalled || s == nil {
				t.Fatalf("%s: %v", c.ending, err)
			}
			if s.Duration < 116*time.Second || s.Duration > 120*time.Second || s.MissingPieces > 0 {
				t.Errorf("%s: %v, %d missing", c.ending, s.Duration, s.MissingPieces)
			}
			if c.stalled != (s.Elapsed > 2*time.Minute) {
				t.Errorf("%s: it took %v", c.ending, s.Elapsed)
			}
		})
	}
}

// Who records stops when there is enough: the file is complete.
func TestLiveStopped(t *testing.T) {
	inLive(t, origin.Live{}, func(t *testing.T, o *origin.Origin) {
		ctx, cancel := context.WithTimeout(t.Context(), 45*time.Second)
		defer cancel()
		path := target(t)
		s, err := inBubble(t, o, ctx, Config{URL: liveURL, Output: path, Levels: level(0), From: Place{Of: Edge}, Follow: true})
		must(t, err)
		if s.Duration < 36*time.Second || s.Duration > 46*time.Second || s.MissingPieces > 0 {
			t.Errorf("%+v", s)
		}
		decode(t, path)
	})
}

// A recording that was killed goes on where it was, while the window reaches back
// to there.
func TestLiveResumed(t *testing.T) {
	for _, away := range []time.Duration{20 * time.Second, 2 * time.Minute} {
		inLive(t, origin.Live{Window: time.Minute}, func(t *testing.T, o *origin.Origin) {
			cfg := Config{URL: liveURL, Output: target(t), Levels: level(0), NoAudio: true, From: Place{Of: Edge}, For: 4 * time.Minute}
			// What a kill leaves is what there is before the end of Run: copied away.
			copied := target(t)
			cfg.Progress = func(p Progress) {
				if p.Position > time.Minute && p.Position < 64*time.Second {
					copyFile(t, cfg.Output+".part", copied+".part")
					copyFile(t, cfg.Output+".part.log", copied+".part.log")
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), 70*time.Second)
			defer cancel()
			_, err := inBubble(t, o, ctx, cfg)
			must(t, err)
			time.Sleep(away)
			cfg.Output, cfg.Progress = copied, nil
			s, err := inBubble(t, o, t.Context(), cfg)
			var incomplete *IncompleteError
			if errors.As(err, &incomplete) {
				err = nil
				if incomplete.Pieces != 1 || (incomplete.Media-70*time.Second).Abs() > 10*time.Second {
					t.Errorf("away for %v: %v", away, incomplete)
				}
			}
			must(t, err)
			if (incomplete != nil) != (away > time.Minute) {
				t.Errorf("away for %v: %v", away, incomplete)
			}
			if !s.Resumed || s.Duration != 4*time.Minute {
				t.Errorf("away for %v: %v", away, s.Duration)
			}
			pictures := s.Tracks[0].Samples
			if whole := pictures >= 4*60*25; whole != (away < time.Minute) {
				t.Errorf("away for %v: %d pictures", away, pictures)
			}
		})
	}
}
