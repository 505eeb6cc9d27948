package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"smoothplay/platform"
)

// Screen is the video sink of a session, and what is on it. It outlives the
// tracks: the last picture of one stays until the first of the next is there. Its
// methods may be called from any goroutine.
type Screen struct {
	sink    platform.VideoSink
	plane   platform.OverlayPlane // nil: captions are in the frames
	monitor *Monitor

	mu     sync.Mutex
	onAir  *platform.Picture // guarded by mu, as below
	since  time.Time         // when it was shown first
	insets []platform.Inset  // in it; the presenter's
	lost   bool              // the sink is gone: pictures are timed and released

	captions uint64          // the Captions that have the screen; 0: none
	changed  chan<- struct{} // tells them that another size or the first picture after a jump is there
	prepared []slide
	drawn    []platform.Overlay // captions on the screen
	shownAt  time.Time          // when the sink was given a frame last
}

// NewScreen returns the screen behind sink.
func NewScreen(sink platform.VideoSink, monitor *Monitor) *Screen {
	plane, _ := sink.(platform.OverlayPlane)
	return &Screen{sink: sink, plane: plane, monitor: monitor}
}

// show puts p on the screen, which owns it from now on, with small pictures in it
// that stay the caller's and the captions of pos, and returns when it became
// visible. first: it is the first after a jump.
func (s *Screen) show(p *platform.Picture, insets []platform.Inset, pos time.Duration, first bool) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if first || s.onAir == nil || sizeOf(s.onAir) != sizeOf(p) {
		s.tellCaptions()
	}
	captions := s.at(pos)
	if s.plane != nil && !unchanged(captions, s.drawn) {
		s.turnPlane(captions)
	}
	s.insets = insets
	shown := s.put(p, captions)
	s.onAir.Release()
	s.onAir, s.since = p, time.Now()
	return shown
}

// repeat shows the picture that is on the screen again, with the small ones that
// insets returns for it.
func (s *Screen) repeat(insets func(*platform.Picture) []platform.Inset) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.insets = nil
	if s.onAir != nil {
		s.insets = insets(s.onAir)
		s.put(s.onAir, s.drawn)
	}
}

// put gives the sink a frame with p. guarded by mu.
func (s *Screen) put(p *platform.Picture, captions []platform.Overlay) time.Time {
	s.shownAt = time.Now()
	if s.lost {
		return s.shownAt
	}
	frame := platform.Frame{Picture: p, Insets: s.insets}
	if s.plane == nil {
		frame.Overlays, s.drawn = captions, captions
	}
	at, err := s.sink.Show(&frame)
	if err != nil {
		s.failed(err, p.PTS)
		return s.shownAt
	}
	return at
}

// turnPlane puts captions on the plane of the sink. guarded by mu.
func (s *Screen) turnPlane(captions []platform.Overlay) {
	s.drawn = captions
	if s.lost {
		return
	}
	if err := s.plane.ShowOverlays(slices.Clone(captions)); err != nil {
		s.failed(err, 0)
	}
}

// failed notes what the sink said. guarded by mu.
func (s *Screen) failed(err error, pts time.Duration) {
	err = fmt.Errorf("showing a picture: %w", err)
	if errors.Is(err, platform.ErrClosed) {
		s.lost = true
		s.monitor.tell(func(r *Report) { r.VideoLost = err })
		return
	}
	s.monitor.fail(Failure{Kind: platform.Video, PTS: pts, Err: err})
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

// caption gives the screen to the captions of a source, unless later ones have it.
func (s *Screen) caption(source uint64, changed chan<- struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if source > s.captions {
		s.captions, s.changed, s.prepared = source, changed, nil
	}
}

// captionless takes the captions of a source off the screen.
func (s *Screen) captionless(source uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if source != s.captions {
		return
	}
	s.changed, s.prepared = nil, nil
	s.update(nil)
}

// slides replaces what is prepared of a source.
func (s *Screen) slides(source uint64, prepared []slide) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if source == s.captions {
		s.prepared = prepared
	}
}

// recaption shows the captions of pos where they changed, or returns how long to
// wait for a picture that takes them along.
func (s *Screen) recaption(source uint64, pos time.Duration, running bool) (wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	captions := s.at(pos)
	if source != s.captions || unchanged(captions, s.drawn) {
		return 0
	}
	if wait = takeAlong - time.Since(s.shownAt); wait > 0 && running && s.plane == nil {
		return wait
	}
	s.update(captions)
	return 0
}

// update shows captions with the picture that is there. guarded by mu.
func (s *Screen) update(captions []platform.Overlay) {
	switch {
	case unchanged(captions, s.drawn):
	case s.plane != nil:
		s.turnPlane(captions)
	case s.onAir != nil:
		s.put(s.onAir, captions)
	}
}

// canvas is the size of the picture on the screen, zero where there is none; seen:
// it was shown since the last jump of clock.
func (s *Screen) canvas(clock *Clock) (of size, seen bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.onAir == nil {
		return size{}, false
	}
	return sizeOf(s.onAir), !s.since.Before(clock.jumpedAt())
}

// at is what is prepared for pos. guarded by mu.
func (s *Screen) at(pos time.Duration) []platform.Overlay {
	for _, p := range s.prepared {
		if p.from <= pos && pos < p.until {
			return p.overlays
		}
	}
	return nil
}

// tellCaptions makes the captions look at the screen. guarded by mu.
func (s *Screen) tellCaptions() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// sizeOf is the size of p in square pixels.
func sizeOf(p *platform.Picture) size {
	z := size{p.Width, p.Height}
	if p.AspectWidth > 0 && p.AspectHeight > 0 {
		z.width = max(p.Height*p.AspectWidth/p.AspectHeight, 1)
	}
	return z
}

// unchanged tells whether two lists of overlays look the same.
func unchanged(a, b []platform.Overlay) bool {
	return slices.EqualFunc(a, b, func(a, b platform.Overlay) bool {
		return a.ID == b.ID && a.X == b.X && a.Y == b.Y && a.CanvasWidth == b.CanvasWidth && a.CanvasHeight == b.CanvasHeight
	})
}
