package player

import (
	"net/http"
	"time"

	"smoothplay/heuristics"
	"smoothplay/platform"
	"smoothplay/player/buffer"
	"smoothplay/player/event"
	"smoothplay/player/manifest"
	"smoothplay/player/pipeline"
	"smoothplay/player/schedule"
	"smoothplay/player/timeline"
	"smoothplay/player/trick"
)

const (
	// windAhead is how long what is fetched for winding lasts.
	windAhead = 1500 * time.Millisecond
	// windHurry is what more must come for soon, whatever its level.
	windHurry = 500 * time.Millisecond
	// maxWindFailures is after how many failures in a row winding is given up.
	maxWindFailures = 8
	// windApart is between two requests, so that answers come in their order.
	windApart = 1130 * time.Microsecond
	windPause = 100 * time.Millisecond // after the first
)

// content is what fragments of a track are made of, as far as was seen.
type content struct {
	keys       int           // key samples in a fragment
	keyShare   float64       // of its bytes
	references float64       // share of samples that others refer to
	period     time.Duration // of a picture
}

// study learns from a fragment of t.
func (t *track) study(f *buffer.Fragment) {
	if t.kind != platform.Video || len(f.Samples) == 0 {
		return
	}
	var c content
	var all, keys int
	for i := range f.Samples {
		s := &f.Samples[i]
		all += len(s.Data)
		if s.Key || i == 0 {
			c.keys++
			keys += len(s.Data)
		}
		if !s.Disposable {
			c.references++
		}
	}
	c.keyShare = float64(keys) / float64(max(all, 1))
	c.references /= float64(len(f.Samples))
	c.period = (f.End - f.Start) / time.Duration(len(f.Samples))
	t.content = c
}

// timeDecoding learns how long samples of each level take to decode.
func (l *loop) timeDecoding(decodes []pipeline.Decode) {
	t := l.of(platform.Video)
	if t == nil {
		return
	}
	for _, d := range decodes {
		for q := range t.levels {
			if v := &t.levels[q]; v.has(d.Source) {
				v.decode += (d.Took - v.decode) / 8
			}
		}
	}
}

// trickInput is what is known for a plan.
func (l *loop) trickInput(w *winding) trick.Input {
	t := w.track
	estimate := l.bandwidth.Estimate()
	in := trick.Input{
		Rate: l.rate, Chunk: max(l.usualChunk(t), time.Millisecond), Period: max(t.content.period, time.Millisecond),
		Keys: t.content.keys, KeyShare: t.content.keyShare, References: t.content.references,
		BandwidthBPS: estimate.BPS, RoundTrip: estimate.TTFB, KeyFrames: !l.noKeyFrames, Current: w.plan,
	}
	if t.content.period == 0 {
		in.Period = usualPeriod
	}
	for q := range t.levels {
		v := &t.levels[q]
		in.Levels = append(in.Levels, trick.Level{
			BitrateBPS: int64(float64(v.source.BitrateBPS) * v.rate), Decode: t.decodes(q),
			Usable: l.allowed(t, q) && v.until <= l.now(),
		})
	}
	return in
}

// decodes is how long a sample of level q takes to decode: where it was not seen, by
// its size in comparison with the nearest that was; 0: nothing is known.
func (t *track) decodes(q int) time.Duration {
	size := func(q int) float64 { return float64(max(t.rates[q].Width*t.rates[q].Height, 1)) }
	for by := range t.levels {
		for _, i := range []int{q + by, q - by} {
			if i >= 0 && i < len(t.levels) && t.levels[i].decode > 0 {
				return time.Duration(float64(t.levels[i].decode) * size(q) / size(i))
			}
		}
	}
	return 0
}

// usualChunk is how long a chunk of t lasts.
func (l *loop) usualChunk(t *track) time.Duration {
	n := t.stream.Len()
	if n == 0 {
		return time.Second
	}
	return t.stream.Chunk(t.stream.First() + n/2).Duration
}

