package null

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"smoothplay/platform"
)

// VideoSink is a screen that nobody sees: it notes when each frame was shown
// and keeps nothing. The zero value shows at once and for ever.
type VideoSink struct {
	// Refresh is the time between two refreshes of the screen, counted from the
	// first frame: Show waits for the next one. 0: every instant is one.
	Refresh time.Duration
	// VanishAfter is the number of frames after which the screen is gone for
	// good; 0: never.
	VanishAfter int
	// Record keeps a Shown of every frame, for tests: it grows without bound.
	Record bool
	// OnShow is called at the end of every Show of a picture, from its goroutine,
	// and may look at f during the call; nil: not called.
	OnShow func(f *platform.Frame, shown time.Time)

	mu     sync.Mutex
	closed bool
	gone   chan struct{} // closed by Close; made by the first Show that waits
	last   *platform.Picture
	counts VideoCounts
	shown  []Shown
}

// VideoCounts is what a VideoSink has shown so far; frames without a picture do
// not count.
type VideoCounts struct {
	Frames      int64     // all that were shown
	Repeated    int64     // of these, with the picture of the frame before
	First, Last time.Time // when the first and last became visible; zero: none did
}

// Shown is one frame as the screen saw it.
type Shown struct {
	At       time.Time // when it became visible
	PTS      time.Duration
	Source   *platform.Format // of the picture; its level
	Key      bool
	Repeated bool // the picture of the frame before
	Insets   int
	Overlays int
}

// Show implements [platform.VideoSink].
func (v *VideoSink) Show(f *platform.Frame) (time.Time, error) {
	if f.Picture == nil {
		return v.letGo()
	}
	at, err := v.refresh()
	if err != nil {
		return time.Time{}, err
	}
	v.note(f, at)
	if v.OnShow != nil {
		v.OnShow(f, at)
	}
	return at, nil
}

// Close implements [platform.VideoSink].
func (v *VideoSink) Close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.closed && v.gone != nil {
		close(v.gone)
	}
	v.closed = true
	v.last = nil
	return nil
}

// Counts tells what was shown so far. Any goroutine may ask.
func (v *VideoSink) Counts() VideoCounts {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.counts
}

// Shown is the log of all frames, where Record is set. Any goroutine may ask.
func (v *VideoSink) Shown() []Shown {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.shown)
}

// letGo forgets the last picture.
func (v *VideoSink) letGo() (time.Time, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.last = nil
	return time.Now(), v.closedErr()
}

// refresh waits for the next refresh of the screen and returns its instant.
func (v *VideoSink) refresh() (time.Time, error) {
	v.mu.Lock()
	err := v.closedErr()
	at := time.Now()
	wait := time.Duration(0)
	if v.Refresh > 0 && v.counts.Frames > 0 {
		n := (at.Sub(v.counts.First) + v.Refresh - 1) / v.Refresh
		due := v.counts.First.Add(n * v.Refresh)
		if !due.After(v.counts.Last) { // one frame a refresh
			due = v.counts.Last.Add(v.Refresh)
		}
		wait, at = due.Sub(at), due
	}
	if wait > 0 && v.gone == nil {
		v.gone = make(chan struct{})
	}
	gone := v.gone
	v.mu.Unlock()
	if err != nil || wait <= 0 {
		return at, err
	}

	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return at, nil
	case <-gone:
		return at, fmt.Errorf("null: show: %w", platform.ErrClosed)
	}
}

func (v *VideoSink) closedErr() error {
	if v.closed {
		return fmt.Errorf("null: show: %w", platform.ErrClosed)
	}
	if v.VanishAfter > 0 && v.counts.Frames >= int64(v.VanishAfter) {
		return fmt.Errorf("null: the screen vanished after %d frames: %w", v.VanishAfter, platform.ErrClosed)
	}
	return nil
}

func (v *VideoSink) note(f *platform.Frame, at time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	repeated := f.Picture == v.last
	v.last = f.Picture
	if v.counts.Frames == 0 {
		v.counts.First = at
	}
	v.counts.Last = at
	v.counts.Frames++
	if repeated {
		v.counts.Repeated++
	}
	if !v.Record {
		return
	}
	p := f.Picture
	v.shown = append(v.shown, Shown{
		At: at, PTS: p.PTS, Source: p.Source, Key: p.Key,
		Repeated: repeated, Insets: len(f.Insets), Overlays: len(f.Overlays),
	})
}
