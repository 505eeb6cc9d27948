package player

import (
	"slices"
	"time"

	"smoothplay/heuristics"
	"smoothplay/heuristics/renderload"
	"smoothplay/platform"
	"smoothplay/player/event"
	"smoothplay/player/pipeline"
)

// observer watches how well the device keeps up, once a second while playing.
type observer struct {
	monitor *renderload.Monitor
	cap     int
	next    time.Duration // when to look again, since the session began
	epoch   uint64        // of the last look
	last    pipeline.Counters
	decodes []time.Duration // since the last look
}

// begin watches another video track.
func (o *observer) begin(levels []heuristics.Level) {
	o.monitor = renderload.New(levels)
	o.cap = o.monitor.Cap()
}

// take keeps what a report says until the next look.
func (o *observer) take(r *pipeline.Report) {
	if room := 256 - len(o.decodes); room > 0 {
		o.decodes = append(o.decodes, r.Decodes[:min(room, len(r.Decodes))]...)
	}
}

// observe looks at the last second of playing: it samples the buffer, counts
// lost pictures, and caps the levels that the device does not render in time.
func (l *loop) observe() {
	o := &l.render
	now := l.now()
	if l.state != event.Playing {
		o.next = now + observeEvery
		o.epoch = 0
		return
	}
	if now < o.next {
		return
	}
	o.next = now + observeEvery
	if left, t := l.runway(); t != nil {
		l.figures.Buffer.Add(left)
	}
	before, after := o.last, l.report.Counters
	o.last = after
	decodes := o.decodes
	o.decodes = o.decodes[:0]
	dropped := after.Dropped - before.Dropped
	omitted := after.Omitted - before.Omitted
	if dropped+omitted > 0 {
		l.emit(event.FramesDropped{Count: dropped, Late: dropped, Skipped: omitted, Level: l.level})
	}
	if o.monitor == nil || l.level < 0 {
		return
	}
	shown := after.Shown - before.Shown
	var showing time.Duration
	if shown > 0 {
		showing = (after.ShowTime - before.ShowTime) / time.Duration(shown)
	}
	mean, p95 := summarize(decodes)
	load := l.load()
	seen := renderload.Observation{
		Now: now, Level: l.level, PicturePeriod: l.report.Period,
		DecodeMean: mean + showing, DecodeP95: p95 + showing,
		Decoded: len(decodes), Shown: shown, Dropped: dropped + omitted, Ignore: o.epoch != l.epoch,
		Device: load.Device, Process: load.Process, Throttled: load.Throttled,
	}
	o.epoch = l.epoch
	var why renderload.Reason
	o.cap, why = o.monitor.Observe(seen)
	if o.cap < l.level {
		l.relieve(o.cap)
	}
	if why != renderload.Unchanged {
		l.emit(event.RenderLoad{
			Level: l.level, Cap: o.cap, Top: len(l.of(platform.Video).levels) - 1,
			DecodeMean: seen.DecodeMean, DecodeP95: seen.DecodeP95, Period: seen.PicturePeriod,
			Device: load.Device, Process: load.Process, Throttled: load.Throttled, Reason: string(why),
		})
	}
}

// load asks the device how busy it is; a meter that fails says nothing.
func (l *loop) load() platform.Load {
	if l.dev.Load == nil {
		return platform.Load{}
	}
	load, err := l.dev.Load.Load()
	if err != nil {
		l.cfg.Logger.Debug("the load cannot be read", "area", "render", "error", err)
		return platform.Load{}
	}
	return load
}

// summarize returns the mean and the 95th percentile of times.
func summarize(times []time.Duration) (mean, p95 time.Duration) {
	if len(times) == 0 {
		return 0, 0
	}
	var sum time.Duration
	for _, t := range times {
		sum += t
	}
	sorted := slices.Sorted(slices.Values(times))
	return sum / time.Duration(len(times)), sorted[min(len(sorted)*95/100, len(sorted)-1)]
}

// takeFigures completes the figures of the Summary.
func (l *loop) takeFigures() {
	r := l.monitor.Take()
	for _, o := range r.Offsets {
		l.figures.AVOffset.Add(o.Abs())
	}
	l.figures.PicturesDecoded = int64(r.Decoded)
	l.figures.PicturesShown = int64(r.Shown)
	l.figures.PicturesDropped = int64(r.Dropped + r.Omitted)
	l.figures.PicturesRepeated = int64(r.Repeated)
	l.figures.AudioGaps = int64(r.Gaps)
}
