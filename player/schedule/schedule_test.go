package schedule

import (
	"math/rand/v2"
	"testing"
	"time"

	"smoothplay/player/manifest"
	"smoothplay/player/timeline"
)

const second = time.Second

// streams makes a timeline with a stream for each list of chunk durations.
func streams(t testing.TB, durations ...[]time.Duration) []*timeline.Stream {
	t.Helper()
	p := &manifest.Presentation{TimeScale: 1e9}
	for i, list := range durations {
		s := manifest.Stream{Type: "audio", TimeScale: 1e9}
		if i == 0 {
			s.Type = "video"
		}
		at := manifest.Ticks(0)
		for _, d := range list {
			s.Runs = append(s.Runs, manifest.Run{T: at, D: manifest.Ticks(d), Count: 1})
			at += manifest.Ticks(d)
		}
		p.Streams = append(p.Streams, s)
	}
	snap, err := timeline.New(p)
	if err != nil {
		t.Fatal(err)
	}
	var made []*timeline.Stream
	for i := range durations {
		made = append(made, snap.Stream(i))
	}
	return made
}

// equal is n chunks of d.
func equal(n int, d time.Duration) []time.Duration {
	list := make([]time.Duration, n)
	for i := range list {
		list[i] = d
	}
	return list
}

func TestNext(t *testing.T) {
	s := streams(t, equal(10, 2*second), equal(10, 2*second))
	wait := func(d time.Duration) Action { return Action{Do: Wait, For: d} }
	fetch := func(chunk int) Action { return Action{Do: Fetch, Chunk: chunk} }
	for _, c := range []struct {
		name   string
		change func(*View)
		want   Action
	}{
		{"nothing is buffered", func(v *View) {}, fetch(3)},
		{"a transfer is under way", func(v *View) { v.Tracks[0].Busy = true }, wait(Forever)},
		{"a transfer of the other track is under way", func(v *View) { v.Tracks[1].Busy = true }, fetch(3)},
		{"all was fetched", func(v *View) { v.Tracks[0].Next = 10 }, Action{Do: End}},
		{"the last transfer is under way", func(v *View) { v.Tracks[0].Next, v.Tracks[0].Busy = 10, true }, wait(Forever)},
		{"a retry comes later", func(v *View) { v.Tracks[0].NotBefore = 7500 * time.Millisecond }, wait(2500 * time.Millisecond)},
		{"a retry comes later, also when paused", func(v *View) {
			v.Playing = false
			v.Tracks[0].NotBefore = 6 * second
		}, wait(second)},
		{"a retry is due", func(v *View) { v.Tracks[0].NotBefore = 5 * second }, fetch(3)},
		{"the goal leaves room for a chunk", func(v *View) { v.Tracks[0].Buffered, v.Tracks[1].Buffered = 8*second, 8*second }, fetch(3)},
		{"the goal leaves less than a chunk", func(v *View) { v.Tracks[0].Buffered, v.Tracks[1].Buffered = 8500*time.Millisecond, 9*second },
			wait(500 * time.Millisecond)},
		{"the goal is reached, and nothing moves", func(v *View) {
			v.Playing = false
			v.Tracks[0].Buffered, v.Tracks[1].Buffered = 9*second, 9*second
		}, wait(Forever)},
		{"a goal below two chunks is two chunks", func(v *View) {
			v.Goals.Ahead = 1
			v.Tracks[0].Buffered, v.Tracks[1].Buffered = 2*second, 2*second
		}, fetch(3)},
		{"no more than two chunks at a goal below", func(v *View) {
			v.Goals.Ahead = 1
			v.Tracks[0].Buffered, v.Tracks[1].Buffered = 3*second, 3*second
		}, wait(second)},
		{"two chunks ahead of the other track", func(v *View) { v.Tracks[0].Buffered, v.Tracks[1].Buffered = 5*second, second }, fetch(3)},
		{"more than two chunks ahead, and nothing moves", func(v *View) {
			v.Playing = false
			v.Tracks[0].Buffered, v.Tracks[1].Buffered = 6*second, second
		}, wait(Forever)},
		{"the other track has ended", func(v *View) { v.Tracks[1].Buffered, v.Tracks[1].Next = Forever, 10 }, fetch(3)},
		{"the bytes are used up, a chunk is ahead", func(v *View) {
			v.Goals.Bytes = 1000
			v.Tracks[0].Bytes, v.Tracks[1].Bytes, v.Tracks[0].Expected = 600, 300, 101
			v.Tracks[0].Buffered, v.Tracks[1].Buffered = 5*second, 5*second
		}, wait(3 * second)},
		{"the bytes just suffice", func(v *View) {
			v.Goals.Bytes = 1000
			v.Tracks[0].Bytes, v.Tracks[1].Bytes, v.Tracks[0].Expected = 600, 300, 100
			v.Tracks[0].Buffered, v.Tracks[1].Buffered = 5*second, 5*second
		}, fetch(3)},
		{"the bytes are used up, but playing would stop", func(v *View) {
			v.Goals.Bytes = 1
			v.Tracks[0].Bytes, v.Tracks[0].Expected = 600, 100
			v.Tracks[0].Buffered, v.Tracks[1].Buffered = 1900*time.Millisecond, 1900*time.Millisecond
		}, fetch(3)},
		{"the bytes are used up, and the other track needs them more", func(v *View) {
			v.Goals.Bytes = 1
			v.Tracks[0].Bytes, v.Tracks[0].Expected = 600, 100
			v.Tracks[0].Buffered, v.Tracks[1].Buffered = 1900*time.Millisecond, 1800*time.Millisecond
		}, wait(second / 2)},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := View{
				Now: 5 * second, Playing: true, Goals: Goals{Ahead: 10 * second, Bytes: 1 << 20},
				Tracks: []Track{{Stream: s[0], Next: 3}, {Stream: s[1], Next: 3}},
			}
			c.change(&v)
			if got := Next(&v, 0); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// A track that waits for another must not ask again and again: how far it is
// ahead does not change while both play on.
func TestBalanceIsNotAskedForAgainAndAgain(t *testing.T) {
	s := streams(t, equal(10, 2*second), equal(10, 2*second))
	v := View{Playing: true, Goals: Goals{Ahead: 30 * second, Bytes: 1 << 30}, Tracks: []Track{
		{Stream: s[0], Next: 5, Buffered: 6*second + 1},
		{Stream: s[1], Next: 3, Buffered: 2 * second, Busy: true},
	}}
	turns := 0
	for v.Tracks[1].Buffered > 0 && turns <= 100 {
		a := Next(&v, 0)
		if a.Do != Wait {
			t.Fatalf("got %+v, want to wait", a)
		}
		for i := range v.Tracks {
			v.Tracks[i].Buffered = max(v.Tracks[i].Buffered-a.For, 0)
		}
		turns++
	}
	if turns > 100 {
		t.Errorf("the schedule was asked more than 100 times in %v of playing", 2*second-v.Tracks[1].Buffered)
	}
}

// model is a session in which only the schedule decides.
type model struct {
	View
	t       *testing.T
	size    [][]int64       // bytes of each chunk of each track
	flight  []time.Duration // when the transfer of a track ends
	held    [][]int         // chunks of each track that are in memory
	turns   int
	largest []int64 // chunk of each track
}

func newModel(t *testing.T, rnd *rand.Rand) *model {
	m := &model{t: t}
	var durations [][]time.Duration
	for range 1 + rnd.IntN(3) {
		d := time.Duration(1+rnd.IntN(100)) * 100 * time.Millisecond
		n := 1 + int(60*second/d)
		list := equal(n, d)
		if rnd.IntN(2) == 0 { // as packagers round
			for i := range list {
				list[i] += time.Duration(rnd.IntN(43)) * time.Millisecond
			}
		}
		durations = append(durations, list)
		bps := int64(50_000 + rnd.IntN(8_000_000))
		sizes, largest := make([]int64, n), int64(0)
		for i := range sizes {
			sizes[i] = int64(float64(bps) / 8 * list[i].Seconds() * (0.5 + rnd.Float64()))
			largest = max(largest, sizes[i])
		}
		m.size, m.largest = append(m.size, sizes), append(m.largest, largest)
	}
	for _, s := range streams(t, durations...) {
		m.Tracks = append(m.Tracks, Track{Stream: s})
	}
	m.held = make([][]int, len(m.Tracks))
	m.flight = make([]time.Duration, len(m.Tracks))
	m.Goals = Goals{Ahead: time.Duration(1+rnd.IntN(40)) * second, Bytes: int64(1 + rnd.IntN(16<<20))}
	return m
}

// buffered brings the view of a track up to date: what was played is let go of
// at once.
func (m *model) buffered(i int, pos time.Duration) {
	tr := &m.Tracks[i]
	for len(m.held[i]) > 0 {
		if c := tr.Stream.Chunk(m.held[i][0]); c.Start+c.Duration > pos {
			break
		}
		m.held[i] = m.held[i][1:]
	}
	tr.Buffered, tr.Bytes = 0, 0
	for _, k := range m.held[i] {
		c := tr.Stream.Chunk(k)
		tr.Buffered = c.Start + c.Duration - pos
		tr.Bytes += m.size[i][k]
	}
	switch {
	case tr.Next == tr.Stream.Len() && !tr.Busy:
		tr.Buffered = Forever
	case tr.Next < tr.Stream.Len():
		tr.Expected = m.size[i][tr.Next]
	}
}

// run plays to the end and checks the properties on the way.
func (m *model) run(rnd *rand.Rand) {
	pos := time.Duration(0)
	bound := int64(0) // one of each track has to be there, whatever the goal
	for _, n := range m.largest {
		bound += n
	}
	bound = max(bound, m.Goals.Bytes) + bound
	for {
		if m.turns++; m.turns > 100_000 {
			m.t.Fatalf("at %v, playhead %v: the session makes no progress: %+v", m.Now, pos, m.Tracks)
		}
		for i := range m.Tracks {
			m.buffered(i, pos)
		}
		if held := m.bytes(); held > bound {
			m.t.Fatalf("at %v: %d bytes are held, the goal is %d and a fragment of each track: %d", m.Now, held, m.Goals.Bytes, bound)
		}
		wait, busy, ended := Forever, false, 0
		for i := range m.Tracks {
			tr := &m.Tracks[i]
			was := tr.Busy
			a := Next(&m.View, i)
			switch a.Do {
			case End:
				ended++
			case Wait:
				wait = min(wait, a.For)
				if a.For <= 0 {
					m.t.Fatalf("at %v: track %d waits for %v", m.Now, i, a.For)
				}
			case Fetch:
				if was {
					m.t.Fatalf("track %d is to fetch chunk %d while a transfer is under way", i, a.Chunk)
				}
				d := tr.Stream.Chunk(a.Chunk).Duration
				if ahead := tr.Buffered - m.least(); ahead > 2*d {
					m.t.Fatalf("at %v: track %d fetches, %v ahead of another", m.Now, i, ahead)
				}
				if tr.Buffered+d > max(m.Goals.Ahead, 2*d) {
					m.t.Fatalf("at %v: track %d fetches with %v ahead, the goal is %v", m.Now, i, tr.Buffered, m.Goals.Ahead)
				}
				tr.Busy = true
				m.flight[i] = m.Now + time.Duration(rnd.Float64()*rnd.Float64()*2*float64(d)) + 1
			}
			busy = busy || tr.Busy
		}
		if ended == len(m.Tracks) {
			return
		}
		if m.Playing && !busy && wait == Forever {
			m.t.Fatalf("at %v: nothing will ever happen again: %+v", m.Now, m.Tracks)
		}
		if !m.Playing && !busy {
			// What the loop does when nothing more will come: it plays.
			m.Playing = true
			continue
		}
		// On to the next thing that happens.
		step := wait
		for i := range m.Tracks {
			if m.Tracks[i].Busy {
				step = min(step, m.flight[i]-m.Now)
			}
		}
		if m.Playing {
			if left := m.least(); left < step {
				step = left
				m.Playing = left > 0 // it stalls
				if left == 0 {
					step = 1
				}
			}
			pos += step
		}
		m.Now += step
		for i := range m.Tracks {
			if tr := &m.Tracks[i]; tr.Busy && m.flight[i] <= m.Now {
				m.held[i] = append(m.held[i], tr.Next)
				tr.Next++
				tr.Busy = false
			}
		}
		if !m.Playing && rnd.IntN(4) == 0 {
			m.Playing = m.least() > 0
		}
	}
}

func TestSessionsOfAnyShapePlayToTheEnd(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		m := newModel(t, rnd)
		m.run(rnd)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestNextAllocatesNothing(t *testing.T) {
	v := benchView(t)
	if n := testing.AllocsPerRun(1000, func() {
		for i := range v.Tracks {
			Next(v, i)
		}
	}); n != 0 {
		t.Errorf("Next makes %v allocations, want none", n)
	}
}

func benchView(t testing.TB) *View {
	s := streams(t, equal(1800, 2*second), equal(1800, 2*second), equal(1800, 2*second))
	v := &View{Playing: true, Goals: Goals{Ahead: 30 * second, Bytes: 64 << 20}}
	for i := range s {
		v.Tracks = append(v.Tracks, Track{Stream: s[i], Next: 900, Buffered: 12 * second, Bytes: 1 << 20, Expected: 1 << 18})
	}
	return v
}

// BenchmarkScheduleNext asks for three tracks in the middle of an hour.
func BenchmarkScheduleNext(b *testing.B) {
	v := benchView(b)
	b.ReportAllocs()
	for b.Loop() {
		for i := range v.Tracks {
			Next(v, i)
		}
	}
}

func TestSpare(t *testing.T) {
	s := streams(t, equal(20, 2*second), equal(20, 2*second))
	for _, c := range []struct {
		name   string
		change func(*View)
		want   bool
	}{
		{"both are full", func(v *View) {}, true},
		{"all was fetched", func(v *View) { v.Tracks[0].Next, v.Tracks[0].Buffered = 20, Forever }, true},
		{"the other has all", func(v *View) { v.Tracks[1].Buffered = Forever }, true},
		{"there is room for more", func(v *View) { v.Tracks[0].Buffered, v.Tracks[1].Buffered = 12*second, 12*second }, true},
		{"a transfer is under way", func(v *View) { v.Tracks[0].Busy = true }, false},
		{"a transfer of the other is under way", func(v *View) { v.Tracks[1].Busy = true }, true},
		{"a retry comes later", func(v *View) { v.Tracks[0].NotBefore = v.Now + 1 }, false},
		{"a retry is due", func(v *View) { v.Tracks[0].NotBefore = v.Now }, true},
		{"the other has little", func(v *View) { v.Tracks[1].Buffered = 14 * second }, false},
		{"all was fetched, the other has little", func(v *View) { v.Tracks[0].Buffered, v.Tracks[1].Buffered = Forever, 14*second }, false},
		{"no room for bytes", func(v *View) { v.Goals.Bytes = 2<<20 + 1<<18 - 1 }, false},
		{"just room for bytes", func(v *View) { v.Goals.Bytes = 2<<20 + 1<<18 }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := &View{Now: 5 * second, Playing: true, Goals: Goals{Ahead: 30 * second, Bytes: 64 << 20}}
			for i := range s {
				v.Tracks = append(v.Tracks, Track{Stream: s[i], Next: 15, Buffered: 29 * second, Bytes: 1 << 20, Expected: 1 << 18})
			}
			c.change(v)
			if got := Spare(v, 0); got != c.want {
				t.Errorf("%t, want %t", got, c.want)
			}
		})
	}
}
