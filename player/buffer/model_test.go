package buffer

import (
	"math/rand/v2"
	"testing"
	"time"

	"smoothplay/platform"
)

// TestAnySequenceOfCalls drives a Queue at random and checks after each call
// that its figures are right, that samples come in order, and that memory is
// freed once, never under the reader.
func TestAnySequenceOfCalls(t *testing.T) {
	for seed := range uint64(300) {
		newModel(t, seed).run(400)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

type model struct {
	*testing.T
	rnd      *rand.Rand
	q        *Queue
	made     []*Fragment
	freed    map[*Fragment]int
	epoch    uint64
	start    time.Duration
	inUse    *Fragment     // whose sample the reader has
	expected time.Duration // time of the next sample; negative: any
	ended    bool
	formats  []*platform.Format
	told     *platform.Format // of the sample before
}

func newModel(t *testing.T, seed uint64) *model {
	m := &model{T: t, rnd: rand.New(rand.NewPCG(seed, 5)), q: New(3 * second), freed: map[*Fragment]int{}, epoch: 1, expected: -1}
	m.q.Restart(1, 0)
	for i := range 3 {
		m.formats = append(m.formats, &platform.Format{Width: i})
	}
	return m
}

// make is a fragment of one to two seconds from at on, with key samples in it.
func (m *model) make(at time.Duration) *Fragment {
	n := 2 + m.rnd.IntN(3)
	f := &Fragment{Start: at, End: at + time.Duration(n)*second/2, Bytes: int64(1 + m.rnd.IntN(1000)), Format: m.formats[m.rnd.IntN(3)]}
	for i := range n {
		f.Samples = append(f.Samples, platform.Sample{PTS: at + time.Duration(i)*second/2, Duration: second / 2, Key: i == 0 || m.rnd.IntN(3) == 0})
	}
	f.Free = func() { m.freed[f]++ }
	m.made = append(m.made, f)
	return f
}

func (m *model) run(steps int) {
	for range steps {
		m.step()
		m.check()
		if m.Failed() {
			return
		}
	}
	m.q.Stop()
	m.q.Restart(0, 0)
	for _, f := range m.made {
		if m.freed[f] != 1 {
			m.Errorf("the fragment at %v was freed %d times", f.Start, m.freed[f])
		}
	}
}

func (m *model) step() {
	r := m.q.Range()
	place := r.Start + time.Duration(m.rnd.Int64N(int64(r.End-r.Start+2*second)))
	if m.rnd.IntN(2) == 0 {
		place = place.Truncate(second / 2) // where samples begin, if nothing else was sought
	}
	switch m.rnd.IntN(13) {
	case 0, 1, 2:
		at := r.End
		if r.Fragments == 0 {
			at = m.start
			if m.expected >= 0 {
				at = m.expected
			}
		}
		if !r.Ended {
			m.q.Push(m.make(at))
		}
	case 3:
		m.ended = m.rnd.IntN(3) > 0
		m.q.SetEnded(m.ended)
	case 4:
		m.seek(place)
	case 5:
		if m.rnd.IntN(8) == 0 {
			m.epoch++
			m.start = time.Duration(m.rnd.IntN(100)) * second
			m.q.Restart(m.epoch, m.start)
			m.expected, m.ended = -1, false
		}
	case 6:
		m.q.TrimBehind(place)
	case 7:
		before := m.q.Range().Bytes
		if n := m.q.Shed(place, int64(m.rnd.IntN(2000))); n != before-m.q.Range().Bytes {
			m.Errorf("Shed says %d bytes, %d are gone", n, before-m.q.Range().Bytes)
		}
	case 8:
		before := m.q.Range().Bytes
		if n := m.q.Truncate(place); n != before-m.q.Range().Bytes {
			m.Errorf("Truncate says %d bytes, %d are gone", n, before-m.q.Range().Bytes)
		}
		m.ended = m.q.Range().Ended
	case 9:
		m.replace(place)
	default:
		m.next()
	}
}

// replace replaces one of the fragments of which nothing was read, or finds that
// there is none.
func (m *model) replace(from time.Duration) {
	before := m.q.Range()
	unread := m.q.Unread(from, nil)
	for i, u := range unread {
		if u.Start < from || i > 0 && u.Start < unread[i-1].End {
			m.Errorf("unread from %v: %+v", from, unread)
		}
	}
	if len(unread) == 0 {
		return
	}
	u := unread[m.rnd.IntN(len(unread))]
	var old *Fragment
	for _, f := range m.made {
		if f.Start == u.Start && f.End == u.End && m.freed[f] == 0 {
			old = f
		}
	}
	f := m.make(u.Start)
	f.Samples = f.Samples[:0]
	for i := range old.Samples {
		s := old.Samples[i]
		s.Key = i == 0
		f.Samples = append(f.Samples, s)
	}
	f.End = u.End
	dropped, ok := m.q.Replace(f)
	after := m.q.Range()
	if !ok || dropped != old.Bytes || m.freed[old] != 1 && old != m.inUse || after.Bytes != before.Bytes-old.Bytes+f.Bytes ||
		after.Fragments != before.Fragments || after.End != before.End || after.Ended != before.Ended {
		m.Errorf("replacing %+v dropped %d bytes, ok %t: %+v became %+v", u, dropped, ok, before, after)
	}
}

func (m *model) seek(pos time.Duration) {
	m.epoch++
	holds := m.q.Holds(pos)
	if m.q.Seek(m.epoch, pos) != holds {
		m.Errorf("Holds(%v) is %t, and Seek does something else", pos, holds)
	}
	if !holds {
		m.epoch--
		return
	}
	m.start, m.expected = pos, -1
	e := m.next()
	if e == nil {
		return
	}
	if e.Sample.PTS > pos && e.Sample.PTS != e.Fragment.Start || !e.Sample.Key {
		m.Errorf("after Seek(%v) reading begins at %v, key %t", pos, e.Sample.PTS, e.Sample.Key)
	}
	for _, s := range e.Fragment.Samples {
		if s.Key && s.PTS > e.Sample.PTS && s.PTS <= pos {
			m.Errorf("after Seek(%v) reading begins at %v, the last key sample before is at %v", pos, e.Sample.PTS, s.PTS)
		}
	}
}

// next reads a sample if there is one.
func (m *model) next() *Entry {
	m.inUse = nil
	m.q.mu.Lock()
	m.q.letGo()
	e, ok := m.q.take() // Next would wait
	m.q.mu.Unlock()
	switch {
	case !ok:
		return nil
	case e.Epoch != m.epoch || e.Start != m.start:
		m.Errorf("epoch %d from %v, want %d from %v", e.Epoch, e.Start, m.epoch, m.start)
	case e.End:
		if !m.ended || e.Fragment != nil {
			m.Errorf("the end of a track that has not ended: %+v", e)
		}
		return nil
	case m.expected >= 0 && e.Sample.PTS != m.expected:
		m.Errorf("the sample at %v follows, want that at %v", e.Sample.PTS, m.expected)
	case m.freed[e.Fragment] > 0:
		m.Errorf("the fragment at %v was freed and is read", e.Fragment.Start)
	case (e.Sample.Format != nil) != (e.Fragment.Format != m.told) || e.Sample.Format != nil && e.Sample.Format != e.Fragment.Format:
		m.Errorf("the format is told: %t, and it changed: %t", e.Sample.Format != nil, e.Fragment.Format != m.told)
	}
	m.told = e.Fragment.Format
	m.inUse, m.expected = e.Fragment, e.Sample.PTS+e.Sample.Duration
	return &e
}

func (m *model) check() {
	for f, n := range m.freed {
		if n > 1 || f == m.inUse {
			m.Errorf("the fragment at %v was freed %d times, in use: %t", f.Start, n, f == m.inUse)
		}
	}
	r := m.q.Range()
	var bytes, beyond int64
	held := 0
	for _, f := range m.made {
		if m.freed[f] > 0 || f.Start < r.Start || f.End > r.End {
			continue
		}
		held++
		bytes += f.Bytes
		if f.Start > m.start {
			beyond += f.Bytes
		}
	}
	orphan := m.inUse != nil && held == r.Fragments+1 // dropped, and still read
	if orphan {
		bytes -= m.inUse.Bytes
		held--
	}
	if r.Bytes != bytes || r.Fragments != held || r.Ended != m.ended {
		m.Errorf("the queue says %+v; there are %d fragments of %d bytes, ended: %t", r, held, bytes, m.ended)
	}
	if got := m.q.Beyond(m.start); !orphan && got != beyond {
		m.Errorf("beyond %v: %d bytes, want %d", m.start, got, beyond)
	}
}
