package platformtest

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"testing"
	"time"

	"smoothplay/platform"
)

// OpenVideoSink opens a sink and makes pictures that it shows, at least two; nil
// pictures: those of [Pictures].
type OpenVideoSink func(t *testing.T) (platform.VideoSink, []*platform.Picture)

// TestVideoSink examines an implementation of [platform.VideoSink]. What is on
// the screen it cannot see.
func TestVideoSink(t *testing.T, open OpenVideoSink, opts ...Option) {
	t.Helper()
	examine(t, videoSinkRules, open, opts)
}

// Pictures makes test pictures that every sink which reads planes takes: I420
// and NV12, of several sizes (odd ones too) and shapes.
func Pictures() []*platform.Picture {
	ramp := make([]byte, 256)
	for i := range ramp {
		ramp[i] = byte(i)
	}
	var all []*platform.Picture
	for i, size := range []image.Point{{640, 360}, {640, 360}, {1280, 720}, {319, 181}, {720, 576}, {16, 2}} {
		p := &platform.Picture{
			PTS: time.Duration(i) * 40 * time.Millisecond, Duration: 40 * time.Millisecond,
			Width: size.X, Height: size.Y,
			Format: platform.PixelFormat(i % 2), // I420, NV12
		}
		if size.Y == 576 {
			p.AspectWidth, p.AspectHeight = 16, 9
		}
		for n := range p.Planes {
			width, rows := planeSize(p, n)
			p.Strides[n] = width + 16*(i%3)
			p.Planes[n] = bytes.Repeat(ramp, p.Strides[n]*rows/len(ramp)+2)[40*n:][:p.Strides[n]*rows]
		}
		all = append(all, p)
	}
	return all
}

