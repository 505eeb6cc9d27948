package origin

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math"
	"sort"
	"strings"
	"time"
)

// event is a presentation as a live event. It is immutable: what there is of it
// is a question of the moment.
type event struct {
	*loop
	live   *Live // complete
	origin presentation
	form   *liveForm
}

// moment is an event at an instant.
type moment struct {
	*event
	encoded    time.Duration // since the epoch: what ended by then is complete
	start, end time.Duration // of the event, likewise; forever: it has no end
	ending     Ending
	over       bool // it has ended, and all of it is complete
	gaps       []gap
}

// gap is a Gap, in time since the epoch.
type gap struct {
	stream   string
	from, to time.Duration
}

const forever = math.MaxInt64

// at returns the event at an instant by the clock of the Origin. happenings are
// what faults make of it.
func (e *event) at(now time.Time, h happenings) *moment {
	l := e.live
	m := &moment{
		event:   e,
		encoded: now.Sub(l.Epoch) - l.Delay,
		start:   l.Start.Sub(l.Epoch), end: forever,
		ending: l.Ending,
	}
	if !l.End.IsZero() {
		m.end = l.End.Sub(l.Epoch)
	}
	if !h.end.IsZero() && h.end.Sub(l.Epoch) < m.end {
		m.end = h.end.Sub(l.Epoch)
		if h.ending != "" {
			m.ending = h.ending
		}
	}
	m.over = m.encoded >= m.end
	for _, gaps := range [][]Gap{l.Gaps, h.gaps} {
		for _, g := range gaps {
			span := gap{g.Stream, g.From.Sub(l.Epoch), forever}
			if !g.To.IsZero() {
				span.to = g.To.Sub(l.Epoch)
			}
			m.gaps = append(m.gaps, span)
		}
	}
	return m
}

// stream finds a stream by its word in URLs, or else by its type.
func (m *moment) stream(noun string) *loopStream {
	for _, same := range []func(*loopStream) string{
		func(s *loopStream) string { return s.noun },
		func(s *loopStream) string { return s.kind },
	} {
		for i := range m.streams {
			if s := &m.streams[i]; strings.EqualFold(same(s), noun) && len(s.chunks) > 0 {
				return s
			}
		}
	}
	return nil
}

// lost returns the gap that swallowed chunk n.
func (m *moment) lost(s *loopStream, n int64) (g gap, lost bool) {
	if len(m.gaps) == 0 {
		return g, false
	}
	from, to := s.span(n)
	for _, g := range m.gaps {
		if from < g.to && to > g.from && (g.stream == "" || s.is(g.stream)) {
			return g, true
		}
	}
	return g, false
}

// is reports whether name is a name of s, or its type.
func (s *loopStream) is(name string) bool {
	return strings.EqualFold(name, s.noun) || strings.EqualFold(name, s.name) || strings.EqualFold(name, s.kind)
}

// first is the number of the first chunk of the event, whether it was lost or
// not.
func (m *moment) first(s *loopStream) int64 { return s.since(m.start) }

// after is the first chunk from n on that is not lost; -1: there is none.
func (m *moment) after(s *loopStream, n int64) int64 {
	for {
		g, lost := m.lost(s, n)
		if !lost {
			return n
		}
		if g.to == forever {
			return -1
		}
		n = max(n+1, s.since(g.to))
	}
}

// before is the last chunk up to n that is not lost, which may be earlier than
// the first of the event.
func (m *moment) before(s *loopStream, n int64) int64 {
	for n >= 0 {
		g, lost := m.lost(s, n)
		if !lost {
			break
		}
		n = min(n-1, s.until(g.from))
	}
	return n
}

// newest is the last chunk that can be asked for; less than first: there is none
// yet.
func (m *moment) newest(s *loopStream) int64 {
	if s.parent != "" {
		return m.newestSparse(s)
	}
	n := m.before(s, s.until(min(m.encoded, m.end)))
	if m.live.Mode == Complete && !m.over {
		for range m.live.LookAhead {
			n = m.before(s, n-1)
		}
	}
	return n
}

// newestSparse is the last chunk that begins before the end of what there is of
// the parent stream.
func (m *moment) newestSparse(s *loopStream) int64 {
	edge := min(m.encoded, m.end)
	if p := m.parentOf(s); p != nil {
		_, edge = p.span(max(m.newest(p), 0))
	}
	return m.before(s, s.since(edge)-1)
}

