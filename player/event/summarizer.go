package event

import "time"

// Figures are what a Summary needs and no event carries: the player counts them
// beside the events, one for each picture being too many.
type Figures struct {
	PicturesDecoded, PicturesShown, PicturesDropped, PicturesRepeated int64
	AudioGaps                                                         int64
	DiscardedBytes                                                    int64     // of whole fragments that were never played
	AVOffset                                                          Histogram // at each picture, without sign
	Buffer                                                            Histogram // sampled while playing
	LiveLatency                                                       Histogram // sampled while playing live
	MediaTime                                                         time.Duration
	CPU                                                               time.Duration
	PeakRSSBytes                                                      int64
}

// Summarizer is a Sink that computes the Summary of one session. The zero
// Summarizer is ready. It belongs to one goroutine.
type Summarizer struct {
	sum Summary

	at      time.Duration // of the last event: time was accounted for up to here
	state   State
	capped  bool
	stalled bool
	stallAt time.Duration // when the open stall began
	// playedTo is the last instant that counted as playing.
	playedTo time.Duration

	levels map[angleLevel]TrackLevel // of the selected video stream, and of all angles

	turned    bool          // to another angle, of which nothing was shown yet
	shown     int           // index into sum.Levels, plus 1; 0: nothing yet
	direction int           // of the last switch on the screen: -1, 0, 1
	switched  time.Duration // playhead at that switch
	fragment  time.Duration // length of the last video fragment
}

// angleLevel is a level of an angle; of "" where there is but one.
type angleLevel struct {
	angle string
	level int
}

// Handle takes e into account.
func (s *Summarizer) Handle(e Event) {
	s.advance(e.At)
	switch b := e.Body.(type) {
	case SessionStarted:
		s.sum.URL = b.URL
	case StateChanged:
		s.state = b.To
	case Manifest:
		if s.sum.ManifestTime == 0 {
			s.sum.ManifestTime = e.At
		}
		s.sum.Bytes += b.Bytes
	case Tracks:
		s.tracks(b)
	case Fragment:
		s.transfer(b)
	case LevelShown:
		s.levelShown(e, b)
	case FirstPicture:
		s.sum.Startup = b.SinceRun
	case StallBegin:
		s.sum.Stalls++
		s.stalled, s.stallAt = true, b.Began
		// It is told late: what passed since it began was no playing.
		s.play(-max(s.playedTo-b.Began, 0))
	case StallEnd:
		s.sum.Stalled += b.Stalled
		s.stalled = false
	case Seek:
		s.sum.Seeks++
	case SeekDone:
		s.sum.SeekTime.Add(b.Elapsed)
	case Angle:
		s.sum.AngleChanges++
		if b.Cause == "command" && b.Elapsed > 0 {
			s.sum.AngleTime.Add(b.Elapsed)
		}
		s.turned = true
	case Rate:
		s.sum.RateChanges++
	case Failover:
		s.sum.Failovers++
	case RenderLoad:
		s.capped = b.Cap < b.Top
	case Error:
		if b.Fatal && s.sum.Error == nil {
			s.sum.Error = &SummaryError{b.Stage, b.Code, b.Message}
		}
	}
}

// Summary is what happened until at, when the session ended as the player says,
// with the player's own figures. It changes nothing, so that it can be asked for
// while the session runs.
func (s *Summarizer) Summary(at time.Duration, end End, f Figures) Summary {
	c := *s
	c.sum.Levels = append([]SummaryLevel{}, s.sum.Levels...)
	c.advance(at)
	sum := c.sum
	if c.stalled {
		sum.Stalled += at - c.stallAt
	}
	sum.Sessions = 1
	sum.End = end
	if sum.Failures = 1; end != HasFailed {
		sum.Error, sum.Failures = nil, 0
	}
	sum.PicturesDecoded, sum.PicturesShown = f.PicturesDecoded, f.PicturesShown
	sum.PicturesDropped, sum.PicturesRepeated = f.PicturesDropped, f.PicturesRepeated
	sum.AudioGaps = f.AudioGaps
	sum.WastedBytes += f.DiscardedBytes
	sum.AVOffset = f.AVOffset.Merge(Histogram{})
	sum.Buffer = f.Buffer.Merge(Histogram{})
	sum.LiveLatency = f.LiveLatency.Merge(Histogram{})
	sum.MediaTime = f.MediaTime
	sum.SeekTime = c.sum.SeekTime.Merge(Histogram{})
	sum.AngleTime = c.sum.AngleTime.Merge(Histogram{})
	sum.CPU, sum.PeakRSSBytes = f.CPU, f.PeakRSSBytes
	sum.finishLevels()
	return sum
}

