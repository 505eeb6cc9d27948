package timeline

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"smoothplay/player/manifest"
)

func parse(t testing.TB, document string) *manifest.Presentation {
	t.Helper()
	p, err := manifest.Parse([]byte(document), manifest.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	return p
}

func snapshot(t testing.TB, p *manifest.Presentation) *Snapshot {
	t.Helper()
	s, err := New(p)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// of makes a snapshot of one video stream with these runs.
func of(t testing.TB, scale uint64, runs ...manifest.Run) *Stream {
	return snapshot(t, &manifest.Presentation{TimeScale: 1, Streams: []manifest.Stream{{Type: "video", TimeScale: scale, Runs: runs}}}).Stream(0)
}

// TestFromManifest goes the whole way: video in 100 ns from 6 s on, with a gap;
// audio in 1/48000 s from 5.9946… s on, which is the zero point.
func TestFromManifest(t *testing.T) {
	s := snapshot(t, parse(t, `<SmoothStreamingMedia MajorVersion="2" MinorVersion="2" Duration="1">
		<StreamIndex Type="text" Name="cc" Url="u"><c t="0" d="10000000"/></StreamIndex>
		<StreamIndex Type="video" Url="u"><QualityLevel/><c t="60000000" d="20000000" r="2"/><c t="101000000" d="20000000"/></StreamIndex>
		<StreamIndex Type="audio" Url="u" TimeScale="48000"><QualityLevel/><c t="287744" d="96256"/><c d="95232"/></StreamIndex>
		<StreamIndex Type="audio" Url="u"><QualityLevel/></StreamIndex>
	</SmoothStreamingMedia>`))
	if s.Live() || s.NumStreams() != 4 || s.Presentation().Duration != 1 {
		t.Errorf("live %t, %d streams, %+v", s.Live(), s.NumStreams(), s.Presentation())
	}
	const zero = 5994666666 * time.Nanosecond // 287744/48000 s, rounded down
	text, video, audio, empty := s.Stream(0), s.Stream(1), s.Stream(2), s.Stream(3)
	chunks := []struct {
		stream *Stream
		want   Chunk
	}{
		{text, Chunk{Stream: 0, Index: 0, T: 0, D: 10000000, Start: -zero, Duration: time.Second}},
		{video, Chunk{Stream: 1, Index: 0, T: 60000000, D: 20000000, Start: 6*time.Second - zero, Duration: 2 * time.Second}},
		{video, Chunk{Stream: 1, Index: 1, T: 80000000, D: 20000000, Start: 8*time.Second - zero, Duration: 2 * time.Second}},
		{video, Chunk{Stream: 1, Index: 2, T: 101000000, D: 20000000, Start: 10100*time.Millisecond - zero, Duration: 2 * time.Second}},
		{audio, Chunk{Stream: 2, Index: 0, T: 287744, D: 96256, Start: 0, Duration: 8*time.Second - zero}},
		{audio, Chunk{Stream: 2, Index: 1, T: 384000, D: 95232, Start: 8*time.Second - zero, Duration: 1984 * time.Millisecond}},
	}
	for _, c := range chunks {
		if got := c.stream.Chunk(c.want.Index); got != c.want {
			t.Errorf("chunk %+v, want %+v", got, c.want)
		}
	}
	if got, want := s.Duration(), 12100*time.Millisecond-zero; got != want {
		t.Errorf("Duration %v, want %v: the end of the video", got, want)
	}
	if video.Start() != 6*time.Second-zero || video.End() != s.Duration() || audio.Start() != 0 || audio.End() != 9984*time.Millisecond-zero {
		t.Errorf("video from %v to %v, audio from %v to %v", video.Start(), video.End(), audio.Start(), audio.End())
	}
	if empty.Len() != 0 || empty.First() != 0 || empty.Start() != 0 || empty.End() != 0 || empty.At(0) != 0 || empty.At(-time.Hour) != 0 || empty.At(time.Hour) != 0 {
		t.Errorf("the empty stream: %+v", empty)
	}
}

func TestAt(t *testing.T) {
	// 0-10, 10-20, 20-30, gap, 35-40, 40-45.
	s := of(t, 1, manifest.Run{T: 0, D: 10, Count: 3}, manifest.Run{T: 35, D: 5, Count: 2})
	tests := []struct {
		pos  time.Duration
		want int
	}{
		{-time.Hour, 0}, {-1, 0}, {0, 0}, {1, 0}, {10*time.Second - 1, 0}, {10 * time.Second, 1}, {29 * time.Second, 2},
		{30*time.Second - 1, 2}, {30 * time.Second, 3}, {34 * time.Second, 3}, {35 * time.Second, 3}, {40*time.Second - 1, 3},
		{40 * time.Second, 4}, {45*time.Second - 1, 4}, {45 * time.Second, 5}, {math.MaxInt64, 5}, {math.MinInt64, 0},
	}
	for _, test := range tests {
		if got := s.At(test.pos); got != test.want {
			t.Errorf("At(%v) = %d, want %d", test.pos, got, test.want)
		}
	}
	late := of(t, 1, manifest.Run{T: 100, D: 10, Count: 2})
	if late.At(-200*time.Second) != 0 || late.At(0) != 0 || late.At(10*time.Second) != 1 || late.At(20*time.Second) != 2 {
		t.Error("a stream that begins at 100")
	}
}

// TestBoundaries holds in scales that no nanosecond divides: contiguous chunks
// share their boundary, and At finds each chunk from its first to its last
// nanosecond.
func TestBoundaries(t *testing.T) {
	for _, scale := range []uint64{3, 44100, 48000, 90000, 10_000_000, 999_999_937} {
		d := manifest.Ticks(2*scale + 1)
		s := of(t, scale, manifest.Run{T: 7, D: d, Count: 500}, manifest.Run{T: 7 + 500*d, D: 1, Count: 500})
		for i := range s.Len() {
			c := s.Chunk(i)
			if s.At(c.Start) != i || s.At(c.Start+c.Duration-1) != i {
				t.Fatalf("scale %d: chunk %d begins in %d and ends in %d", scale, i, s.At(c.Start), s.At(c.Start+c.Duration-1))
			}
			if s.Ticks(c.Start) != c.T || s.Position(c.T) != c.Start {
				t.Fatalf("scale %d: chunk %d at %d comes back as %d", scale, i, c.T, s.Ticks(c.Start))
			}
			if i > 0 {
				if before := s.Chunk(i - 1); before.Start+before.Duration != c.Start {
					t.Fatalf("scale %d: chunk %d ends at %d, the next begins at %d", scale, i-1, before.Start+before.Duration, c.Start)
				}
			}
		}
		if last := s.Chunk(s.Len() - 1); last.Start+last.Duration != s.End() {
			t.Errorf("scale %d: the last chunk ends at %v, the stream at %v", scale, last.Start+last.Duration, s.End())
		}
	}
}

// TestStreamsShareInstants: equal instants in different scales are equal positions.
func TestStreamsShareInstants(t *testing.T) {
	s := snapshot(t, &manifest.Presentation{Streams: []manifest.Stream{
		{Type: "video", TimeScale: 90000, Runs: []manifest.Run{{T: 30000 * 3, D: 90000, Count: 1}}},
		{Type: "audio", TimeScale: 3, Runs: []manifest.Run{{T: 1, D: 3, Count: 1}}},
	}})
	for k := range uint64(100) {
		if a, b := s.Stream(0).Position(manifest.Ticks(30000*k)), s.Stream(1).Position(manifest.Ticks(k)); a != b {
			t.Errorf("%d thirds of a second: %v and %v", k, a, b)
		}
	}
}

func TestZeroPoint(t *testing.T) {
	run := func(t manifest.Ticks) []manifest.Run { return []manifest.Run{{T: t, D: 10, Count: 1}} }
	stream := func(kind string, scale uint64, parent string, runs []manifest.Run) manifest.Stream {
		return manifest.Stream{Type: kind, TimeScale: scale, Parent: parent, Runs: runs}
	}
	tests := []struct {
		name     string
		streams  []manifest.Stream
		starts   []time.Duration
		duration time.Duration
	}{
		{"earliest of video and audio", []manifest.Stream{stream("video", 1, "", run(100)), stream("audio", 10, "", run(990))}, []time.Duration{time.Second, 0}, 11 * time.Second},
		{"text does not count", []manifest.Stream{stream("video", 1, "", run(100)), stream("text", 1, "", run(90))}, []time.Duration{0, -10 * time.Second}, 10 * time.Second},
		{"nor do sparse streams", []manifest.Stream{stream("video", 1, "video", run(0)), stream("video", 1, "", run(100))}, []time.Duration{-100 * time.Second, 0}, 10 * time.Second},
		{"nor empty ones", []manifest.Stream{stream("video", 1, "", nil), stream("audio", 1, "", run(5))}, []time.Duration{0, 0}, 10 * time.Second},
		{"sparse alone", []manifest.Stream{stream("video", 1, "video", run(7)), stream("text", 1, "", run(3))}, []time.Duration{0, -4 * time.Second}, 10 * time.Second},
		{"text alone", []manifest.Stream{stream("text", 1, "", run(3))}, []time.Duration{0}, 10 * time.Second},
		{"no chunks: Duration", []manifest.Stream{stream("video", 1, "", nil)}, []time.Duration{0}, 77 * time.Second},
		{"no streams: Duration", nil, nil, 77 * time.Second},
		{"live times", []manifest.Stream{stream("video", 10_000_000, "", run(17443164950004000)), stream("audio", 48000, "", run(83727191760019))}, []time.Duration{4167, 0}, 4167 + 1000},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := snapshot(t, &manifest.Presentation{TimeScale: 1000, Duration: 77000, Streams: test.streams})
			for i, want := range test.starts {
				if got := s.Stream(i).Start(); got != want {
					t.Errorf("stream %d begins at %v, want %v", i, got, want)
				}
			}
			if test.name != "live times" && s.Duration() != test.duration {
				t.Errorf("Duration %v, want %v", s.Duration(), test.duration)
			}
		})
	}
}

