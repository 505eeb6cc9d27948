package platformtest

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
)

// wrongScreen is a right sink where its functions are nil.
type wrongScreen struct {
	*null.VideoSink
	show  func(f *platform.Frame) (time.Time, error)
	close func() error
}

func (w *wrongScreen) Show(f *platform.Frame) (time.Time, error) {
	if w.show != nil {
		return w.show(f)
	}
	return w.VideoSink.Show(f)
}

func (w *wrongScreen) Close() error {
	if w.close != nil {
		return w.close()
	}
	return w.VideoSink.Close()
}

// timedScreen shows frames when they are due, ahead of it at most.
type timedScreen struct {
	null.VideoSink
	ahead, early time.Duration
}

func (s *timedScreen) Ahead() time.Duration { return s.ahead }

func (s *timedScreen) ShowAt(f *platform.Frame, due time.Time) (time.Time, error) {
	time.Sleep(time.Until(due) - s.early)
	return s.Show(f)
}

func openTimed(ahead, early time.Duration) OpenVideoSink {
	return func(*testing.T) (platform.VideoSink, []*platform.Picture) {
		return &timedScreen{ahead: ahead, early: early}, nil
	}
}

// planeScreen is a right sink with a plane for overlays, where draw fails never.
type planeScreen struct {
	platform.VideoSink
	draw   func([]platform.Overlay) error
	deaf   bool // to being closed
	closed bool
}

func (s *planeScreen) ShowOverlays(overlays []platform.Overlay) error {
	if s.closed && !s.deaf {
		return platform.ErrClosed
	}
	return s.draw(overlays)
}

func (s *planeScreen) Close() error {
	s.closed = true
	return s.VideoSink.Close()
}

func openPlane(draw func([]platform.Overlay) error) OpenVideoSink {
	return func(*testing.T) (platform.VideoSink, []*platform.Picture) {
		return &planeScreen{VideoSink: &null.VideoSink{}, draw: draw}, nil
	}
}

func TestOverlayPlaneTakesTheExam(t *testing.T) {
	TestVideoSink(t, openPlane(func([]platform.Overlay) error { return nil }), InBubble())
}

func TestScheduledSinkTakesTheExam(t *testing.T) {
	TestVideoSink(t, openTimed(100*time.Millisecond, 0), InBubble())
}

func faultyScreen(fault func(w *wrongScreen)) OpenVideoSink {
	return func(t *testing.T) (platform.VideoSink, []*platform.Picture) {
		w := &wrongScreen{VideoSink: &null.VideoSink{}}
		fault(w)
		return w, nil
	}
}

