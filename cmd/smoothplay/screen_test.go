package main

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/platform"
)

// shownFrames is a sink that keeps what it was asked to show.
type shownFrames struct {
	frames []platform.Frame
	closed int
}

func (s *shownFrames) Show(f *platform.Frame) (time.Time, error) {
	if s.closed > 0 {
		return time.Time{}, platform.ErrClosed
	}
	s.frames = append(s.frames, *f)
	return time.Now(), nil
}

func (s *shownFrames) Close() error { s.closed++; return nil }

func TestScreenDrawsWhilePaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &shownFrames{}
		s := newScreen()
		draw := func(overlays ...platform.Overlay) {
			s.draw(overlays)
			if err := s.refresh(); err != nil {
				t.Fatal(err)
			}
		}
		draw(platform.Overlay{ID: 2}) // there is no window yet
		s.open(sink)
		freed := 0
		picture := &platform.Picture{Free: func() { freed++ }}
		if _, err := s.Show(&platform.Frame{Picture: picture, Overlays: []platform.Overlay{{ID: 1}}}); err != nil {
			t.Fatal(err)
		}
		draw(platform.Overlay{ID: 3}) // the next frame will take it along
		time.Sleep(nextFrame)         // it does not come
		s.refresh()
		s.refresh()
		draw(platform.Overlay{ID: 4}, platform.Overlay{ID: 5})
		draw()
		want := [][]uint64{{1, 2}, {1, 3}, {1, 4, 5}, {1}}
		if len(sink.frames) != len(want) {
			t.Fatalf("%d frames shown, want %d", len(sink.frames), len(want))
		}
		for i, ids := range want {
			f := sink.frames[i]
			if f.Picture != picture || len(f.Overlays) != len(ids) {
				t.Fatalf("frame %d: %+v, want overlays %v", i, f, ids)
			}
			for k, id := range ids {
				if f.Overlays[k].ID != id {
					t.Errorf("frame %d: overlay %d is %d, want %d", i, k, f.Overlays[k].ID, id)
				}
			}
		}

		picture.Release()
		if freed != 1 {
			t.Errorf("the picture was freed %d times", freed)
		}
		draw(platform.Overlay{ID: 6})
		if last := sink.frames[len(sink.frames)-1]; last.Picture != nil || len(last.Overlays) != 1 {
			t.Errorf("after the picture was released %+v is shown", last)
		}
	})
}

func TestScreenWaitsForItsWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScreen()
		shown := make(chan error, 1)
		show := func() { _, err := s.Show(&platform.Frame{Picture: &platform.Picture{}}); shown <- err }
		go show()
		synctest.Wait()
		if len(shown) != 0 {
			t.Fatal("Show does not wait for the window")
		}
		sink := &shownFrames{}
		s.open(sink)
		if err := <-shown; err != nil || len(sink.frames) != 1 {
			t.Fatalf("%v, %d frames", err, len(sink.frames))
		}
		s.Close()
		s.Close()
		if sink.closed != 1 {
			t.Errorf("the window was closed %d times", sink.closed)
		}
	})
}

func TestScreenClosedBeforeItsWindowOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScreen()
		shown := make(chan error, 1)
		go func() { _, err := s.Show(&platform.Frame{Picture: &platform.Picture{}}); shown <- err }()
		synctest.Wait()
		s.Close()
		if err := <-shown; !errors.Is(err, platform.ErrClosed) {
			t.Errorf("got %v, want ErrClosed", err)
		}
		sink := &shownFrames{}
		s.open(sink)
		if sink.closed == 0 {
			t.Error("a window that opens too late stays open")
		}
	})
}
