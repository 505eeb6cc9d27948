package sim

import (
	"encoding/json"
	"time"

	"smoothplay/heuristics"
	"smoothplay/heuristics/renderload"
	"smoothplay/player/event"
)

// journal tells a session as the events of the player, so that whatever reads
// those (a Summary, a report, a replay) reads simulated sessions, too. A nil one
// is silent. Instants and positions are milliseconds.
type journal struct {
	sink    event.Sink
	seq     uint64
	at, pos time.Duration // of the last event
	summary event.Summarizer
	figures event.Figures

	chosen []float64 // when the level of each chunk was chosen last
	shown  int       // level on the screen
	began  float64   // of the stall
	gauge  float64   // when the next Gauges are due
}

const (
	gaugeEvery = 1000.0 // ms
	videoTrack = "video"
)

// Scheme begins the URL that a simulated session tells: the name of its link
// follows.
const Scheme = "sim:"

// settings is the configuration that session_started tells, under the names of
// the player's.
type settings struct {
	Policy string        `json:"policy"`
	Ahead  time.Duration `json:"buffer_ahead_ns"`
	Resume time.Duration `json:"buffer_resume_ns"`
	Live   time.Duration `json:"live_delay_ns,omitempty"`
	Asks   bool          `json:"asks_again,omitempty"` // after a transfer was given up
}

func (j *journal) emit(at, pos float64, body event.Body) {
	j.seq++
	j.at, j.pos = max(j.at, duration(at)), max(j.pos, duration(pos))
	e := event.Event{Seq: j.seq, At: j.at, Pos: j.pos, Body: body}
	j.summary.Handle(e)
	j.sink.Handle(e)
}

// now tells something of the present instant of a session.
func (j *journal) now(s *session, body event.Body) { j.emit(s.net.now, ms(s.position()), body) }

func (j *journal) begins(s *session) {
	if j == nil {
		return
	}
	m := s.cfg.Movie
	j.chosen, j.shown = make([]float64, len(m.Bits)), -1
	config, _ := json.Marshal(settings{s.cfg.Policy.Name(), s.cfg.Buffer, s.cfg.Resume, s.cfg.Live, !s.cfg.Forced})
	stream := event.TrackStream{Kind: videoTrack, Name: videoTrack, Selected: true}
	for q, l := range m.Levels {
		stream.Levels = append(stream.Levels, event.TrackLevel{Level: q, BitrateBPS: l.BitrateBPS, Width: l.Width, Height: l.Height})
	}
	j.emit(0, 0, event.SessionStarted{URL: Scheme + s.cfg.Link.Name, Config: config})
	j.emit(0, 0, event.Manifest{
		URL: Scheme + s.cfg.Link.Name, Live: s.cfg.Live > 0, Duration: m.Chunk * time.Duration(len(m.Bits)),
		Streams: 1, Levels: len(m.Levels), Chunks: len(m.Bits), Attempt: 1,
	})
	j.emit(0, 0, event.Tracks{Streams: []event.TrackStream{stream}})
	j.emit(0, 0, event.StateChanged{From: event.Opening, To: event.Buffering, Cause: "opened"})
}

// decided tells a decision about a chunk, with the Input that it was made on.
func (j *journal) decided(s *session, chunk int, d heuristics.Decision) {
	if j == nil {
		return
	}
	c := s.cfg.Movie.stream.Chunk(chunk)
	j.chosen[chunk] = s.net.now
	j.now(s, event.LevelDecided{
		Policy: s.cfg.Policy.Name(), Track: videoTrack, Stream: videoTrack, T: uint64(c.T), Start: c.Start,
		Input: s.in.Clone(), Decision: d.Clone(),
	})
}

// fetched tells the end of the running transfer.
func (j *journal) fetched(s *session, chunk int, how event.Outcome, replaces bool) {
	if j == nil {
		return
	}
	t := &s.running
	c := s.cfg.Movie.stream.Chunk(chunk)
	j.now(s, event.Fragment{
		Track: videoTrack, Stream: videoTrack, Level: t.Level, BitrateBPS: s.cfg.Movie.Levels[t.Level].BitrateBPS,
		T: uint64(c.T), Chunk: chunk, Start: c.Start, Duration: c.Duration, Noun: "Fragments", Outcome: how,
		Bytes: t.Bytes, Asked: t.Start, TTFB: t.FirstByte, Elapsed: t.FirstByte + t.Body, Attempt: 1, Status: 200, Replaces: replaces,
	})
}

// discarded counts bytes of a fragment that was received and is not played.
func (j *journal) discarded(bytes int64) {
	if j != nil {
		j.figures.DiscardedBytes += bytes
	}
}

