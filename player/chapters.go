package player

import (
	"context"
	"time"

	"smoothplay/player/event"
	"smoothplay/player/marker"
	"smoothplay/player/schedule"
)

// Chapter is a part of a presentation that has a name.
type Chapter struct {
	Start time.Duration
	Title string
}

// chapterAgain is how far into a chapter the way back leads to its beginning, and
// not to the chapter before.
const chapterAgain = 3 * time.Second

// Chapter moves to the n-th next chapter, or an earlier one where n is negative: from
// well inside a chapter, the first step back leads to its beginning. Beyond the last
// chapter it moves nowhere.
func (p *Player) Chapter(ctx context.Context, n int) error {
	s := p.Status()
	if len(s.Chapters) == 0 {
		return fail(event.BadArgument, "", "the presentation has no chapters")
	}
	to, ok := chapterFrom(s.Chapters, s.Position, n)
	if !ok {
		return nil
	}
	return p.Seek(ctx, to, Exact)
}

// chapterFrom is where n chapters from a position lead.
func chapterFrom(list []Chapter, pos time.Duration, n int) (to time.Duration, ok bool) {
	// The chapter that pos is in; -1: before the first.
	i := -1
	for i+1 < len(list) && list[i+1].Start <= pos {
		i++
	}
	if n < 0 && i >= 0 && pos-list[i].Start >= chapterAgain {
		n++
	}
	switch i += n; {
	case i >= len(list):
		return 0, false
	case i < 0:
		return 0, true
	}
	return list[i].Start, true
}

// mark takes the markers of the presentation as known now.
func (l *loop) mark() {
	list := marker.Of(l.snap)
	l.chapters = nil
	for _, m := range marker.Chapters(list) {
		l.chapters = append(l.chapters, Chapter{max(m.At, 0), m.Value})
	}
	l.marks = marker.Line[marker.Marker]{}
	for _, m := range list {
		l.marks.Add(m.At, m)
	}
}

// passMarkers tells of the markers that the playhead has passed.
func (l *loop) passMarkers() {
	if l.snap == nil || l.done || l.state != event.Playing {
		return
	}
	l.marks.Pass(l.position(), l.back(), func(at time.Duration, m marker.Marker) {
		l.emit(event.Marker{Time: at, Stream: m.Stream, Kind: m.Kind, Name: m.Type, Value: m.Value})
	})
}

// untilMarker is how long passMarkers has nothing to tell.
func (l *loop) untilMarker() time.Duration {
	at, ok := l.marks.Next(l.back())
	if l.snap == nil || !ok || l.state != event.Playing {
		return schedule.Forever
	}
	return max(l.until(at), 0) + 50*time.Microsecond
}

// reMark takes over what a new manifest says of the markers.
func (l *loop) reMark() {
	at := l.position()
	l.mark()
	l.marks.Jump(at, !l.back()) // what is here was told
}
