package player

import (
	"smoothplay/platform"
	"smoothplay/player/timeline"
)

// extendAngles lets the timelines of the other angles grow with that of t, whose
// fragment told what follows: they have the same chunks, and tell so only when they
// are fetched.
func (l *loop) extendAngles(t *track, s *timeline.Snapshot, n *news) *timeline.Snapshot {
	if t.kind != platform.Video || len(l.angles.list) < 2 || len(n.next) == 0 {
		return s
	}
	for _, a := range l.angles.list {
		other := l.snap.Stream(a.stream)
		if a.stream != t.index && alike(other, l.snap.Stream(t.index)) &&
			l.snap.Presentation().Streams[a.stream].TimeScale == t.source.TimeScale {
			s, _ = s.Extend(a.stream, timeline.Known{T: lastOf(other).T}, n.next)
		}
	}
	return s
}

// alike reports whether two streams have the same last chunk.
func alike(a, b *timeline.Stream) bool {
	return a.Len() > 0 && b.Len() > 0 && lastOf(a).T == lastOf(b).T && lastOf(a).D == lastOf(b).D
}

func lastOf(s *timeline.Stream) timeline.Chunk { return s.Chunk(s.Limit() - 1) }