// starts tells that the first picture is on the screen.
func (j *journal) starts(s *session) {
	if j == nil {
		return
	}
	j.now(s, event.FirstPicture{SinceRun: duration(s.net.now)})
	j.now(s, event.StateChanged{From: event.Buffering, To: event.Playing, Cause: "buffered"})
}

// stalls tells that there is nothing left to show.
func (j *journal) stalls(s *session, at float64) {
	if j == nil {
		return
	}
	j.began = at
	pos := s.chunk * float64(len(s.result.Levels))
	j.emit(at, pos, event.StallBegin{Began: duration(at), Track: videoTrack})
	j.emit(at, pos, event.StateChanged{From: event.Playing, To: event.Buffering, Cause: "buffer_empty"})
}

// resumes tells that a stall is over.
func (j *journal) resumes(s *session) {
	if j == nil {
		return
	}
	j.now(s, event.StallEnd{Stalled: duration(s.net.now - j.began)})
	j.now(s, event.StateChanged{From: event.Buffering, To: event.Playing, Cause: "buffered"})
}

// playing tells what is to be told while a chunk plays for t from offset on.
func (j *journal) playing(s *session, chunk int, offset, from, t float64) {
	if j == nil {
		return
	}
	pos := float64(chunk)*s.chunk + offset
	if q := s.result.Levels[chunk]; q != j.shown {
		j.shown = q
		l := s.cfg.Movie.Levels[q]
		j.emit(from, pos, event.LevelShown{
			Level: q, BitrateBPS: l.BitrateBPS, Width: l.Width, Height: l.Height,
			Shown: duration(from), SinceDecided: duration(max(from-j.chosen[chunk], 0)),
		})
	}
	ahead := float64(len(s.result.Levels))*s.chunk - pos
	for ; j.gauge < from+t; j.gauge += gaugeEvery {
		passed := j.gauge - from
		left := duration(ahead - passed)
		j.figures.Buffer.Add(left)
		j.gauges(s, pos+passed, left)
	}
}

// waiting is the same while nothing plays.
func (j *journal) waiting(s *session, from, t float64) {
	if j == nil {
		return
	}
	ahead := s.buffered()
	for ; j.gauge < from+t; j.gauge += gaugeEvery {
		j.gauges(s, float64(len(s.result.Levels))*s.chunk-ahead, duration(ahead))
	}
}

// gauges tells how things stand when that is due.
func (j *journal) gauges(s *session, pos float64, ahead time.Duration) {
	e := s.estimator.Estimate()
	g := event.Gauges{
		Buffers: []event.TrackBuffer{{Track: videoTrack, Ahead: ahead}}, Level: j.shown,
		Cap: s.device.highest(len(s.cfg.Movie.Levels) - 1), BandwidthBPS: e.BPS, BandwidthError: e.Error,
	}
	if s.device != nil {
		due, lost := s.device.pictures()
		g.Period, g.Decoded, g.Shown, g.Omitted = usualPeriod, due-lost, due-lost, lost
	}
	j.emit(j.gauge, pos, g)
}

// rendered tells a second of rendering.
func (j *journal) rendered(s *session, at float64, o renderload.Observation, limit, top int, why renderload.Reason) {
	if j == nil {
		return
	}
	pos := ms(j.pos)
	if o.Dropped > 0 {
		j.emit(at, pos, event.FramesDropped{Count: o.Dropped, Late: o.Dropped, Level: o.Level})
	}
	if why != renderload.Unchanged {
		j.emit(at, pos, event.RenderLoad{
			Level: o.Level, Cap: limit, Top: top, DecodeMean: o.DecodeMean, DecodeP95: o.DecodeP95,
			Period: o.PicturePeriod, Reason: string(why),
		})
	}
}

// ends tells the Summary.
func (j *journal) ends(s *session, err error) {
	if j == nil {
		return
	}
	end, last := event.Completed, event.Ended
	if err != nil {
		end, last = event.HasFailed, event.Failed
	}
	at, pos := s.net.now, ms(s.position())
	if err == nil {
		at, pos = at+s.buffered(), s.chunk*float64(len(s.result.Levels))
	}
	from := event.Playing
	if !s.playing {
		from = event.Buffering
	}
	j.emit(at, pos, event.StateChanged{From: from, To: last, Cause: "end_of_presentation"})
	if d := s.device; d != nil {
		j.figures.PicturesDropped = s.result.Lost
		j.figures.PicturesShown = s.result.Pictures - s.result.Lost
		j.figures.PicturesDecoded = s.result.Pictures
	}
	j.emit(at, pos, event.SessionEnded{Summary: j.summary.Summary(j.at, end, j.figures)})
}
