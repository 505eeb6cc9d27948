package main

import (
	"errors"
	"sync"
	"time"

	"smoothplay/platform"
)

// screen is the video sink of play: it draws the on-screen display over the
// frames on their way to the window. It remembers the last frame, so that the
// display also changes while the presentation is paused.
//
// Its window is opened while the manifest is on its way: a frame that comes
// earlier waits for it.
//
//	player -- Show --> screen: frame + overlays --> window
//	ui ----- draw ------^  (last frame again)
type screen struct {
	sink   platform.VideoSink // set by open, before opened is closed
	opened chan struct{}
	close  sync.Once
	closed chan struct{}

	mu       sync.Mutex // one frame at a time
	last     platform.Frame
	lastAt   time.Time
	overlays []platform.Overlay
	stale    bool // overlays are not to be seen yet
}

// nextFrame is how soon after a frame another one may be expected, which then
// shows the overlays without more ado.
const nextFrame = 80 * time.Millisecond

func newScreen() *screen {
	return &screen{opened: make(chan struct{}), closed: make(chan struct{})}
}

// open sets the sink that shows the frames, which the screen closes. It is
// called once.
func (s *screen) open(sink platform.VideoSink) {
	s.sink = sink
	close(s.opened)
	select {
	case <-s.closed:
		sink.Close()
	default:
	}
}

// Show implements [platform.VideoSink].
func (s *screen) Show(f *platform.Frame) (time.Time, error) {
	select {
	case <-s.opened:
	case <-s.closed:
		return time.Time{}, platform.ErrClosed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	shown, err := s.sink.Show(s.withOverlays(f))
	if err != nil {
		return shown, err
	}
	if f.Picture != s.last.Picture && f.Picture != nil {
		s.watch(f.Picture)
	}
	s.last, s.lastAt, s.stale = *f, time.Now(), false
	return shown, nil
}

// watch makes the screen forget a picture when it is released, so that it is
// not shown again: a session that ends releases its last picture before anybody
// closes the sink.
func (s *screen) watch(p *platform.Picture) {
	free := p.Free
	p.Free = func() {
		s.mu.Lock()
		if s.last.Picture == p {
			s.last = platform.Frame{}
		}
		s.mu.Unlock()
		if free != nil {
			free()
		}
	}
}

func (s *screen) withOverlays(f *platform.Frame) *platform.Frame {
	if len(s.overlays) == 0 {
		return f
	}
	drawn := *f
	drawn.Overlays = append(append([]platform.Overlay(nil), f.Overlays...), s.overlays...)
	return &drawn
}

// draw replaces the on-screen display; refresh shows it.
func (s *screen) draw(overlays []platform.Overlay) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.overlays, s.stale = overlays, true
}

// refresh shows the last frame again, or no picture where there is none, when
// the on-screen display has changed and no frame comes along to take it with it.
func (s *screen) refresh() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.opened:
	default:
		return nil
	}
	if !s.stale || time.Since(s.lastAt) < nextFrame {
		return nil
	}
	s.stale = false
	_, err := s.sink.Show(s.withOverlays(&s.last))
	if errors.Is(err, platform.ErrClosed) {
		return nil // the player is told when it shows the next frame
	}
	return err
}

// Close implements [platform.VideoSink].
func (s *screen) Close() error {
	var err error
	s.close.Do(func() {
		close(s.closed)
		select {
		case <-s.opened:
			err = s.sink.Close()
		default:
		}
	})
	return err
}
