package timeline

import (
	"encoding/binary"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"

	"smoothplay/player/manifest"
)

// event is a live presentation of one video stream, in ticks of a millisecond,
// with the chunks given as T, D pairs.
func event(live bool, chunks ...manifest.Ticks) *manifest.Presentation {
	s := manifest.Stream{Type: "video", TimeScale: 1000, Levels: make([]manifest.Level, 1)}
	for i := 0; i < len(chunks); i += 2 {
		s.Runs = append(s.Runs, manifest.Run{T: chunks[i], D: chunks[i+1], Count: 1})
	}
	return &manifest.Presentation{TimeScale: 1000, Live: live, Streams: []manifest.Stream{s}}
}

func mustNew(t testing.TB, p *manifest.Presentation) *Snapshot {
	t.Helper()
	s, err := New(p)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// list is what a stream holds, as T, D pairs.
func list(s *Stream) []manifest.Ticks {
	var l []manifest.Ticks
	for i := s.First(); i < s.Limit(); i++ {
		c := s.Chunk(i)
		l = append(l, c.T, c.D)
	}
	return l
}

func TestExtend(t *testing.T) {
	type ks = []Known
	tests := []struct {
		name string
		of   Known
		next ks
		want []manifest.Ticks // after 1000, 2000, 3000, 2000
		c    Change
	}{
		{"two that follow", Known{3000, 2000}, ks{{5000, 2000}, {7000, 2000}}, []manifest.Ticks{1000, 2000, 3000, 2000, 5000, 2000, 7000, 2000}, Change{Added: 2}},
		{"in any order, and twice", Known{3000, 2000}, ks{{7000, 2000}, {5000, 2000}, {7000, 2000}}, []manifest.Ticks{1000, 2000, 3000, 2000, 5000, 2000, 7000, 2000}, Change{Added: 2}},
		{"known already", Known{1000, 2000}, ks{{3000, 2000}}, []manifest.Ticks{1000, 2000, 3000, 2000}, Change{}},
		{"the first of two known", Known{1000, 2000}, ks{{3000, 2000}, {5000, 1900}}, []manifest.Ticks{1000, 2000, 3000, 2000, 5000, 1900}, Change{Added: 1}},
		{"a tick of rounding is the chunk's", Known{3000, 2000}, ks{{5001, 2000}}, []manifest.Ticks{1000, 2000, 3000, 2001, 5001, 2000}, Change{Added: 1}},
		{"the next begins before the end", Known{3000, 2000}, ks{{4990, 2000}}, []manifest.Ticks{1000, 2000, 3000, 1990, 4990, 2000}, Change{Added: 1}},
		{"a gap stays a gap", Known{3000, 2000}, ks{{9000, 2000}}, []manifest.Ticks{1000, 2000, 3000, 2000, 9000, 2000}, Change{Added: 1, Contradictory: true}},
		{"half a chunk too early", Known{3000, 2000}, ks{{4000, 2000}}, []manifest.Ticks{1000, 2000, 3000, 2000}, Change{Contradictory: true}},
		{"its own duration, of the last", Known{3000, 1500}, nil, []manifest.Ticks{1000, 2000, 3000, 1500}, Change{}},
		{"its own duration and what follows", Known{3000, 1500}, ks{{4500, 2000}}, []manifest.Ticks{1000, 2000, 3000, 1500, 4500, 2000}, Change{Added: 1}},
		{"the time of the last, put right", Known{1000, 2000}, ks{{3002, 1998}}, []manifest.Ticks{1000, 2002, 3002, 1998}, Change{}},
		{"no duration", Known{3000, 2000}, ks{{5000, 0}}, []manifest.Ticks{1000, 2000, 3000, 2000, 5000, 2000}, Change{Added: 1, Contradictory: true}},
		{"absurd duration", Known{3000, 2000}, ks{{5000, 1 << 40}}, []manifest.Ticks{1000, 2000, 3000, 2000, 5000, 2000}, Change{Added: 1, Contradictory: true}},
		{"far ahead", Known{3000, 2000}, ks{{5000 + 60_001, 2000}}, []manifest.Ticks{1000, 2000, 3000, 2000}, Change{Contradictory: true}},
		{"at the end of time", Known{3000, 2000}, ks{{1<<64 - 1, 2000}}, []manifest.Ticks{1000, 2000, 3000, 2000}, Change{Contradictory: true}},
		{"long gone", Known{3000, 2000}, ks{{0, 2000}, {2000, 2000}}, []manifest.Ticks{1000, 2000, 3000, 2000}, Change{}},
		{"a fragment of nowhere", Known{1 << 50, 2000}, nil, []manifest.Ticks{1000, 2000, 3000, 2000}, Change{}},
		{"nothing of itself", Known{3000, 0}, ks{{5000, 2000}}, []manifest.Ticks{1000, 2000, 3000, 2000, 5000, 2000}, Change{Added: 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := mustNew(t, event(true, 1000, 2000, 3000, 2000))
			before := list(s.Stream(0))
			got, c := s.Extend(0, test.of, test.next)
			if l := list(got.Stream(0)); !slices.Equal(l, test.want) || c != test.c {
				t.Errorf("got %v, %+v; want %v, %+v", l, c, test.want, test.c)
			}
			if !slices.Equal(before, list(s.Stream(0))) {
				t.Error("the snapshot before has changed")
			}
			last := got.Stream(0).Chunk(got.Stream(0).Limit() - 1)
			if end := last.Start + last.Duration; got.Stream(0).End() != end || got.Duration() != end {
				t.Errorf("ends at %v and %v, want %v", got.Stream(0).End(), got.Duration(), end)
			}
		})
	}
}

func TestRefresh(t *testing.T) {
	// Listed: 1000 to 5000. Announced: 5000 and 7000, of which nothing arrived.
	begin := func(t *testing.T) *Snapshot {
		s, _ := mustNew(t, event(true, 1000, 2000, 3000, 2000)).Extend(0, Known{3000, 2000}, []Known{{5000, 2000}, {7000, 2000}})
		return s
	}
	tests := []struct {
		name string
		p    *manifest.Presentation
		want []manifest.Ticks
		c    Change
	}{
		{"the window has moved", event(true, 3000, 2000, 5000, 2000, 7000, 2000, 9000, 2000),
			[]manifest.Ticks{1000, 2000, 3000, 2000, 5000, 2000, 7000, 2000, 9000, 2000}, Change{Added: 1}},
		{"old, out of a cache", event(true, 1000, 2000), []manifest.Ticks{1000, 2000, 3000, 2000, 5000, 2000, 7000, 2000}, Change{}},
		{"nothing new", event(true, 1000, 2000, 3000, 2000), []manifest.Ticks{1000, 2000, 3000, 2000, 5000, 2000, 7000, 2000}, Change{}},
		{"what was announced is not what is there", event(true, 3000, 2000, 5000, 1000, 6000, 1000),
			[]manifest.Ticks{1000, 2000, 3000, 2000, 5000, 1000, 6000, 1000, 7000, 2000}, Change{}},
		{"nothing of it is there", event(true, 3000, 2000, 20000, 2000), []manifest.Ticks{1000, 2000, 3000, 2000, 20000, 2000}, Change{}},
		{"all of it is later", event(true, 50000, 2000, 52000, 2000), []manifest.Ticks{1000, 2000, 3000, 2000, 50000, 2000, 52000, 2000}, Change{}},
		{"counting anew", event(true, 0, 500), []manifest.Ticks{1000, 2000, 3000, 2000, 5000, 2000, 7000, 2000}, Change{Restarted: true}},
		{"over: what was only announced does not come", event(false, 1000, 2000, 3000, 2000, 5000, 2000),
			[]manifest.Ticks{1000, 2000, 3000, 2000, 5000, 2000}, Change{}},
		{"no chunks", event(true), []manifest.Ticks{1000, 2000, 3000, 2000, 5000, 2000, 7000, 2000}, Change{}},
		{"rounded otherwise", event(true, 1000, 2000, 3000, 2001, 5001, 1999, 7000, 2000), []manifest.Ticks{1000, 2000, 3000, 2001, 5001, 1999, 7000, 2000}, Change{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := begin(t)
			got, c, err := s.Refresh(test.p)
			if l := list(got.Stream(0)); err != nil || !slices.Equal(l, test.want) || c != test.c {
				t.Errorf("got %v, %+v, %v; want %v, %+v", l, c, err, test.want, test.c)
			}
			if !c.Restarted && got.Live() != test.p.Live {
				t.Errorf("live: %v", got.Live())
			}
			if got.Stream(0).Chunk(0).Start != 0 {
				t.Errorf("the zero point has moved: chunk 0 begins at %v", got.Stream(0).Chunk(0).Start)
			}
		})
	}
	t.Run("what has arrived stays", func(t *testing.T) {
		s, _ := begin(t).Extend(0, Known{5000, 2000}, nil)
		got, _, err := s.Refresh(event(true, 1000, 2000))
		if l := list(got.Stream(0)); err != nil || len(l) != 8 {
			t.Errorf("got %v, %v", l, err)
		}
	})
	t.Run("first chunks of all", func(t *testing.T) {
		s := mustNew(t, event(true))
		got, c, err := s.Refresh(event(true, 70000, 2000))
		if err != nil || c != (Change{Added: 1}) || got.Stream(0).Chunk(0).Start != 0 {
			t.Errorf("%v, %+v, %v", list(got.Stream(0)), c, err)
		}
	})
	t.Run("not valid", func(t *testing.T) {
		if _, _, err := begin(t).Refresh(event(true, 5000, 2000, 1000, 2000)); err == nil {
			t.Error("no error")
		}
	})
}

// TestRefreshMatchesStreams: by what names them, whatever their order.
// What fragments announced a little wrong is put right by the manifest, also
// where a later chunk is known to be there already.
func TestRefreshCorrects(t *testing.T) {
	s, _ := mustNew(t, event(true, 1000, 2000, 3000, 2000)).Extend(0, Known{3000, 2000}, []Known{{5001, 2000}, {7000, 2000}})
	s, _ = s.Extend(0, Known{7000, 2000}, nil)
	if got, want := list(s.Stream(0)), []manifest.Ticks{1000, 2000, 3000, 2001, 5001, 1999, 7000, 2000}; !slices.Equal(got, want) || s.Stream(0).Proven() != 4 {
		t.Fatalf("announced: %v, of which %d are there, want %v", got, s.Stream(0).Proven(), want)
	}
	for _, test := range []struct {
		p    *manifest.Presentation
		want []manifest.Ticks
	}{
		{event(true, 3000, 2000, 5000, 2000, 7000, 2000), []manifest.Ticks{1000, 2000, 3000, 2000, 5000, 2000, 7000, 2000}},
		{event(true, 3000, 2000, 5000, 2000, 7000, 2000, 9000, 2000), []manifest.Ticks{1000, 2000, 3000, 2000, 5000, 2000, 7000, 2000, 9000, 2000}},
		{event(true, 1000, 2000, 3000, 2000), []manifest.Ticks{1000, 2000, 3000, 2001, 5001, 1999, 7000, 2000}}, // old
		{event(true, 3000, 2000, 5600, 1400, 7000, 2000), []manifest.Ticks{1000, 2000, 3000, 2001, 5001, 1999, 7000, 2000}},
	} {
		got, c, err := s.Refresh(test.p)
		if l := list(got.Stream(0)); err != nil || c.Restarted || !slices.Equal(l, test.want) {
			t.Errorf("%v: got %v, %+v, %v; want %v", test.p.Streams[0].Runs, l, c, err, test.want)
		}
	}
}

func TestRefreshMatchesStreams(t *testing.T) {
	stream := func(kind, name, language string, at manifest.Ticks) manifest.Stream {
		return manifest.Stream{Type: kind, Name: name, Language: language, TimeScale: 1000, Levels: make([]manifest.Level, 1),
			Runs: []manifest.Run{{T: at, D: 2000, Count: 3}}}
	}
	p := &manifest.Presentation{TimeScale: 1000, Live: true, Streams: []manifest.Stream{
		stream("video", "", "", 1000), stream("audio", "a", "eng", 1500), stream("audio", "a", "deu", 1600), stream("text", "t", "", 0),
	}}
	q := &manifest.Presentation{TimeScale: 1000, Live: true, Streams: []manifest.Stream{
		stream("audio", "new", "fra", 900), stream("audio", "a", "deu", 3600), stream("video", "", "", 3000), stream("audio", "a", "eng", 3500),
	}}
	s, c, err := mustNew(t, p).Refresh(q)
	if err != nil || s.NumStreams() != 5 || c.Added != 6 || c.Restarted {
		t.Fatalf("%d streams, %+v, %v", s.NumStreams(), c, err)
	}
	for i, want := range []struct {
		name, language string
		n              int
		last           manifest.Ticks
	}{{"", "", 4, 7000}, {"a", "eng", 4, 7500}, {"a", "deu", 4, 7600}, {"t", "", 3, 4000}, {"new", "fra", 3, 4900}} {
		got := s.Stream(i)
		source := s.Presentation().Streams[i]
		last := got.Chunk(got.Limit() - 1)
		if source.Name != want.name || source.Language != want.language || got.Len() != want.n || last.T != want.last || last.Stream != i {
			t.Errorf("stream %d is %q %q, %d chunks up to %d of stream %d, want %+v", i, source.Name, source.Language, got.Len(), last.T, last.Stream, want)
		}
	}
	if at := s.Stream(0).Chunk(0).Start; at != 0 {
		t.Errorf("the zero point has moved: the video begins at %v", at)
	}
}

func TestTrim(t *testing.T) {
	s := mustNew(t, event(true, 1000, 2000, 3000, 2000, 5000, 2000, 9000, 1000))
	for _, test := range []struct {
		before time.Duration
		first  int
		want   []manifest.Ticks
	}{
		{-time.Second, 0, []manifest.Ticks{1000, 2000, 3000, 2000, 5000, 2000, 9000, 1000}},
		{1999 * time.Millisecond, 0, []manifest.Ticks{1000, 2000, 3000, 2000, 5000, 2000, 9000, 1000}},
		{2 * time.Second, 1, []manifest.Ticks{3000, 2000, 5000, 2000, 9000, 1000}},
		{5 * time.Second, 2, []manifest.Ticks{5000, 2000, 9000, 1000}},
		{7 * time.Second, 3, []manifest.Ticks{9000, 1000}},
		{time.Hour, 3, []manifest.Ticks{9000, 1000}},
	} {
		got := s.Trim(test.before).Stream(0)
		if got.First() != test.first || !slices.Equal(list(got), test.want) {
			t.Errorf("before %v: from %d on %v, want from %d on %v", test.before, got.First(), list(got), test.first, test.want)
		}
		if c := got.Chunk(got.First()); got.Start() != c.Start {
			t.Errorf("before %v: starts at %v, its first chunk at %v", test.before, got.Start(), c.Start)
		}
		if at := got.At(got.Start()); at != got.First() {
			t.Errorf("before %v: %d is at the start, want %d", test.before, at, got.First())
		}
	}
}

// sound fails where a stream is not what New would accept, or counts wrongly.
func sound(t *testing.T, s *Snapshot) {
	t.Helper()
	for i := range s.NumStreams() {
		stream := s.Stream(i)
		var twin Stream
		if err := twin.index(i, &manifest.Stream{TimeScale: stream.scale, Runs: stream.runs}); err != nil {
			t.Fatalf("stream %d: %v", i, err)
		}
		if !reflect.DeepEqual(twin.before, stream.before) {
			t.Fatalf("stream %d: counts %v, want %v", i, stream.before, twin.before)
		}
		if stream.proven > stream.first+stream.Len() && stream.Len() > 0 {
			t.Fatalf("stream %d: %d proven of %d", i, stream.proven, stream.first+stream.Len())
		}
		for k := stream.First(); k < stream.Limit(); k++ {
			c := stream.Chunk(k)
			if at := stream.At(c.Start); at != k && c.Duration > 0 {
				t.Fatalf("stream %d: chunk %d is found as %d", i, k, at)
			}
		}
	}
}

// FuzzLive changes a timeline in any way a server could.
func FuzzLive(f *testing.F) {
	f.Add([]byte{0, 0, 0, 20, 0, 40, 0, 20, 1, 0, 0, 20, 0, 40, 2, 0, 0, 40, 0, 20})
	f.Fuzz(func(t *testing.T, ops []byte) {
		number := func() manifest.Ticks {
			if len(ops) < 2 {
				ops = nil
				return 0
			}
			v := manifest.Ticks(binary.BigEndian.Uint16(ops))
			ops = ops[2:]
			if v&0xc000 == 0xc000 {
				return v << (v & 0x3f) // sometimes enormous
			}
			return v
		}
		s := mustNew(t, event(true, 100, 20, 120, 20))
		for range 40 {
			if len(ops) == 0 {
				break
			}
			op := ops[0]
			ops = ops[1:]
			arrived := s.Stream(0)
			switch op % 4 {
			case 0, 1:
				of := Known{number(), number()}
				next := make([]Known, op/4%4)
				for i := range next {
					next[i] = Known{number(), number()}
				}
				s, _ = s.Extend(0, of, next)
			case 2:
				p := event(op&4 == 0)
				var end manifest.Ticks
				for range op / 8 % 8 {
					t, d := end+number()%500, number()%100+1
					p.Streams[0].Runs = append(p.Streams[0].Runs, manifest.Run{T: t, D: d, Count: uint64(number()%5) + 1})
					end = t + d*manifest.Ticks(p.Streams[0].Runs[len(p.Streams[0].Runs)-1].Count)
				}
				next, c, err := s.Refresh(p)
				if err != nil {
					t.Fatal(err)
				}
				if next.Stream(0).End() < s.Stream(0).Chunk(max(s.Stream(0).proven-1, s.Stream(0).First())).Start && !c.Restarted {
					t.Fatalf("the end moved back from %v to %v", s.Stream(0).End(), next.Stream(0).End())
				}
				s = next
			case 3:
				s = s.Trim(time.Duration(number()) * time.Millisecond)
			}
			sound(t, s)
			// What has arrived keeps its index; a manifest may put its time right, by
			// less than the rounding.
			now := s.Stream(0)
			for k := max(now.First(), arrived.First()); k < arrived.proven-1; k++ {
				was, is := arrived.Chunk(k), now.Chunk(k)
				if max(was.T, is.T)-min(was.T, is.T) > was.D/roundingPart {
					t.Fatalf("chunk %d was at %d and is at %d", k, was.T, is.T)
				}
			}
		}
	})
}

// TestADayOfLive: two streams that grow by what fragments announce, the audio
// with uneven chunks, within a window. Nothing accumulates.
func TestADayOfLive(t *testing.T) {
	const window = 10 * time.Minute
	p := event(true, 1000, 2000)
	p.Streams = append(p.Streams, manifest.Stream{Type: "audio", TimeScale: 10_000_000, Levels: make([]manifest.Level, 1),
		Runs: []manifest.Run{{T: 9_999_000, D: 20_053_333, Count: 1}}})
	s := mustNew(t, p)
	random := rand.New(rand.NewPCG(1, 2))
	var heap [2]uint64
	var stats runtime.MemStats
	for n := range 24 * 1800 {
		for i := range 2 {
			stream := s.Stream(i)
			last := stream.Chunk(stream.Limit() - 1)
			d := manifest.Ticks(2000)
			if i == 1 {
				d = 20_053_333 - manifest.Ticks(n%3)*213_333 + manifest.Ticks(random.IntN(2))
			}
			var c Change
			if s, c = s.Extend(i, Known{last.T, last.D}, []Known{{last.T + last.D, d}}); c != (Change{Added: 1}) {
				t.Fatalf("after %d fragments: %+v", n, c)
			}
		}
		s = s.Trim(s.Duration() - window)
		if n == 1800 || n == 24*1800-1 {
			runtime.GC()
			runtime.ReadMemStats(&stats)
			heap[n/(24*1800-1)] = stats.HeapAlloc
		}
	}
	sound(t, s)
	if got := s.Stream(0).Chunk(s.Stream(0).Limit() - 1).Index; got != 24*1800 {
		t.Errorf("the last chunk is %d, want %d", got, 24*1800)
	}
	if n := s.Stream(0).Len(); n < 298 || n > 302 {
		t.Errorf("%d chunks in the window, want about 300", n)
	}
	if grown := int64(heap[1]) - int64(heap[0]); grown > 100_000 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
}

func BenchmarkExtend(b *testing.B) {
	s := mustNew(b, event(true, 1000, 2000))
	for b.Loop() {
		last := s.Stream(0).Chunk(s.Stream(0).Limit() - 1)
		s, _ = s.Extend(0, Known{last.T, last.D}, []Known{{last.T + last.D, 2000}})
	}
}
