package player

import (
	"slices"

	"smoothplay/heuristics/renderload"
	"smoothplay/player/event"
	"smoothplay/player/pipeline"
)

// showInsets shows the other angles as small pictures, or no longer.
func (l *loop) showInsets(on bool, cause string) {
	if l.angles.insets == on {
		return
	}
	l.angles.insets = on
	l.emit(event.Insets{On: on, Cause: cause})
	l.again = true
	if on || l.snap == nil {
		return
	}
	for _, t := range l.angles.aside {
		if l.angles.turn == nil || l.angles.turn.to != t {
			l.stopVideo(t)
		}
	}
	l.placeInsets()
}

// placeInsets decodes the angles aside of which there is something, where they are
// to be seen, and tells the presenter which those are.
func (l *loop) placeInsets() {
	if l.presenter == nil {
		return
	}
	var placed []int
	var videos []*pipeline.Video
	if l.angles.insets && l.wind == nil {
		for i := range l.angles.list {
			t := l.asideOf(i)
			if t == nil || len(videos) == pipeline.MaxInsets || l.angles.turn != nil && l.angles.turn.to == t {
				continue
			}
			if t.video == nil && t.queue.Seek(l.epoch, l.position()) {
				l.startBeside(t, nil)
			}
			if t.video != nil {
				placed, videos = append(placed, t.videoID), append(videos, t.video)
			}
		}
	}
	if !slices.Equal(placed, l.angles.placed) {
		l.angles.placed = placed
		l.presenter.SetInsets(videos)
	}
}

// asideOf is the track aside of angle i; nil: there is none.
func (l *loop) asideOf(i int) *track {
	for _, t := range l.angles.aside {
		if t.angle == l.angles.list[i].name {
			return t
		}
	}
	return nil
}

// dropInsets takes the small pictures away where the device does not keep up with
// them, before anything is concluded about the level that is played. It reports
// whether it did.
func (l *loop) dropInsets(seen renderload.Observation) bool {
	if len(l.angles.placed) == 0 || seen.Ignore {
		return false
	}
	lost := seen.Late + seen.Dropped + seen.Spared
	busy := seen.PicturePeriod > 0 && seen.DecodeMean+seen.Showing > seen.PicturePeriod*insetsLoad/100
	if lost*insetsLost <= seen.Shown && !busy {
		return false
	}
	l.showInsets(false, "render_load")
	l.render.epoch = 0 // the next second is disturbed by what was
	return true
}

const (
	// insetsLost is one part of the pictures shown of which as many may be late or
	// lost with insets, and insetsLoad the part of their time in percent that
	// decoding and showing may take.
	insetsLost = 20
	insetsLoad = 85
)
