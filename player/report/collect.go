package report

import (
	"cmp"
	"math"
	"time"
	"unicode/utf8"

	"smoothplay/player/event"
)

// Collector is an event.Sink that makes Series of the events that it is handed,
// one for each session, up to MaxRuns: every event.SessionStarted begins another. Handle does
// little and keeps little of an event. The zero Collector is ready; it belongs to
// one goroutine.
type Collector struct {
	// Name is what the runs are called; with several sessions they are numbered.
	// "": by their URL.
	Name string

	runs []*run
	over bool // there were too many sessions: what follows is passed over
}

// run is a session that is collected.
type run struct {
	series  Series
	summary event.Summarizer
	at      time.Duration // of the last event
	ended   bool
	state   event.State
	open    map[SpanKind]time.Duration // spans that have begun, and when
	level   event.LevelShown           // on the screen
	shown   bool
	gauges  event.Gauges // the last
	gauged  time.Duration
	tracks  []event.TrackLevel // of the selected video stream
}

// Handle takes e into account.
func (c *Collector) Handle(e event.Event) {
	_, started := e.Body.(event.SessionStarted)
	if started && len(c.runs) >= MaxRuns {
		c.over = true
	}
	if c.over {
		return
	}
	if len(c.runs) == 0 || started {
		c.runs = append(c.runs, &run{open: map[SpanKind]time.Duration{Startup: 0}})
	}
	c.runs[len(c.runs)-1].handle(e)
}

// Series are the sessions so far, oldest first; the last one may be going on.
func (c *Collector) Series() []Series {
	all := make([]Series, 0, len(c.runs))
	for i, r := range c.runs {
		s := r.finish()
		s.Name = cmp.Or(c.Name, s.URL, "session")
		if len(c.runs) > 1 {
			s.Name += " #" + number(i+1)
		}
		s.Name = text(s.Name)
		all = append(all, s)
	}
	return all
}

// finish is the Series as it stands, with what is open closed at the last event.
func (r *run) finish() Series {
	s := r.series
	s.Length = r.at
	s.Unfinished = !r.ended
	if !r.ended {
		s.Summary = bounded(r.summary.Summary(r.at, event.WasStopped, event.Figures{
			PicturesDecoded: max(r.gauges.Decoded, 0), PicturesShown: max(r.gauges.Shown, 0),
			PicturesDropped: max(r.gauges.Dropped, 0),
		}))
	}
	s.Spans = append([]Span(nil), s.Spans...)
	for _, kind := range []SpanKind{Startup, Stall, Paused, Seeking} {
		if begin, ok := r.open[kind]; ok {
			s.Spans = append(s.Spans, Span{kind, min(begin, r.at), r.at})
		}
	}
	return s
}

func (r *run) handle(e event.Event) {
	r.at = max(r.at, instant(e.At))
	e.At = r.at
	if _, last := e.Body.(event.SessionEnded); !last {
		r.summary.Handle(e)
	}
	s := &r.series
	switch b := e.Body.(type) {
	case event.SessionStarted:
		s.URL = text(b.URL)
		for name, version := range b.Versions {
			if s.Versions == nil {
				s.Versions = map[string]string{}
			}
			if len(s.Versions) < maxLevels {
				s.Versions[text(name)] = text(version)
			}
		}
	case event.Tracks:
		r.selected(b)
	case event.StateChanged:
		r.changed(b)
	case event.Fragment:
		r.fragment(b)
	case event.LevelDecided:
		r.decided(e, b)
	case event.LevelShown:
		r.levelShown(b)
	case event.Gauges:
		r.gauge(b)
	case event.RenderLoad:
		r.capped(b.Cap, b.Top)
		if b.Reason != "" {
			r.mark(Capped, "render cap: %s (%s), decoding %s of %s", r.bitrate(b.Cap), b.Reason, span(b.DecodeMean), span(b.Period))
		}
	case event.SessionEnded:
		s.Summary = bounded(b.Summary)
		r.ended = true
	default:
		r.happened(b)
	}
}

// selected learns the ladder.
func (r *run) selected(b event.Tracks) {
	for _, stream := range b.Streams {
		if stream.Kind != "video" || !stream.Selected {
			continue
		}
		r.tracks = r.tracks[:0]
		r.series.Ladder = nil
		for _, l := range stream.Levels {
			if l.Level < 0 || len(r.tracks) >= maxLevels {
				continue
			}
			r.tracks = append(r.tracks, l)
			r.series.Ladder = append(r.series.Ladder, rateOf(l.BitrateBPS))
		}
	}
}

// begin opens a span, and end closes it, if it is open.
func (r *run) begin(kind SpanKind, at time.Duration) {
	if _, ok := r.open[kind]; !ok {
		r.open[kind] = min(instant(at), r.at)
	}
}

func (r *run) end(kind SpanKind, at time.Duration) {
	begin, ok := r.open[kind]
	if !ok {
		return
	}
	delete(r.open, kind)
	add(r, &r.series.Spans, Span{kind, begin, min(max(instant(at), begin), r.at)})
}

func (r *run) changed(b event.StateChanged) {
	from := r.state
	r.state = b.To
	if b.To == event.Paused {
		r.begin(Paused, r.at)
		if from != event.Seeking {
			r.mark(Pause, "pause")
		}
		return
	}
	if _, paused := r.open[Paused]; paused {
		r.end(Paused, r.at)
		if b.To == event.Playing || b.To == event.Buffering {
			r.mark(Play, "play")
		}
	}
	if b.To == event.Stopped || b.To == event.Ended || b.To == event.Failed {
		for _, kind := range []SpanKind{Startup, Stall, Seeking} {
			r.end(kind, r.at)
		}
	}
}

