package sim

import "time"

// What is buffered are the last held chunks of Levels, the one that plays
// included.

// idle lets time go by without a transfer.
func (s *session) idle(t float64) {
	s.play(s.net.now, t)
	s.net.idle(t)
}

// buffered is the media ahead of the playhead.
func (s *session) buffered() float64 { return s.chunk*float64(s.held) - s.played }

// play plays for t from an instant on, or stalls for what the buffer lacks.
func (s *session) play(from, t float64) {
	end := from + t
	if !s.playing {
		s.journal.waiting(s, from, t)
		if s.dry {
			s.stalled += t
		}
		return
	}
	s.screen(from, t)
	if t+s.played < s.chunk {
		s.played += t
		return
	}
	t -= s.chunk - s.played
	s.played = 0
	for s.held--; s.held > 0 && t >= s.chunk; s.held-- {
		t -= s.chunk
	}
	if s.held > 0 {
		s.played = t
		return
	}
	s.stalled += t
	s.playing, s.dry = false, true
	s.result.Stalls++
	s.device.pause()
	s.journal.stalls(s, end-t)
	s.journal.waiting(s, end-t, t)
}

// screen tells whoever looks at it what is shown for t, at most all that is
// buffered.
func (s *session) screen(from, t float64) {
	if s.device == nil && s.journal == nil {
		return
	}
	levels := s.result.Levels
	for i, offset := len(levels)-s.held, s.played; i < len(levels) && t >= 0; i, offset = i+1, 0 {
		for t >= 0 && offset < s.chunk {
			d := min(s.chunk-offset, t, observeEvery)
			s.journal.playing(s, i, offset, from, d)
			s.device.show(s, levels[i], from, d)
			from, t, offset = from+d, t-d, offset+d
			if t == 0 && offset < s.chunk {
				return
			}
		}
	}
}

// arrive puts a fragment into the buffer, and plays on where there was nothing.
func (s *session) arrive(q int) {
	s.result.Levels = append(s.result.Levels, q)
	s.current = q
	s.held++
	switch {
	case s.playing:
	case !s.dry:
		s.result.Startup = duration(s.net.now)
		s.playing = true
		s.device.glance(s, q)
		s.journal.starts(s)
	case s.buffered() >= ms(s.cfg.Resume) || len(s.result.Levels) == s.chunks:
		s.playing, s.dry = true, false
		s.journal.resumes(s)
	}
}

// look brings the view of the schedule up to date.
func (s *session) look() {
	s.view.Now = duration(s.net.now)
	s.view.Playing = s.playing
	t := &s.view.Tracks[0]
	t.Next = len(s.result.Levels)
	t.Buffered = duration(s.buffered())
}

// unpublished is how long it takes until the next chunk is published, live.
func (s *session) unpublished() float64 {
	if s.cfg.Live <= 0 {
		return 0
	}
	return float64(len(s.result.Levels)+1)*s.chunk - ms(s.cfg.Live) - s.net.now
}

// newest reports whether no later chunk than the one given was published at an
// instant.
func (s *session) newest(chunk int, at float64) bool {
	return s.cfg.Live > 0 && float64(chunk+2)*s.chunk-ms(s.cfg.Live) > at
}

// position is the playhead.
func (s *session) position() time.Duration {
	return duration(s.chunk*float64(len(s.result.Levels)) - s.buffered())
}
