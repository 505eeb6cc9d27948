package player

import (
	"slices"
	"time"

	"smoothplay/heuristics/renderload"
	"smoothplay/platform"
	"smoothplay/player/event"
	"smoothplay/player/pipeline"
)

// observer watches how well the device keeps up, once a second while playing.
type observer struct {
	monitor *renderload.Monitor
	codecs  []string // of the levels
	cap     int
	effort  renderload.Effort // that the decoder was told
	next    time.Duration     // when to look again, since the session began
	epoch   uint64            // of the last look
	last    pipeline.Counters
	decodes []pipeline.Decode // since the last look
	times   []time.Duration   // of those that count
}

// glanced is how many pictures are enough for a first glance at how fast the
// device decodes.
const glanced = 5

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
	l.glance()
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
	seen := l.seen(now, before, after)
	lost := after.Omitted - before.Omitted + after.Spared - before.Spared
	if dropped := after.Dropped - before.Dropped; dropped+lost > 0 {
		l.emit(event.FramesDropped{Count: dropped, Late: dropped, Skipped: lost, Level: l.level})
	}
	if o.monitor == nil || l.level < 0 {
		return
	}
	seen.Ignore = o.epoch != l.epoch
	o.epoch = l.epoch
	load := l.load()
	seen.Device, seen.Process, seen.Throttled = load.Device, load.Process, load.Throttled
	if l.dropInsets(seen) {
		return
	}
	_, why := o.monitor.Observe(seen)
	l.conclude(seen, why)
	if o.cap < l.level {
		l.relieve(o.cap)
	}
}

// glance looks at the first pictures, without waiting for a second of them: a
// device that is fast enough is offered all levels at once.
func (l *loop) glance() {
	o := &l.render
	if o.monitor == nil || l.level < 0 || o.monitor.Expected(l.level) > 0 || len(o.decodes) < glanced {
		return
	}
	seen := l.seen(l.now(), pipeline.Counters{}, pipeline.Counters{})
	_, why := o.monitor.Glance(seen)
	l.conclude(seen, why)
}

// seen is what was seen of the pictures since the last look.
func (l *loop) seen(now time.Duration, before, after pipeline.Counters) renderload.Observation {
	o := &l.render
	shown := after.Shown - before.Shown
	var showing time.Duration
	if shown > 0 {
		showing = (after.ShowTime - before.ShowTime) / time.Duration(shown)
	}
	t := l.of(platform.Video)
	o.times = o.times[:0]
	for _, d := range o.decodes {
		if t != nil && l.level >= 0 && l.level < len(t.levels) && t.levels[l.level].has(d.Source) {
			o.times = append(o.times, d.Took) // not those of the level that follows
		}
	}
	o.decodes = o.decodes[:0]
	mean, p95 := summarize(o.times)
	period := l.report.Period
	if l.rate > 1 {
		period = time.Duration(float64(period) / l.rate)
	}
	seen := renderload.Observation{
		Now: now, Level: l.level, PicturePeriod: period,
		DecodeMean: mean, DecodeP95: p95, Showing: showing,
		Decoded: len(o.times), Shown: shown, Late: after.Late - before.Late,
		Dropped: after.Dropped - before.Dropped + after.Omitted - before.Omitted,
		Spared:  after.Spared - before.Spared,
		Threads: l.report.Threads, MostThreads: l.report.MostThreads,
	}
	for t != nil && seen.Lowest < len(t.levels)-1 && !l.allowed(t, seen.Lowest) {
		seen.Lowest++
	}
	return seen
}

// conclude takes the cap and the effort from the monitor, and tells what changed.
func (l *loop) conclude(seen renderload.Observation, why renderload.Reason) {
	o := &l.render
	o.cap = o.monitor.Cap()
	t := l.of(platform.Video)
	if t == nil || why == renderload.Unchanged {
		return
	}
	if effort := o.monitor.Effort(); effort != o.effort && t.video != nil {
		o.effort = effort
		t.video.SetEffort(platform.EffortLevel(effort))
	}
	told := event.RenderLoad{
		Level: l.level, Cap: o.cap, Top: len(t.levels) - 1,
		DecodeMean: seen.DecodeMean + seen.Showing, DecodeP95: seen.DecodeP95 + seen.Showing, Period: seen.PicturePeriod,
		Device: seen.Device, Process: seen.Process, Throttled: seen.Throttled, Reason: string(why),
		Expected: o.monitor.Expected(o.cap + 1),
	}
	if o.effort != renderload.FullEffort {
		told.Effort = o.effort.String()
	}
	l.emit(told)
}

// avoided reports whether level q of t is left out because the device is slow at
// it alone, and there is another one to play.
func (l *loop) avoided(t *track, q int) bool {
	m := l.render.monitor
	if t.kind != platform.Video || m == nil || !m.Avoids(q) {
		return false
	}
	for other := range min(l.render.cap+1, len(t.levels)) {
		if l.allowed(t, other) && !m.Avoids(other) {
			return true
		}
	}
	return false
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
	l.figures.PicturesDropped = int64(r.Dropped + r.Omitted + r.Spared)
	l.figures.PicturesRepeated = int64(r.Repeated)
	l.figures.AudioGaps = int64(r.Gaps)
}