// windFetch asks for what is to be shown next; it returns how long nothing more
// will be due.
func (l *loop) windFetch() time.Duration {
	w := l.wind
	for !w.done && l.now() >= w.notBefore && w.flying() < w.most() && l.until(w.next) < windAhead {
		if !l.askWound() {
			w.done = true
		}
	}
	if w.done && len(w.jobs) == 0 && !w.ended {
		w.ended, l.again = true, true
		w.track.queue.EndShots()
	}
	switch {
	case w.done || w.flying() >= w.most():
		return schedule.Forever
	case l.now() < w.notBefore:
		return w.notBefore - l.now()
	case l.held:
		return schedule.Forever
	}
	return max(l.until(w.next)-windAhead, 0) + time.Millisecond
}

// flying is how many requests are under way.
func (w *winding) flying() (n int) {
	for _, j := range w.jobs {
		if j.shots == nil {
			n++
		}
	}
	return n
}

// most is how many may be: the first comes alone, to be there soon.
func (w *winding) most() int {
	if !w.heard {
		return 1
	}
	return trick.Flying
}

// askWound asks for the next chunk; false: there is none on the way.
func (l *loop) askWound() bool {
	w, t := l.wind, l.wind.track
	in := l.trickInput(w)
	in.Hurry = w.come == 0 || l.windLeft() < windHurry
	w.plan = trick.Choose(in)
	c, from, ok := l.windChunk()
	if !ok {
		return false
	}
	points, next := w.plan.Points(trick.Span{Start: max(c.Start, l.from), End: c.End()}, from, l.back())
	w.next, w.chunk = next, c.Index
	if len(points) == 0 {
		return true
	}
	j := &job{track: t, chunk: c, level: w.plan.Level, attempt: 1, points: points, plan: w.plan}
	if f := t.queue.Held(c.Index); f != nil && in.Decodes(f.Level) {
		w.jobs = append(w.jobs, j)
		j.cut(f, l.back())
		l.handOn()
		return true
	}
	if url, ok := manifest.KeyFramesURL(l.chunkURL(t, j.level, c)); ok && !l.noKeyFrames && !w.plan.Whole {
		j.url, j.noun = url, "KeyFrames"
	}
	w.jobs = append(w.jobs, j)
	l.start(j)
	w.notBefore = l.now() + windApart
	return true
}

// windChunk is the chunk that is shown next, and the place in it; false: the end
// of the way is reached.
func (l *loop) windChunk() (c timeline.Chunk, from time.Duration, ok bool) {
	w, s := l.wind, l.wind.track.stream
	first, limit := s.First(), s.Proven()
	if first >= limit {
		return c, 0, false
	}
	i := s.At(w.next + time.Millisecond)
	if l.back() {
		start, _ := l.window()
		switch {
		case w.chunk == first || w.chunk >= 0 && s.Chunk(max(w.chunk, first)).Start <= l.from || l.snap.Live() && w.chunk >= 0 && s.Chunk(max(w.chunk, first)).Start <= start+l.margin():
			return c, 0, false
		case i >= limit:
			i = limit - 1
		}
		if w.chunk >= 0 && i >= w.chunk {
			i = w.chunk - 1
		}
		i = max(i, first)
		c = s.Chunk(i)
		if c.Start > w.next && i > first && w.next > 0 { // in a gap
			c = s.Chunk(i - 1)
		}
		return c, min(w.next, c.End()-1), c.Index >= first
	}
	if w.chunk >= 0 && i <= w.chunk {
		i = w.chunk + 1
	}
	if i < first {
		i = first
	}
	if i >= limit || l.snap.Live() && s.Chunk(i).Start > l.livePosition() {
		return c, 0, false
	}
	c = s.Chunk(i)
	return c, max(w.next, c.Start), true
}

// cancelWound gives a transfer up.
func (l *loop) cancelWound(j *job) {
	j.cancel()
	j.abandoned = true
	body := j.event(event.Canceled)
	body.Elapsed = l.now() - j.asked
	l.emit(body)
}

