package timeline

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"smoothplay/player/manifest"
)

// FuzzTimeline makes a stream out of the bytes, 4 for each run (gap, duration,
// count), and holds what readers rely on.
func FuzzTimeline(f *testing.F) {
	f.Add(uint64(10_000_000), uint64(48000), uint64(60_000_000), uint64(287_744), int64(3e9), []byte{0, 20, 3, 0, 5, 20, 1, 1})
	f.Add(uint64(90000), uint64(1), uint64(17443164950004000), uint64(0), int64(-1), []byte{0, 255, 255, 255, 1, 1, 1, 1})
	f.Add(uint64(math.MaxUint64), uint64(3), uint64(math.MaxUint64), uint64(7), int64(math.MinInt64), []byte{9, 0, 0, 0})
	f.Fuzz(func(t *testing.T, scale, otherScale, first, otherFirst uint64, pos int64, shape []byte) {
		var runs []manifest.Run
		for next := first; len(shape) >= 4; shape = shape[4:] {
			r := manifest.Run{T: manifest.Ticks(next) + manifest.Ticks(shape[0]), D: manifest.Ticks(shape[1]) << (shape[0] % 20), Count: uint64(binary.LittleEndian.Uint16(shape[2:]))}
			runs = append(runs, r)
			next = uint64(r.T) + uint64(r.D)*r.Count
		}
		s, err := New(&manifest.Presentation{Streams: []manifest.Stream{
			{Type: "video", TimeScale: scale, Runs: runs},
			{Type: "audio", TimeScale: otherScale, Runs: []manifest.Run{{T: manifest.Ticks(otherFirst), D: 1, Count: 1}}},
		}})
		if err != nil {
			return
		}
		check(t, s.Stream(0), time.Duration(pos))
	})
}

// FuzzManifestTimeline holds that whatever Parse accepts is a timeline.
func FuzzManifestTimeline(f *testing.F) {
	f.Add([]byte(`<SmoothStreamingMedia MajorVersion="2" MinorVersion="2" Duration="50"><StreamIndex Type="video" Url="u" TimeScale="3">` +
		`<QualityLevel/><c t="5" r="2"/><c t="20" d="9" r="3"/><c t="40" d="9"/><c d="8"/><c t="70"/></StreamIndex></SmoothStreamingMedia>`))
	f.Fuzz(func(t *testing.T, document []byte) {
		p, _ := manifest.Parse(document, manifest.Limits{Chunks: 1 << 12})
		if p == nil {
			return
		}
		s, err := New(p)
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.NumStreams() {
			check(t, s.Stream(i), s.Duration()/2)
		}
	})
}

func check(t *testing.T, s *Stream, pos time.Duration) {
	t.Helper()
	if got := s.At(pos); got < s.First() || got > s.Limit() {
		t.Fatalf("At(%d) = %d of %d", pos, got, s.Len())
	}
	if back := s.Position(s.Ticks(pos)); s.Ticks(pos) > 0 && s.Ticks(pos) < math.MaxUint64 && (back > pos || s.Position(s.Ticks(pos)+1) <= pos && pos < math.MaxInt64) {
		t.Fatalf("%d is tick %d, which is at %d; the next at %d", pos, s.Ticks(pos), back, s.Position(s.Ticks(pos)+1))
	}
	var before Chunk
	for i := range min(s.Len(), 1000) {
		c := s.Chunk(s.First() + i)
		if c.Duration < 0 || i > 0 && (c.T <= before.T || c.Start < before.Start+before.Duration) {
			t.Fatalf("%+v comes after %+v", c, before)
		}
		if i > 0 && before.T+before.D == c.T && before.Start+before.Duration != c.Start {
			t.Fatalf("%+v and %+v are contiguous", before, c)
		}
		far := c.Start == math.MaxInt64 || c.Start == -math.MaxInt64 || c.Start+c.Duration == math.MaxInt64
		if c.Duration > 0 && !far && (s.At(c.Start) != c.Index || s.At(c.Start+c.Duration-1) != c.Index) {
			t.Fatalf("%+v begins in %d and ends in %d", c, s.At(c.Start), s.At(c.Start+c.Duration-1))
		}
		before = c
	}
}