var videoSinkRules = []rule[OpenVideoSink]{
	{"shows",
		"Show puts f on the screen and returns the instant at which it became, or becomes, visible.",
		screenRule(func(s platform.VideoSink, pictures []*platform.Picture) error {
			var last time.Time
			for _, p := range pictures {
				asked := time.Now()
				shown, err := s.Show(&platform.Frame{Picture: p})
				if err != nil {
					return err
				}
				if shown.Before(asked.Add(-5*time.Millisecond)) || shown.After(time.Now().Add(time.Second)) {
					return fmt.Errorf("asked at %v and returned %v later, it says %v", asked.Format(time.StampMicro), time.Since(asked), shown.Format(time.StampMicro))
				}
				if shown.Before(last) {
					return fmt.Errorf("a frame is said to be visible %v before the one that was shown before it", last.Sub(shown))
				}
				last = shown
			}
			return nil
		})},
	{"one-refresh",
		"It may block for one refresh.",
		screenRule(func(s platform.VideoSink, pictures []*platform.Picture) error {
			return within(patience, "Show", func() error {
				for range 3 {
					if _, err := s.Show(&platform.Frame{Picture: pictures[0]}); err != nil {
						return err
					}
				}
				return nil
			})
		})},
	{"repeats",
		"A Frame may repeat the last Picture (a caption changes while paused)",
		screenRule(func(s platform.VideoSink, pictures []*platform.Picture) error {
			one, two := caption(1, 200, 20), caption(2, 100, 40)
			for _, overlays := range [][]platform.Overlay{nil, {one}, {one}, {two, one}, {two}, nil} {
				if _, err := s.Show(&platform.Frame{Picture: pictures[0], Overlays: overlays}); err != nil {
					return fmt.Errorf("with %d overlays: %w", len(overlays), err)
				}
			}
			return nil
		})},
	{"lets-go",
		"one without a Picture, at the end of a session, makes the sink let go of the last one",
		screenRule(func(s platform.VideoSink, pictures []*platform.Picture) error {
			// Also where it holds none, and more than once.
			for i, f := range []*platform.Frame{{}, {Picture: pictures[0]}, {}, {}, {Picture: pictures[1]}} {
				if _, err := s.Show(f); err != nil {
					return fmt.Errorf("frame %d (with a picture: %v): %w", i+1, f.Picture != nil, err)
				}
			}
			return nil
		})},
	{"insets",
		"small pictures above it, in drawing order",
		screenRule(func(s platform.VideoSink, pictures []*platform.Picture) error {
			small := platform.Inset{Picture: pictures[1], AtX: 0.7, AtY: 0.7, AtWidth: 0.25, AtHeight: 0.25}
			_, err := s.Show(&platform.Frame{Picture: pictures[0], Insets: []platform.Inset{small}, Overlays: []platform.Overlay{caption(1, 64, 16)}})
			return err
		})},
	{"lets-insets-go",
		"Picture stays valid as the main one does: until a Show of a Frame without it has returned, or Close.",
		screenRule(func(s platform.VideoSink, pictures []*platform.Picture) error {
			// Those that are not in the frame any more are what a decoder makes of them: gone.
			gone := func(p *platform.Picture) { *p = platform.Picture{} }
			one, two := small(pictures[1], 0.1), small(pictures[1], 0.4)
			sum := see(pictures[1]).sum
			var released int
			one.Picture.Free, two.Picture.Free = func() { released++ }, func() { released++ }
			for i, step := range []struct {
				insets []platform.Inset
				gone   *platform.Picture // when it was shown
			}{
				{insets: []platform.Inset{one, two}}, {insets: []platform.Inset{one, two}}, {[]platform.Inset{two}, one.Picture}, {insets: []platform.Inset{two}}, {nil, two.Picture}, {},
			} {
				if _, err := s.Show(&platform.Frame{Picture: pictures[0], Insets: step.insets}); err != nil {
					return fmt.Errorf("frame %d, with %d insets: %w", i+1, len(step.insets), err)
				}
				for _, in := range step.insets {
					if see(in.Picture).sum != sum {
						return fmt.Errorf("frame %d: an inset was written to", i+1)
					}
				}
				if released > 0 {
					return fmt.Errorf("frame %d: an inset was released", i+1)
				}
				if step.gone != nil {
					gone(step.gone)
				}
			}
			return nil
		})},
	{"any-size",
		"Size and shape may change from one picture to the next.",
		screenRule(func(s platform.VideoSink, pictures []*platform.Picture) error {
			for range 2 {
				for _, p := range pictures {
					if _, err := s.Show(&platform.Frame{Picture: p}); err != nil {
						return fmt.Errorf("%d x %d, shape %d:%d: %w", p.Width, p.Height, p.AspectWidth, p.AspectHeight, err)
					}
				}
			}
			return nil
		})},
	{"leaves-pictures-alone",
		"The sink neither writes to a picture nor releases it.",
		func(t *testing.T, open OpenVideoSink) error {
			var released int
			var sums []uint64
			var shown []*platform.Picture
			err := screenRule(func(s platform.VideoSink, pictures []*platform.Picture) error {
				shown = pictures
				for _, p := range pictures {
					p.Free = func() { released++ }
					sums = append(sums, see(p).sum)
				}
				for _, p := range pictures {
					if _, err := s.Show(&platform.Frame{Picture: p}); err != nil {
						return err
					}
				}
				return s.Close()
			})(t, open)
			for i, p := range shown {
				if see(p).sum != sums[i] {
					err = errors.Join(err, fmt.Errorf("the %dth picture was written to", i+1))
				}
				p.Free = nil
			}
			if released > 0 {
				err = errors.Join(err, fmt.Errorf("%d pictures were released", released))
			}
			return err
		}},
	{"close-unblocks",
		"Close releases the display and unblocks a Show that waits, from any goroutine.",
		screenRule(func(s platform.VideoSink, pictures []*platform.Picture) error {
			ended := make(chan error, 1)
			go func() {
				ended <- guard(func() error {
					begin := time.Now()
					for n := 0; time.Since(begin) < patience; n++ {
						if _, err := s.Show(&platform.Frame{Picture: pictures[n%2]}); err != nil {
							return err
						}
						time.Sleep(5 * time.Millisecond)
					}
					return errors.New("no error")
				})
			}()
			time.Sleep(20 * time.Millisecond)
			if err := within(patience, "Close", s.Close); err != nil {
				return err
			}
			return within(2*patience, "Show", func() error {
				if err := <-ended; !errors.Is(err, platform.ErrClosed) {
					return fmt.Errorf("Show ended with %v, which does not wrap ErrClosed", err)
				}
				return nil
			})
		})},
	{"ends-with-ErrClosed",
		"An error that wraps ErrClosed ends the display for good",
		screenRule(func(s platform.VideoSink, pictures []*platform.Picture) error {
			if err := s.Close(); err != nil {
				return err
			}
			for range 2 {
				if _, err := s.Show(&platform.Frame{Picture: pictures[0]}); !errors.Is(err, platform.ErrClosed) {
					return fmt.Errorf("Show after Close returned %v", err)
				}
			}
			return nil
		})},
	{"close-twice",
		"Closing twice is no error.",
		screenRule(func(s platform.VideoSink, pictures []*platform.Picture) error {
			return errors.Join(s.Close(), s.Close())
		})},
	{"own-plane",
		"ShowOverlays replaces all that is on the plane; nil empties it.",
		planeRule(func(s platform.OverlayPlane, pictures []*platform.Picture) error {
			one, two := caption(1, 200, 20), caption(2, 100, 40)
			for i, overlays := range [][]platform.Overlay{nil, {one}, {one}, {two, one}, nil, nil, {two}} {
				if err := s.ShowOverlays(overlays); err != nil {
					return fmt.Errorf("with %d overlays: %w", len(overlays), err)
				}
				if i%2 == 0 {
					if _, err := s.Show(&platform.Frame{Picture: pictures[i%len(pictures)]}); err != nil {
						return err
					}
				}
			}
			return nil
		})},
	{"plane-leaves-overlays-alone",
		"The overlays are only read",
		planeRule(func(s platform.OverlayPlane, pictures []*platform.Picture) error {
			o := caption(1, 200, 20)
			list, pixels := []platform.Overlay{o}, bytes.Clone(o.Image.Pix)
			err := s.ShowOverlays(list)
			if _, shown := s.Show(&platform.Frame{Picture: pictures[0]}); shown != nil || err != nil {
				return errors.Join(err, shown)
			}
			if list[0] != o || !bytes.Equal(o.Image.Pix, pixels) {
				return errors.New("an overlay was changed")
			}
			return s.ShowOverlays(nil)
		})},
	{"plane-ends-with-ErrClosed",
		"An error is as that of Show.",
		planeRule(func(s platform.OverlayPlane, pictures []*platform.Picture) error {
			if err := s.Close(); err != nil {
				return err
			}
			if err := s.ShowOverlays([]platform.Overlay{caption(1, 64, 16)}); !errors.Is(err, platform.ErrClosed) {
				return fmt.Errorf("ShowOverlays after Close returned %v", err)
			}
			return nil
		})},
	{"scheduled",
		"takes the instant at which a frame is to appear, up to Ahead before it",
		screenRule(func(s platform.VideoSink, pictures []*platform.Picture) error {
			timed, ok := s.(platform.ScheduledSink)
			if !ok {
				return unexamined("the sink is no platform.ScheduledSink")
			}
			ahead := timed.Ahead()
			if ahead <= 0 || ahead > time.Minute {
				return fmt.Errorf("Ahead returned %v", ahead)
			}
			for _, in := range []time.Duration{ahead / 2, ahead, -ahead} {
				due := time.Now().Add(in)
				shown, err := timed.ShowAt(&platform.Frame{Picture: pictures[0]}, due)
				if err != nil {
					return err
				}
				if shown.Before(due.Add(-50 * time.Millisecond)) {
					return fmt.Errorf("a frame that was to appear %v from now appears %v before that", in, due.Sub(shown))
				}
			}
			return nil
		})},
}