func TestWrongVideoSinks(t *testing.T) {
	// refuse fails for the frames that no returns true for.
	refuse := func(no func(last, f *platform.Frame) bool) OpenVideoSink {
		return faultyScreen(func(w *wrongScreen) {
			var last *platform.Frame
			w.show = func(f *platform.Frame) (time.Time, error) {
				if last != nil && last.Picture != nil && no(last, f) {
					return time.Time{}, errFault
				}
				last = f
				return w.VideoSink.Show(f)
			}
		})
	}
	shown := func(by time.Duration) OpenVideoSink {
		return faultyScreen(func(w *wrongScreen) {
			w.show = func(f *platform.Frame) (time.Time, error) {
				at, err := w.VideoSink.Show(f)
				return at.Add(by), err
			}
		})
	}
	expectCaught(t, videoSinkRules, true, []wrong[OpenVideoSink]{
		{"says that frames appeared before they were given", []string{"shows"}, shown(-time.Second)},
		{"says that frames appear in an hour", []string{"shows"}, shown(time.Hour)},
		{"returns no instant", []string{"shows"}, faultyScreen(func(w *wrongScreen) {
			w.show = func(f *platform.Frame) (time.Time, error) {
				_, err := w.VideoSink.Show(f)
				return time.Time{}, err
			}
		})},
		{"blocks for a minute", []string{"one-refresh"}, faultyScreen(func(w *wrongScreen) { w.Refresh = time.Minute })},
		{"cannot repeat a picture", []string{"repeats"}, refuse(func(last, f *platform.Frame) bool { return f.Picture != nil && last.Picture == f.Picture })},
		{"needs a picture", []string{"lets-go"}, faultyScreen(func(w *wrongScreen) {
			w.show = func(f *platform.Frame) (time.Time, error) {
				_ = f.Picture.Width
				return w.VideoSink.Show(f)
			}
		})},
		{"cannot draw insets", []string{"insets"}, faultyScreen(func(w *wrongScreen) {
			w.show = func(f *platform.Frame) (time.Time, error) {
				if len(f.Insets) > 0 {
					panic("no insets")
				}
				return w.VideoSink.Show(f)
			}
		})},
		{"goes on drawing insets that are gone", []string{"lets-insets-go"}, faultyScreen(func(w *wrongScreen) {
			var drawn []platform.Inset
			w.show = func(f *platform.Frame) (time.Time, error) {
				for _, in := range drawn {
					_ = in.Picture.Planes[0][0]
				}
				drawn = append(drawn, f.Insets...)
				return w.VideoSink.Show(f)
			}
		})},
		{"frames insets with pixels of theirs", []string{"lets-insets-go"}, faultyScreen(func(w *wrongScreen) {
			w.show = func(f *platform.Frame) (time.Time, error) {
				for _, in := range f.Insets {
					in.Picture.Planes[0][0]++
				}
				return w.VideoSink.Show(f)
			}
		})},
		{"releases insets", []string{"lets-insets-go"}, faultyScreen(func(w *wrongScreen) {
			w.show = func(f *platform.Frame) (time.Time, error) {
				for _, in := range f.Insets {
					in.Picture.Release()
				}
				return w.VideoSink.Show(f)
			}
		})},
		{"cannot change its size", []string{"any-size"}, refuse(func(last, f *platform.Frame) bool { return f.Picture != nil && last.Picture.Width != f.Picture.Width })},
		{"draws captions into the picture", []string{"leaves-pictures-alone"}, faultyScreen(func(w *wrongScreen) {
			w.show = func(f *platform.Frame) (time.Time, error) {
				f.Picture.Planes[0][0]++
				return w.VideoSink.Show(f)
			}
		})},
		{"releases pictures", []string{"leaves-pictures-alone"}, faultyScreen(func(w *wrongScreen) {
			w.show = func(f *platform.Frame) (time.Time, error) {
				defer f.Picture.Release()
				return w.VideoSink.Show(f)
			}
		})},
		{"does not wake Show at Close", []string{"close-unblocks"}, faultyScreen(func(w *wrongScreen) {
			shows := 0
			w.show = func(f *platform.Frame) (time.Time, error) {
				if shows++; shows > 2 {
					time.Sleep(time.Minute)
				}
				return w.VideoSink.Show(f)
			}
		})},
		{"waits in Close for ever", []string{"close-unblocks"}, faultyScreen(func(w *wrongScreen) {
			w.close = func() error { time.Sleep(time.Minute); return w.VideoSink.Close() }
		})},
		{"shows on after Close", []string{"ends-with-ErrClosed"}, faultyScreen(func(w *wrongScreen) {
			w.close = func() error { return nil }
		})},
		{"ends with an error of its own", []string{"ends-with-ErrClosed", "close-unblocks"}, faultyScreen(func(w *wrongScreen) {
			w.show = func(f *platform.Frame) (time.Time, error) {
				at, err := w.VideoSink.Show(f)
				if err != nil {
					err = errFault
				}
				return at, err
			}
		})},
		{"fails when closed twice", []string{"close-twice"}, faultyScreen(func(w *wrongScreen) {
			closed := false
			w.close = func() error {
				if closed {
					return errFault
				}
				closed = true
				return w.VideoSink.Close()
			}
		})},
		{"takes no frame ahead of time", []string{"scheduled"}, openTimed(0, 0)},
		{"shows ahead of time", []string{"scheduled"}, openTimed(time.Second, 100*time.Millisecond)},
		{"cannot empty its plane", []string{"own-plane", "plane-leaves-overlays-alone"}, openPlane(func(overlays []platform.Overlay) error {
			if overlays == nil {
				return errors.New("nothing to show")
			}
			return nil
		})},
		{"draws on overlays", []string{"plane-leaves-overlays-alone"}, openPlane(func(overlays []platform.Overlay) error {
			for _, o := range overlays {
				clear(o.Image.Pix)
			}
			return nil
		})},
		{"goes on with its plane when closed", []string{"plane-ends-with-ErrClosed"}, func(t *testing.T) (platform.VideoSink, []*platform.Picture) {
			return &planeScreen{VideoSink: &null.VideoSink{}, draw: func([]platform.Overlay) error { return nil }, deaf: true}, nil
		}},
	})
}

// wrongSpeaker is a right sink where its functions are nil.
type wrongSpeaker struct {
	*null.AudioSink
	configure func(want platform.PCMFormat) (platform.PCMFormat, error)
	write     func(b []byte) (int, error)
	delay     func() time.Duration
	pause     func(on bool) error
	flush     func() error
	close     func() error
}

func (w *wrongSpeaker) Configure(want platform.PCMFormat) (got platform.PCMFormat, err error) {
	if w.configure != nil {
		return w.configure(want)
	}
	return w.AudioSink.Configure(want)
}

