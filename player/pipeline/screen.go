package pipeline

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"smoothplay/platform"
)

// Screen is the video sink of a session, and the picture that is on it. It
// outlives the tracks: the last picture of one stays until the first of the next
// is there. Its methods may be called from any goroutine.
type Screen struct {
	sink    platform.VideoSink
	monitor *Monitor

	mu    sync.Mutex
	onAir *platform.Picture // guarded by mu, as below
	lost  bool              // the sink is gone: pictures are timed and released
}

// NewScreen returns the screen behind sink.
func NewScreen(sink platform.VideoSink, monitor *Monitor) *Screen {
	return &Screen{sink: sink, monitor: monitor}
}

// show puts p on the screen, which owns it from now on, and returns when it
// became visible.
func (s *Screen) show(p *platform.Picture) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	shown := time.Now()
	if !s.lost {
		at, err := s.sink.Show(&platform.Frame{Picture: p})
		switch {
		case err == nil:
			shown = at
		case errors.Is(err, platform.ErrClosed):
			s.lost = true
			s.monitor.tell(func(r *Report) { r.VideoLost = fmt.Errorf("showing a picture: %w", err) })
		default:
			s.monitor.fail(Failure{Kind: platform.Video, PTS: p.PTS, Err: fmt.Errorf("showing a picture: %w", err)})
		}
	}
	s.onAir.Release()
	s.onAir = p
	return shown
}

// Clear takes the last picture off the screen, at the end of a session.
func (s *Screen) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.onAir == nil {
		return
	}
	if !s.lost {
		// A sink that fails here is no longer needed.
		_, _ = s.sink.Show(&platform.Frame{})
	}
	s.onAir.Release()
	s.onAir = nil
}