// small is an inset with a picture of its own, a copy of p.
func small(p *platform.Picture, y float64) platform.Inset {
	own := *p
	for i := range own.Planes {
		own.Planes[i] = bytes.Clone(p.Planes[i])
	}
	return platform.Inset{Picture: &own, AtX: 0.75, AtY: y, AtWidth: 0.2, AtHeight: 0.2}
}

func screenRule(check func(s platform.VideoSink, pictures []*platform.Picture) error) func(*testing.T, OpenVideoSink) error {
	return func(t *testing.T, open OpenVideoSink) (err error) {
		s, pictures := open(t)
		if pictures == nil {
			pictures = Pictures()
		}
		defer func() { err = errors.Join(err, s.Close()) }()
		if len(pictures) < 2 {
			return errors.New("of the exam: at least two pictures are needed")
		}
		return check(s, pictures)
	}
}

// planeRule is a rule for sinks with a plane of their own for overlays.
func planeRule(check func(s platform.OverlayPlane, pictures []*platform.Picture) error) func(*testing.T, OpenVideoSink) error {
	return screenRule(func(s platform.VideoSink, pictures []*platform.Picture) error {
		plane, ok := s.(platform.OverlayPlane)
		if !ok {
			return unexamined("the sink is no platform.OverlayPlane")
		}
		return check(plane, pictures)
	})
}

// caption is an overlay of half transparent white.
func caption(id uint64, width, height int) platform.Overlay {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetRGBA(x, y, color.RGBA{R: 128, G: 128, B: 128, A: 128})
		}
	}
	return platform.Overlay{Image: img, X: 10, Y: 300, CanvasWidth: 640, CanvasHeight: 360, ID: id}
}
