//go:build cgo

package main

import (
	"testing"
	"time"

	"smoothplay/platform/platformtest"
	"smoothplay/player/event"
	"smoothplay/testdata/demo"
)

// The program plays in a window: screenshots show the counter of the demo, and
// that it moves on with time.
func TestRealWindow(t *testing.T) {
	p := startPlaying(t, "--loop", "--shape", "max")
	await(p, whichever[event.FirstPicture])

	// shot is what the screen says, and the time within which it was taken.
	type shot struct {
		mark     platformtest.Mark
		from, to time.Time
	}
	look := func() (s shot) {
		t.Helper()
		for range 100 {
			s.from = time.Now()
			img := p.screenshot()
			s.to = time.Now()
			var ok bool
			if s.mark, ok = platformtest.FindMark(img); ok {
				return s
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Fatal("no picture of the demo is on the screen")
		return s
	}
	first := look()
	// A screenshot falls between two pictures, and on a busy machine the picture
	// shown may be an old one: how far it is behind is left open, that it is never
	// ahead of time is not.
	for range 100 {
		time.Sleep(time.Second)
		second := look()
		moved := (second.mark.Frame - first.mark.Frame + demo.Frames) % demo.Frames
		most := int(second.to.Sub(first.from)/period) + demo.FrameRate/2
		t.Logf("picture %d of level %d, then %d of level %d: %d pictures further within %v",
			first.mark.Frame, first.mark.Level, second.mark.Frame, second.mark.Level, moved, second.to.Sub(first.from).Round(time.Millisecond))
		if second.to.Sub(first.from) < demo.Frames*period/2 && moved > most {
			t.Errorf("the pictures are %d further, at most %d could be", moved, most)
		}
		if moved >= demo.FrameRate*3/4 {
			p.press("q")
			await(p, whichever[event.SessionEnded])
			if err := p.wait(); err != nil {
				t.Errorf("%v: %s", err, p.stderr.String())
			}
			return
		}
	}
	t.Error("the pictures do not move on")
}
