package player

import (
	"context"

	"smoothplay/platform"
	"smoothplay/player/pipeline"
)

// videoBefore is the video whose decoder another one may need; nil: none.
type videoBefore = *pipeline.Video

// newVideo makes the decode loop of t.
func (l *loop) newVideo(t *track, before videoBefore) *pipeline.Video {
	v := pipeline.NewVideo(t.queue, l.dev.Decoders, l.clock, l.monitor)
	l.nextID++
	t.video, t.videoID = v, l.nextID
	t.door = l.keys.ring.door(t.queue)
	v.Name(t.videoID)
	v.Lock(t.door)
	v.After(before)
	return v
}

// startVideo starts what decodes and shows t.
func (l *loop) startVideo(t *track, before videoBefore) {
	v := l.newVideo(t, before)
	l.presenter = pipeline.NewPresenter(v, l.clock, l.screen, l.monitor)
	t.run(l, v.Run)
	present := l.presenter.Run
	l.presents = l.spawn(func(ctx context.Context) { _ = present(ctx) })
	v.SetEffort(platform.EffortLevel(l.render.effort))
	l.angles.placed = nil
}

// startBeside starts what decodes t beside the video that is shown.
func (l *loop) startBeside(t *track, before videoBefore) {
	v := l.newVideo(t, before)
	v.Beside(l.presenter)
	t.run(l, v.Run)
}

// stopVideo ends what decodes t.
func (l *loop) stopVideo(t *track) {
	for _, cancel := range t.cancels {
		cancel()
	}
	l.keys.ring.leave(t.door)
	t.cancels, t.video, t.door, t.videoID = nil, nil, nil, 0
}

// stopPresenter ends what shows pictures; the last one stays on the screen.
func (l *loop) stopPresenter() {
	if l.presents != nil {
		l.presents()
	}
	l.presenter, l.presents = nil, nil
}