// advance accounts for the time up to at.
func (s *Summarizer) advance(at time.Duration) {
	passed := at - s.at
	s.at = at
	if s.state == Playing && !s.stalled {
		s.play(passed)
		s.playedTo = at
	}
}

// play accounts for d spent playing; d is negative to take time back.
func (s *Summarizer) play(d time.Duration) {
	s.sum.Played = max(s.sum.Played+d, 0)
	if s.shown > 0 {
		level := &s.sum.Levels[s.shown-1]
		level.Shown = max(level.Shown+d, 0)
	}
	if s.capped {
		s.sum.Capped = max(s.sum.Capped+d, 0)
	}
}

// tracks learns the levels of the selected video stream.
func (s *Summarizer) tracks(t Tracks) {
	s.levels = map[angleLevel]TrackLevel{}
	for _, stream := range t.Streams {
		if stream.Kind != "video" || !stream.Selected && stream.Role != "angle" {
			continue
		}
		for _, l := range stream.Levels {
			if l.Level >= 0 {
				s.levels[angleLevel{l.Angle, l.Level}] = l
				s.sum.level(l.BitrateBPS, l.Width, l.Height)
			}
		}
	}
}

func (s *Summarizer) transfer(f Fragment) {
	s.sum.Bytes += f.Bytes
	if f.Attempt > 1 {
		s.sum.Retries++
	}
	switch f.Outcome {
	case Received:
		s.sum.Fragments++
	case Faulty:
		s.sum.FragmentErrors++
		s.sum.WastedBytes += f.Bytes
	default:
		s.sum.WastedBytes += f.Bytes
	}
	if f.Track != "video" {
		return
	}
	s.fragment = f.Duration
	if level, ok := s.delivered(f); ok && f.Outcome == Received {
		s.sum.Levels[s.sum.level(level.BitrateBPS, level.Width, level.Height)].Fragments++
	}
}

// delivered is the level of a fragment: the one asked for, unless the server
// delivered another one that is known.
func (s *Summarizer) delivered(f Fragment) (TrackLevel, bool) {
	asked, ok := s.levels[angleLevel{f.Angle, f.Level}]
	if f.DeliveredBPS > 0 && f.DeliveredBPS != asked.BitrateBPS {
		for _, l := range s.levels {
			if l.BitrateBPS == f.DeliveredBPS && l.Angle == f.Angle {
				return l, true
			}
		}
	}
	return asked, ok
}

func (s *Summarizer) levelShown(e Event, b LevelShown) {
	var from int64
	if s.shown > 0 {
		from = s.sum.Levels[s.shown-1].BitrateBPS
	}
	s.shown = s.sum.level(b.BitrateBPS, b.Width, b.Height) + 1
	turned := s.turned
	if s.turned = false; turned || from == 0 || from == b.BitrateBPS {
		return // another angle is no switch
	}
	direction := 1
	if b.BitrateBPS > from {
		s.sum.SwitchesUp++
	} else {
		direction = -1
		s.sum.SwitchesDown++
	}
	if distance := (e.Pos - s.switched).Abs(); direction == -s.direction && distance <= 5*s.fragment {
		s.sum.Reversals++
	}
	s.direction, s.switched = direction, e.Pos
}