func (w *wrongSpeaker) Write(b []byte) (int, error) {
	if w.write != nil {
		return w.write(b)
	}
	return w.AudioSink.Write(b)
}

func (w *wrongSpeaker) Delay() time.Duration {
	if w.delay != nil {
		return w.delay()
	}
	return w.AudioSink.Delay()
}

func (w *wrongSpeaker) Pause(on bool) error {
	if w.pause != nil {
		return w.pause(on)
	}
	return w.AudioSink.Pause(on)
}

func (w *wrongSpeaker) Flush() error {
	if w.flush != nil {
		return w.flush()
	}
	return w.AudioSink.Flush()
}

func (w *wrongSpeaker) Close() error {
	if w.close != nil {
		return w.close()
	}
	return w.AudioSink.Close()
}

// loud is a wrongSpeaker that sets the volume.
type loud struct{ wrongSpeaker }

func (*loud) SetVolume(float64) error { return errFault }

// wrongReceiver is a device that takes bitstreams, wrongly.
type wrongReceiver struct {
	*null.AudioSink
	takes  error // errNone: everything is taken; else, unless nil, nothing
	refuse bool
	plays  bool
}

var errNone = errors.New("nothing is wrong")

func (r *wrongReceiver) Takes(f platform.Format) error {
	switch r.takes {
	case nil:
		return r.AudioSink.Takes(f)
	case errNone:
		return nil
	}
	return r.takes
}

func (r *wrongReceiver) ConfigureBitstream(f platform.Format, carrier platform.PCMFormat) error {
	if r.refuse {
		return errFault
	}
	err := r.AudioSink.ConfigureBitstream(f, carrier)
	if r.plays {
		err = errors.Join(err, r.Pause(false))
	}
	return err
}

func receiving(fault func(r *wrongReceiver)) OpenAudioSink {
	return func(*testing.T) platform.AudioSink {
		r := &wrongReceiver{AudioSink: &null.AudioSink{Bitstreams: []platform.Codec{platform.AC3}}}
		fault(r)
		return r
	}
}

func faultySpeaker(fault func(w *wrongSpeaker)) OpenAudioSink {
	return func(*testing.T) platform.AudioSink {
		w := &wrongSpeaker{AudioSink: &null.AudioSink{}}
		fault(w)
		return w
	}
}

