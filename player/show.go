package player

import (
	"time"

	"smoothplay/player/event"
	"smoothplay/player/marker"
	"smoothplay/player/schedule"
	"smoothplay/player/timeline"
)

// show is what the control loop keeps of one presentation. That of the
// presentation in front lies in the fields of the loop of the same names; that of
// one behind it here. One behind is fetched, and nothing of it moves.
type show struct {
	item     int
	url      string
	base     string
	snap     *timeline.Snapshot
	from     time.Duration
	tracks   []*track
	streams  []event.TrackStream
	audio    []audioChoice
	text     captions
	angles   angles
	data     data
	live     live
	keys     keys
	origins  origins
	target   time.Duration
	need     time.Duration
	level    int
	missing  *Error
	fatal    *Error
	behind   bool // it is not in front
	prepared bool
	render   observer
	marks    marker.Line[marker.Marker]
}

// swap exchanges the presentation in front with s.
func (l *loop) swap(s *show) {
	trade(&l.item, &s.item)
	trade(&l.url, &s.url)
	trade(&l.base, &s.base)
	trade(&l.snap, &s.snap)
	trade(&l.from, &s.from)
	trade(&l.tracks, &s.tracks)
	trade(&l.streams, &s.streams)
	trade(&l.audio, &s.audio)
	trade(&l.text, &s.text)
	trade(&l.angles, &s.angles)
	trade(&l.data, &s.data)
	trade(&l.live, &s.live)
	trade(&l.keys, &s.keys)
	trade(&l.origins, &s.origins)
	trade(&l.target, &s.target)
	trade(&l.need, &s.need)
	trade(&l.level, &s.level)
	trade(&l.missing, &s.missing)
	trade(&l.fatal, &s.fatal)
	trade(&l.behind, &s.behind)
	trade(&l.prepared, &s.prepared)
	trade(&l.render, &s.render)
	trade(&l.marks, &s.marks)
}

func trade[T any](a, b *T) { *a, *b = *b, *a }

// has reports whether t is a track of s.
func (s *show) has(t *track) bool {
	for _, o := range s.tracks {
		if o == t {
			return true
		}
	}
	return false
}

// handleBehind handles a message about a presentation that is not in front, and
// reports whether m is one.
func (l *loop) handleBehind(m message) bool {
	var t *track
	switch {
	case m.transfer != nil:
		t = m.transfer.job.track
	case m.progress != nil:
		t = m.progress.job.track
	case m.info != nil:
		t = m.info.track
	case m.manifest != nil && m.manifest.refresh && l.clips.main != nil:
		l.inFrontOf(l.clips.main, func() { l.handle(m) })
		return true
	}
	if t == nil {
		return false
	}
	for _, s := range l.clips.shows() {
		if s.behind && s.has(t) {
			l.inFrontOf(s, func() { l.handle(m) })
			return true
		}
	}
	return false
}

// inFrontOf does something with a presentation that is behind.
func (l *loop) inFrontOf(s *show, do func()) {
	l.swap(s)
	do()
	l.swap(s)
}

// fetchBehind goes on fetching what is behind, and returns how long nothing more
// will be due.
func (l *loop) fetchBehind() time.Duration {
	wait := schedule.Forever
	for _, s := range l.clips.shows() {
		if !s.behind || s.snap == nil || l.done {
			continue
		}
		l.inFrontOf(s, func() {
			if l.snap.Live() {
				l.trimWindow()
				l.askRefresh()
				l.askInfo()
				wait = min(wait, l.untilRefresh(), l.untilInfo())
			}
			wait = min(wait, l.fetch())
		})
	}
	return wait
}