// parentOf is the stream that a sparse stream belongs to; nil: it is missing.
func (m *moment) parentOf(s *loopStream) *loopStream {
	for i := range m.streams {
		if p := &m.streams[i]; p.parent == "" && len(p.chunks) > 0 && p.is(s.parent) {
			return p
		}
	}
	return nil
}

// oldest is the first chunk of the window, whether it was lost or not.
func (m *moment) oldest(s *loopStream, newest int64) int64 {
	oldest := m.first(s)
	if newest < oldest {
		return oldest
	}
	if w := m.live.Window; w > 0 {
		_, edge := s.span(newest)
		if p := m.parentOf(s); p != nil {
			_, edge = p.span(max(m.newest(p), 0))
		}
		oldest = max(oldest, s.until(edge-w)+1)
	}
	return max(oldest, newest-maxListedChunks+1)
}

// chunks goes through what the manifest lists of a stream, from the oldest to the
// newest.
func (m *moment) chunks(s *loopStream) iter.Seq[int64] {
	return func(yield func(n int64) bool) {
		if len(s.chunks) == 0 {
			return
		}
		newest := m.newest(s)
		oldest := m.oldest(s, newest)
		if m.live.ListAnnounced && newest >= oldest {
			for n := range m.following(s, newest) {
				newest = n
			}
		}
		for n := oldest; n <= newest; n++ {
			if n = m.after(s, n); n < 0 || n > newest || !yield(n) {
				return
			}
		}
	}
}

// errNotYet is a fragment that is not there yet: 412, [MS-SSTR] 2.2.6.
var errNotYet = errors.New("not available yet")

// find returns the chunk that begins at t, if it can be asked for. The error
// wraps errNotYet or fs.ErrNotExist.
func (m *moment) find(s *loopStream, t uint64) (int64, error) {
	newest := m.newest(s)
	oldest := m.oldest(s, newest)
	if last := uint64(0); newest >= oldest {
		if _, last, _ = s.chunk(newest); t <= last {
			n := oldest + int64(sort.Search(int(newest-oldest), func(i int) bool {
				_, at, _ := s.chunk(oldest + int64(i))
				return at >= t
			}))
			_, at, _ := s.chunk(n)
			_, lost := m.lost(s, n)
			if at == t && !lost {
				return n, nil
			}
			return 0, fmt.Errorf("stream %q at time %d: %w", s.noun, t, fs.ErrNotExist)
		}
	}
	switch _, begin, _ := s.chunk(m.first(s)); {
	case t < begin:
		return 0, fmt.Errorf("stream %q at time %d, before the event began: %w", s.noun, t, fs.ErrNotExist)
	case m.over && m.ending != EndSilent:
		return 0, fmt.Errorf("stream %q at time %d, after the event ended: %w", s.noun, t, fs.ErrNotExist)
	}
	return 0, fmt.Errorf("stream %q at time %d: %w", s.noun, t, errNotYet)
}

// announced is an entry of a tfrf box.
type announced struct{ t, d uint64 }

// followers are what chunk n announces.
func (m *moment) followers(s *loopStream, n int64) []announced {
	var list []announced
	for n := range m.following(s, n) {
		_, t, d := s.chunk(n)
		list = append(list, announced{t, d})
	}
	return list
}

// following goes through the numbers of the chunks that chunk n announces.
func (m *moment) following(s *loopStream, n int64) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		if s.parent != "" {
			return
		}
		for range m.live.LookAhead {
			if n++; m.live.Mode == Complete {
				if n = m.after(s, n); n < 0 {
					return
				}
			}
			_, ends := s.span(n)
			if m.live.Mode == Complete && ends > min(m.encoded, m.end) ||
				m.live.Mode == Promise && ends > m.end && !m.ending.live() || !yield(n) {
				return
			}
		}
	}
}

// info says where the fragment that r asks for stands, for faults.
func (m *moment) info(r request) chunkInfo {
	info := chunkInfo{number: -1, other: r.time, behind: -1}
	s := m.stream(r.stream)
	if s == nil {
		return info
	}
	info.kind, info.name, info.top = s.kind, s.name, s.top
	first, newest := m.first(s), m.newest(s)
	n := s.since(s.wall(r.time))
	if _, t, _ := s.chunk(n); t != r.time || n < first {
		return info
	}
	info.number, info.behind = int(n-first), int(newest-n)
	if _, info.other, _ = s.chunk(n + 1); n == newest && n > first {
		_, info.other, _ = s.chunk(n - 1)
	}
	return info
}
