package timeline

import (
	"errors"
	"testing"
	"time"

	"smoothplay/player/manifest"
)

// even is a stream of n chunks of d ticks from t on.
func even(kind string, scale uint64, t, d manifest.Ticks, n uint64) manifest.Stream {
	return manifest.Stream{Type: kind, TimeScale: scale, Runs: []manifest.Run{{T: t, D: d, Count: n}}}
}

func TestUntil(t *testing.T) {
	p := &manifest.Presentation{TimeScale: 1e7, Streams: []manifest.Stream{even("video", 1e7, 5e7, 2e7, 10), even("audio", 48000, 5*48000, 96000, 10)}}
	whole := mustNew(t, p)
	s := whole.Until(7500 * time.Millisecond)
	if s.Duration() != 7500*time.Millisecond || whole.Duration() != 20*time.Second || whole.Stream(0).Len() != 10 {
		t.Fatalf("%v of %v", s.Duration(), whole.Duration())
	}
	for i := range 2 {
		v := s.Stream(i)
		last := v.Chunk(v.Limit() - 1)
		if v.Len() != 4 || last.Start != 6*time.Second || last.End() != 7500*time.Millisecond || last.Lead != 0 || last.Cut.To != 7500*time.Millisecond {
			t.Errorf("%+v of %d", last, v.Len())
		}
		if first := v.Chunk(0); first.Cut != last.Cut || first.Start != 0 || first.Duration != 2*time.Second {
			t.Errorf("%+v", first)
		}
		for _, at := range []struct {
			pos   time.Duration
			index int
		}{{-time.Second, 0}, {0, 0}, {2*time.Second - 1, 0}, {2 * time.Second, 1}, {7 * time.Second, 3}, {7500 * time.Millisecond, 4}, {time.Hour, 4}} {
			if n := v.At(at.pos); n != at.index {
				t.Errorf("chunk %d at %v, want %d", n, at.pos, at.index)
			}
		}
		if v.Position(v.Ticks(3*time.Second)) != 3*time.Second || v.Of(last).Offset(int64(p.Streams[i].TimeScale)) != time.Second {
			t.Error("its units changed")
		}
	}
	if again := s.Until(3 * time.Second); again.Stream(0).Len() != 2 || again.Stream(0).Chunk(1).End() != 3*time.Second {
		t.Errorf("%+v", again.Stream(0).Chunk(1))
	}
	if s.Until(time.Hour) != s || whole.Until(0) != whole || whole.Until(20*time.Second) != whole {
		t.Error("what ends anyhow is another snapshot")
	}
}

func TestClips(t *testing.T) {
	// Clips of 3.5 s and 2.5 s; the second from within a fragment, on a clock of
	// its own and in other units.
	p := &manifest.Presentation{
		TimeScale: 1e7,
		Streams:   []manifest.Stream{{Type: "video", TimeScale: 1e7}},
		Clips: []manifest.Clip{
			{Begin: 14e7, End: 175e6, Streams: []manifest.Stream{even("video", 1e7, 12e7, 2e7, 9)}},
			{Begin: 10e7, End: 125e6, Streams: []manifest.Stream{even("video", 90000, 9*90000, 2*90000, 5)}},
		},
	}
	s := mustNew(t, p)
	v := s.Stream(0)
	if s.Duration() != 6*time.Second || v.Len() != 4 || v.Start() != 0 || v.End() != 6*time.Second {
		t.Fatalf("%v, %d chunks to %v", s.Duration(), v.Len(), v.End())
	}
	ms := time.Millisecond
	one, two := Cut{0, 0, 3500 * ms}, Cut{1, 3500 * ms, 6000 * ms}
	for i, want := range []Chunk{
		{T: 14e7, D: 2e7, Start: 0, Duration: 2000 * ms, Cut: one},
		{T: 16e7, D: 2e7, Start: 2000 * ms, Duration: 1500 * ms, Cut: one},
		{T: 9 * 90000, D: 2 * 90000, Start: 3500 * ms, Duration: 1000 * ms, Lead: 1000 * ms, Cut: two},
		{T: 11 * 90000, D: 2 * 90000, Start: 4500 * ms, Duration: 1500 * ms, Cut: two},
	} {
		want.Index = i
		got := v.Chunk(i)
		if got != want {
			t.Errorf("chunk %d is\n%+v, want\n%+v", i, got, want)
		}
		if v.At(got.Start) != i || v.At(got.End()-1) != i || got.Origin() != got.Start-got.Lead {
			t.Errorf("chunk %d is not where it says", i)
		}
	}
	if v.Of(v.Chunk(0)).Offset(1e7) != time.Second || v.Of(v.Chunk(3)).Offset(90000) != time.Second {
		t.Error("units are mixed up")
	}
	if cut := s.Until(4 * time.Second); cut.Stream(0).Len() != 3 || cut.Stream(0).Chunk(2).End() != 4*time.Second || cut.Stream(0).Chunk(2).Cut.To != 4*time.Second {
		t.Errorf("%+v", cut.Stream(0))
	}
	p.Clips[1].End = p.Clips[1].Begin
	if _, err := New(p); !errors.Is(err, ErrInvalid) {
		t.Errorf("error %v", err)
	}
}

// A clip in which a stream has nothing is a gap in it.
func TestClipWithoutChunks(t *testing.T) {
	p := &manifest.Presentation{
		TimeScale: 1e7,
		Streams:   []manifest.Stream{{Type: "video", TimeScale: 1e7}},
		Clips: []manifest.Clip{
			{Begin: 0, End: 2e7, Streams: []manifest.Stream{{Type: "video", TimeScale: 1e7}}},
			{Begin: 0, End: 2e7, Streams: []manifest.Stream{even("video", 1e7, 0, 2e7, 2)}},
		},
	}
	v := mustNew(t, p).Stream(0)
	if v.Len() != 1 || v.At(0) != 0 || v.Chunk(0).Start != 2*time.Second || v.At(5*time.Second) != 1 {
		t.Errorf("%+v", v)
	}
}