// wound takes the end of a transfer for winding.
func (l *loop) wound(a *transferAnswer) {
	j, t, w := a.job, a.job.track, l.wind
	t.received += a.result.Bytes
	if j.abandoned || w == nil {
		l.figures.DiscardedBytes += a.result.Bytes
		if a.fragment != nil {
			a.fragment.Free()
		}
		return
	}
	l.tellFragment(a)
	w.heard = true
	if a.err == nil {
		a.fragment.Level = j.level
		l.adopt(t, a.fragment.Format, j.level)
		l.originWorked()
		l.answered()
		r := &a.result
		l.bandwidth.Add(heuristics.Transfer{
			Level: j.level, Bytes: r.Bytes, Size: r.Bytes, Start: j.asked, FirstByte: r.FirstByte,
			Body: max(r.Elapsed-r.FirstByte, 0), Media: j.chunk.Duration, FromStore: r.FromStore, StackBPS: r.StackBPS,
			OtherBytes: l.othersReceived(nil) - j.othersBefore - r.Bytes,
		})
		if l.encrypted(t, j.level, a.cipher) {
			w.failures = 0
			if j.noun == "" {
				t.study(a.fragment)
			}
			j.fragment = a.fragment
			j.cut(a.fragment, l.back())
		} else {
			l.figures.DiscardedBytes += a.result.Bytes
			a.fragment.Free()
			l.notWound(j)
		}
	} else {
		l.notWoundAt(a)
	}
	if l.wind != nil {
		l.handOn()
	}
}

// cut makes shots of a fragment.
func (j *job) cut(f *buffer.Fragment, back bool) {
	samples := make([]trick.Sample, len(f.Samples))
	for i := range f.Samples {
		s := &f.Samples[i]
		samples[i] = trick.Sample{PTS: s.PTS, Key: s.Key, Disposable: s.Disposable}
	}
	j.shots = []buffer.Shot{}
	for _, s := range trick.Pick(samples, j.points, j.plan.Step, !j.plan.Whole, back) {
		j.shots = append(j.shots, buffer.Shot{Fragment: f, Decode: s.Decode, Show: s.Show})
	}
}

// let lets go of what came and is not shown.
func (j *job) let() {
	if j.fragment != nil && j.fragment.Free != nil {
		j.fragment.Free()
	}
	j.fragment = nil
}

// handOn passes on what came, in the order of travel.
func (l *loop) handOn() {
	w := l.wind
	for len(w.jobs) > 0 && w.jobs[0].shots != nil {
		j := w.jobs[0]
		w.jobs = w.jobs[1:]
		if len(j.shots) == 0 {
			j.let()
			continue
		}
		j.fragment = nil // it is the queue's
		for _, s := range j.shots {
			w.come += len(s.Show)
		}
		w.track.queue.Add(j.shots)
	}
}

// notWoundAt decides what follows a transfer that failed.
func (l *loop) notWoundAt(a *transferAnswer) {
	j, w := a.job, l.wind
	if j.noun != "" && a.result.Status >= http.StatusBadRequest && a.result.Status < http.StatusInternalServerError {
		// The server knows no such request: the key picture is taken from the whole
		// fragment.
		l.noKeyFrames = true
		j.url, j.noun, j.attempt = "", "", j.attempt+1
		l.start(j)
		return
	}
	if e := explain(a.err, j.url); w.failures == 0 {
		l.survive(e, j.track.kind.String())
	}
	l.notWound(j)
}

// notWound leaves out what could not be had.
func (l *loop) notWound(j *job) {
	w := l.wind
	j.shots = []buffer.Shot{}
	w.failures++
	w.notBefore = l.now() + windPause<<min(w.failures-1, 4)
	if w.failures >= maxWindFailures || l.fatal != nil {
		l.leaveWind(1, "failed")
	}
}