func TestOffset(t *testing.T) {
	s := of(t, 90000)
	tests := []struct {
		ticks int64
		want  time.Duration
	}{
		{0, 0}, {90000, time.Second}, {-90000, -time.Second}, {1, 11111}, {-1, -11111}, {3003, 33366666}, {-3003, -33366666},
		{math.MaxInt64, math.MaxInt64}, {math.MinInt64, -math.MaxInt64},
	}
	for _, test := range tests {
		if got := s.Offset(test.ticks); got != test.want {
			t.Errorf("Offset(%d) = %d, want %d", test.ticks, got, test.want)
		}
	}
}

func TestPositionsOutside(t *testing.T) {
	s := of(t, 10_000_000, manifest.Run{T: 50_000_000, D: 10, Count: 1})
	if got := s.Position(0); got != -5*time.Second {
		t.Errorf("tick 0 is at %v", got)
	}
	if got := s.Ticks(-5 * time.Second); got != 0 {
		t.Errorf("tick 0 comes back as %d", got)
	}
	if got := s.Ticks(-5*time.Second - 1); got != 0 {
		t.Errorf("before the origin is tick %d, want 0", got)
	}
	if got := s.Position(math.MaxUint64); got != math.MaxInt64 {
		t.Errorf("the last tick is at %d, want the limit", got)
	}
	if got := of(t, 1, manifest.Run{T: math.MaxUint64, D: 0, Count: 1}).Position(0); got != -math.MaxInt64 {
		t.Errorf("tick 0 is at %d, want the limit", got)
	}
}