func TestWrongAudioSinks(t *testing.T) {
	const ms = time.Millisecond
	expectCaught(t, audioSinkRules, true, []wrong[OpenAudioSink]{
		{"names no format", []string{"configure"}, faultySpeaker(func(w *wrongSpeaker) {
			w.configure = func(want platform.PCMFormat) (platform.PCMFormat, error) {
				_, err := w.AudioSink.Configure(want)
				return platform.PCMFormat{}, err
			}
		})},
		{"begins to play at once", []string{"begins-paused"}, faultySpeaker(func(w *wrongSpeaker) {
			w.configure = func(want platform.PCMFormat) (platform.PCMFormat, error) {
				got, err := w.AudioSink.Configure(want)
				return got, errors.Join(err, w.AudioSink.Pause(false))
			}
		})},
		{"blocks while it is full", []string{"write-never-blocks"}, faultySpeaker(func(w *wrongSpeaker) {
			w.write = func(b []byte) (int, error) {
				n, err := w.AudioSink.Write(b)
				if n < len(b) {
					time.Sleep(stereo.Duration(len(b) - n))
				}
				return n, err
			}
		})},
		{"takes parts of frames", []string{"whole-frames"}, faultySpeaker(func(w *wrongSpeaker) {
			w.write = func(b []byte) (int, error) {
				n, err := w.AudioSink.Write(b)
				return min(n+1, len(b)), err
			}
		})},
		{"takes everything", []string{"queue-is-bounded"}, faultySpeaker(func(w *wrongSpeaker) { w.Queue = time.Hour })},
		{"takes next to nothing", []string{"queue-is-bounded"}, faultySpeaker(func(w *wrongSpeaker) { w.Queue = 30 * ms })},
		{"does not count what is queued", []string{"delay-counts-what-is-queued", "pause-keeps-the-queue"}, faultySpeaker(func(w *wrongSpeaker) {
			w.delay = func() time.Duration { return min(w.AudioSink.Delay(), 30*ms) }
		})},
		{"counts what was not taken", []string{"delay-counts-what-is-queued"}, faultySpeaker(func(w *wrongSpeaker) {
			var writes atomic.Int64
			w.write = func(b []byte) (int, error) { writes.Add(1); return w.AudioSink.Write(b) }
			w.delay = func() time.Duration { return w.AudioSink.Delay() + time.Duration(writes.Load())*10*ms }
		})},
		{"knows its delay by blocks only", []string{"delay-moves-smoothly"}, faultySpeaker(func(w *wrongSpeaker) {
			w.delay = func() time.Duration { return w.AudioSink.Delay().Round(1024 * time.Second / 48000) }
		})},
		{"plays too fast", []string{"delay-moves-smoothly"}, faultySpeaker(func(w *wrongSpeaker) {
			begin := time.Now()
			w.delay = func() time.Duration { return max(w.AudioSink.Delay()+500*ms-time.Since(begin)/5, 0) }
		})},
		{"never says 0", []string{"delay-ends-at-0"}, faultySpeaker(func(w *wrongSpeaker) {
			w.delay = func() time.Duration { return w.AudioSink.Delay() + 20*ms }
		})},
		{"is dead once it ran dry", []string{"delay-ends-at-0"}, faultySpeaker(func(w *wrongSpeaker) {
			var dry, began atomic.Bool
			w.delay = func() time.Duration {
				d := w.AudioSink.Delay()
				if d > 0 {
					began.Store(true)
				} else if began.Load() {
					dry.Store(true)
				}
				if dry.Load() {
					return 0
				}
				return d
			}
		})},
		{"plays on while paused", []string{"delay-stands-while-paused"}, faultySpeaker(func(w *wrongSpeaker) {
			w.pause = func(on bool) error {
				if on {
					return nil
				}
				return w.AudioSink.Pause(false)
			}
		})},
		{"forgets at Pause", []string{"pause-keeps-the-queue"}, faultySpeaker(func(w *wrongSpeaker) {
			w.pause = func(on bool) error {
				var err error
				if on {
					err = w.AudioSink.Flush()
				}
				return errors.Join(err, w.AudioSink.Pause(on))
			}
		})},
		{"stays paused", []string{"pause-keeps-the-queue", "delay-moves-smoothly"}, faultySpeaker(func(w *wrongSpeaker) {
			w.pause = func(bool) error { return nil }
		})},
		{"needs a Pause(false) for each Pause(true)", []string{"pause-keeps-the-queue"}, faultySpeaker(func(w *wrongSpeaker) {
			depth := 1
			w.pause = func(on bool) error {
				if on {
					depth++
				} else if depth--; depth < 0 {
					return errFault
				}
				return w.AudioSink.Pause(depth > 0)
			}
		})},
		{"serves one goroutine at a time", []string{"delay-from-any-goroutine"}, faultySpeaker(func(w *wrongSpeaker) {
			one := newOneAtATime()
			w.delay = func() time.Duration {
				if one.call() != nil {
					return -1
				}
				return w.AudioSink.Delay()
			}
		})},
		{"keeps all at Flush", []string{"flush-forgets"}, faultySpeaker(func(w *wrongSpeaker) { w.flush = func() error { return nil } })},
		{"is dead after Flush", []string{"flush-forgets"}, faultySpeaker(func(w *wrongSpeaker) {
			w.flush = func() error { w.AudioSink.Vanish(); return nil }
		})},
		{"takes sound after Close", []string{"ends-with-ErrClosed"}, faultySpeaker(func(w *wrongSpeaker) {
			w.write = func(b []byte) (int, error) {
				n, err := w.AudioSink.Write(b)
				if err != nil {
					return len(b), nil
				}
				return n, nil
			}
		})},
		{"panics after Close", []string{"ends-with-ErrClosed"}, faultySpeaker(func(w *wrongSpeaker) {
			w.close = func() error {
				w.delay = func() time.Duration { panic("closed") }
				return w.AudioSink.Close()
			}
		})},
		{"fails when closed twice", []string{"close-twice"}, faultySpeaker(func(w *wrongSpeaker) {
			closed := false
			w.close = func() error {
				if closed {
					return errFault
				}
				closed = true
				return w.AudioSink.Close()
			}
		})},
		{"cannot set the volume", []string{"volume"}, func(*testing.T) platform.AudioSink {
			return &loud{wrongSpeaker{AudioSink: &null.AudioSink{}}}
		}},
		{"takes whatever it is asked for", []string{"takes"}, receiving(func(r *wrongReceiver) { r.takes = errNone })},
		{"has no reason for not taking", []string{"takes"}, receiving(func(r *wrongReceiver) { r.takes = errFault })},
		{"refuses what it takes", []string{"bitstream", "configured-again"}, receiving(func(r *wrongReceiver) { r.refuse = true })},
		{"plays on when it is configured again", []string{"bitstream"}, receiving(func(r *wrongReceiver) { r.plays = true })},
	})
}