func (r *run) fragment(b event.Fragment) {
	asked := min(instant(b.Asked), r.at)
	end := min(instant(asked+instant(b.Elapsed)), r.at)
	first := min(instant(asked+instant(b.TTFB)), end)
	t := Transfer{
		Track: text(b.Track), Asked: asked, FirstByte: first, End: end, Level: b.Level,
		BitrateBPS: rateOf(b.BitrateBPS), Bytes: rateOf(b.Bytes), RateBPS: throughput(b.Bytes, end-asked, end-first),
		Start: instant(b.Start), Duration: instant(b.Duration), Outcome: event.Outcome(text(string(b.Outcome))),
	}
	add(r, &r.series.Transfers, t)
	what := b.Track + " fragment at " + clock(b.Start)
	switch b.Outcome {
	case event.Abandoned:
		r.mark(Abandon, "%s, %s, abandoned after %s", what, bitrate(b.BitrateBPS), span(b.Elapsed))
	case event.Faulty:
		why := string(b.Code)
		if b.Status != 0 {
			why += " " + number(b.Status)
		}
		r.mark(Retry, "%s: %s, attempt %d", what, why, b.Attempt)
	}
}

func (r *run) levelShown(b event.LevelShown) {
	at := min(instant(b.Shown), r.at)
	if n := len(r.series.Shown); n > 0 {
		at = max(at, r.series.Shown[n-1].At)
	}
	add(r, &r.series.Shown, Shown{at, b.Level, rateOf(b.BitrateBPS), b.Width, b.Height})
	if r.shown {
		kind := Up
		if b.BitrateBPS < r.level.BitrateBPS {
			kind = Down
		}
		r.mark(kind, "shows %s (%s) after %s", bitrate(b.BitrateBPS), size(b.Width, b.Height), bitrate(r.level.BitrateBPS))
	}
	r.level, r.shown = b, true
}

func (r *run) gauge(b event.Gauges) {
	for _, t := range b.Buffers[:min(len(b.Buffers), maxLevels)] {
		add(r, &r.series.Buffers, Buffer{At: r.at, Track: text(t.Track), Ahead: instant(t.Ahead)})
	}
	r.estimate(b.BandwidthBPS, b.BandwidthError)
	f := Frames{At: r.at}
	if b.Period > 0 {
		f.Encoded = min(float64(time.Second)/float64(b.Period), 1000)
	}
	if dt := (r.at - r.gauged).Seconds(); dt > 0 {
		f.Shown = perSecond(b.Shown, r.gauges.Shown, dt)
		f.Lost = perSecond(b.Dropped, r.gauges.Dropped, dt) + perSecond(b.Omitted, r.gauges.Omitted, dt)
		add(r, &r.series.Frames, f)
	}
	r.capped(b.Cap, len(r.tracks)-1)
	r.gauges, r.gauged = b, r.at
}

// perSecond is how fast a counter went up from before to now.
func perSecond(now, before int64, seconds float64) float64 {
	return min(max(float64(now)-float64(before), 0)/seconds, 1e6)
}

// capped keeps the render cap where it changes.
func (r *run) capped(level, top int) {
	if top < 0 {
		return
	}
	c := Cap{r.at, level, r.rate(level), level >= top}
	if n := len(r.series.Caps); n > 0 {
		if last := r.series.Caps[n-1]; last.Level == c.Level && last.Full == c.Full {
			return
		}
	}
	add(r, &r.series.Caps, c)
}

// estimate keeps what is believed of the link.
func (r *run) estimate(bps int64, err float64) {
	if bps > 0 {
		add(r, &r.series.Estimates, Estimate{r.at, rateOf(bps), share(err)})
	}
}

// rate is the bitrate of a video level, 0 where it is not known.
func (r *run) rate(level int) int64 {
	if level < 0 || level >= len(r.tracks) {
		return 0
	}
	return rateOf(r.tracks[level].BitrateBPS)
}

// add appends to a list of the Series within its bound.
func add[T any](r *run, list *[]T, v T) {
	if len(*list) >= maxPoints {
		r.series.Cut = true
		return
	}
	*list = append(*list, v)
}

// throughput is bytes over the time of the body, or of the whole transfer where
// the body came at once.
func throughput(bytes int64, whole, body time.Duration) int64 {
	d := body
	if d <= 0 {
		d = whole
	}
	if d <= 0 || bytes <= 0 {
		return 0
	}
	return int64(min(float64(bytes)*8/d.Seconds(), maxRate))
}

// maxRate bounds every number of bits a second, and of bytes.
const maxRate = 1e15

func rateOf(n int64) int64 { return min(max(n, 0), maxRate) }

// instant is a time within bounds.
func instant(d time.Duration) time.Duration { return min(max(d, 0), maxTime) }

// share is a relative uncertainty within bounds.
func share(x float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return min(max(x, 0), 10)
}

// text is s within bounds, as valid UTF-8.
func text(s string) string {
	n := 0
	for i := range s {
		if n++; n > maxText {
			s = s[:i] + "…"
			break
		}
	}
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}