// TestChunkWithoutDuration: the one chunk of a live stream whose follower is
// not known yet.
func TestChunkWithoutDuration(t *testing.T) {
	s := of(t, 1, manifest.Run{T: 5, D: 0, Count: 1})
	if c := s.Chunk(0); c.Start != 0 || c.Duration != 0 || s.Len() != 1 || s.End() != 0 {
		t.Errorf("%+v of %d, which end at %v", c, s.Len(), s.End())
	}
	if s.At(-1) != 0 || s.At(0) != 1 {
		t.Errorf("before it %d, at it %d", s.At(-1), s.At(0))
	}
}

func TestChunkPanicsOutside(t *testing.T) {
	s := of(t, 1, manifest.Run{T: 0, D: 1, Count: 2})
	for _, index := range []int{-1, 2} {
		func() {
			defer func() {
				if r := recover(); r == nil {
					t.Errorf("Chunk(%d) does not panic", index)
				}
			}()
			s.Chunk(index)
		}()
	}
}

func TestInvalid(t *testing.T) {
	tests := []struct {
		name  string
		scale uint64
		runs  []manifest.Run
		says  string
	}{
		{"no scale", 0, nil, "TimeScale"},
		{"empty run", 1, []manifest.Run{{T: 0, D: 1, Count: 0}}, "empty"},
		{"overflow", 1, []manifest.Run{{T: math.MaxUint64, D: 1, Count: 1}}, "largest time"},
		{"overflow of durations", 1, []manifest.Run{{T: 0, D: 1 << 40, Count: 1 << 30}}, "largest time"},
		{"overlap", 1, []manifest.Run{{T: 0, D: 10, Count: 2}, {T: 19, D: 1, Count: 1}}, "before"},
		{"no duration", 1, []manifest.Run{{T: 0, D: 0, Count: 1}, {T: 5, D: 1, Count: 1}}, "without duration"},
		{"no durations", 1, []manifest.Run{{T: 0, D: 0, Count: 2}}, "without duration"},
		{"too many", 1, []manifest.Run{{T: 0, D: 1, Count: 1 << 31}}, "too many"},
		{"too many together", 1, []manifest.Run{{T: 0, D: 1, Count: 1 << 30}, {T: 1 << 40, D: 1, Count: 1 << 30}}, "too many"},
	}
	for _, test := range tests {
		_, err := New(&manifest.Presentation{Streams: []manifest.Stream{{Type: "video", TimeScale: test.scale, Runs: test.runs}}})
		if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: error %v, want one that says %q", test.name, err, test.says)
		}
	}
}
