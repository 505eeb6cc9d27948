package pipeline

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/player/buffer"
)

const period = 40 * ms

// screen is a presenter in a bubble, given its pictures by the test.
type screen struct {
	t        *testing.T
	clock    Clock
	queue    *buffer.Queue
	video    *Video
	monitor  *Monitor
	sink     *Screen
	format   *platform.Format
	made     int
	released atomic.Int64
	began    time.Time
	ctx      context.Context
	cancel   context.CancelFunc
	work     sync.WaitGroup
}

// onScreen runs do with a presenter in epoch 1, and fails where a picture is not
// released exactly once.
func onScreen(t *testing.T, sink platform.VideoSink, do func(*screen)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &screen{t: t, monitor: NewMonitor(), queue: buffer.New(0), began: time.Now(), format: &platform.Format{}}
		s.sink = NewScreen(sink, s.monitor)
		s.queue.Restart(1, 0)
		s.video = NewVideo(s.queue, nil, &s.clock, s.monitor)
		p := NewPresenter(s.video, &s.clock, s.sink, s.monitor)
		s.ctx, s.cancel = context.WithCancel(t.Context())
		s.work.Go(func() { _ = s.video.Run(s.ctx) }) // which has nothing to decode
		s.work.Go(func() { _ = p.Run(s.ctx) })
		do(s)
		s.cancel()
		s.work.Wait()
		s.sink.Clear()
		if n := s.released.Load(); n != int64(s.made) {
			t.Errorf("%d of %d pictures were released", n, s.made)
		}
	})
}

// picture makes one of epoch.
func (s *screen) picture(epoch uint64, pts time.Duration) picture {
	s.made++
	return picture{epoch: epoch, Picture: &platform.Picture{PTS: pts, Duration: period, Source: s.format, Free: func() { s.released.Add(1) }}}
}

// give hands n pictures from pts on to the presenter, as fast as it takes them.
func (s *screen) give(epoch uint64, pts time.Duration, n int) {
	for i := range n {
		s.video.pictures <- s.picture(epoch, pts+time.Duration(i)*period)
	}
}

// recorder is a sink that keeps what was shown.
func recorder() *null.VideoSink { return &null.VideoSink{Record: true} }

func ptsOf(shown []null.Shown) []time.Duration {
	var all []time.Duration
	for _, s := range shown {
		all = append(all, s.PTS)
	}
	return all
}

func TestPicturesWaitForTheirTime(t *testing.T) {
	sink := recorder()
	onScreen(t, sink, func(s *screen) {
		s.clock.Start(-time.Second, time.Now())
		s.give(1, 0, 20)
		time.Sleep(5 * time.Second)
		shown := sink.Shown()
		if len(shown) != 20 {
			t.Fatalf("%d pictures were shown, want 20", len(shown))
		}
		for i, p := range shown[1:] {
			due := s.began.Add(time.Second + p.PTS)
			if ahead := due.Sub(p.At); ahead < 0 || ahead > early {
				t.Errorf("picture %d was shown %v before its time", i+1, ahead)
			}
		}
		if !shown[0].At.Equal(s.began) {
			t.Errorf("the first of the epoch was shown after %v, want at once", shown[0].At.Sub(s.began))
		}
		if r := s.monitor.Take(); r.Shown != 20 || r.Dropped != 0 || r.Repeated != 0 || r.Period != period || r.Began != 1 {
			t.Errorf("%+v", r.Counters)
		}
	})
}

func TestPicturesWaitForTheClockToBeStarted(t *testing.T) {
	sink := recorder()
	onScreen(t, sink, func(s *screen) {
		s.give(1, 0, 3)
		time.Sleep(time.Hour)
		if n := len(sink.Shown()); n != 1 {
			t.Errorf("%d pictures were shown while held, want the first", n)
		}
		if r := s.monitor.Take(); len(r.Firsts) != 1 || !r.Firsts[0].First || r.Began != 1 {
			t.Errorf("told: %+v", r.Firsts)
		}
		s.clock.Start(0, time.Now())
		time.Sleep(period)
		s.clock.Stop(time.Now())
		time.Sleep(time.Hour)
		if n := len(sink.Shown()); n != 2 {
			t.Errorf("%d pictures were shown after a period, want 2", n)
		}
		s.clock.Start(period, time.Now())
		time.Sleep(time.Second)
		if n := len(sink.Shown()); n != 3 {
			t.Errorf("%d pictures were shown in the end, want 3", n)
		}
	})
}

func TestLatePicturesAreDroppedBeforeTheyAreShown(t *testing.T) {
	sink := recorder()
	onScreen(t, sink, func(s *screen) {
		s.clock.Start(0, time.Now())
		s.give(1, 0, 2)
		time.Sleep(100 * ms) // media time 100 ms, that of 40 ms is on the screen
		s.give(1, 2*period, 1)
		synctest.Wait()
		if got, want := ptsOf(sink.Shown()), []time.Duration{0, period, 2 * period}; !slices.Equal(got, want) {
			t.Fatalf("shown: %v, want %v: half a period late will do", got, want)
		}
		time.Sleep(102 * ms) // 202 ms
		s.give(1, 3*period, 3)
		synctest.Wait()
		if got, want := ptsOf(sink.Shown()), []time.Duration{0, period, 2 * period, 5 * period}; !slices.Equal(got, want) {
			t.Errorf("shown: %v, want %v: two were too late", got, want)
		}
		if r := s.monitor.Take(); r.Dropped != 2 || r.Shown != 4 {
			t.Errorf("%d shown, %d dropped", r.Shown, r.Dropped)
		}
	})
}

func TestSomethingIsShownHoweverLate(t *testing.T) {
	sink := recorder()
	onScreen(t, sink, func(s *screen) {
		s.clock.Start(time.Minute, time.Now()) // all are a minute late
		for i := range 200 {
			s.give(1, time.Duration(i)*period, 1)
			time.Sleep(10 * ms)
		}
		shown := sink.Shown()
		for i := 1; i < len(shown); i++ {
			if gap := shown[i].At.Sub(shown[i-1].At); gap > showAtLeast+10*ms || gap < showAtLeast {
				t.Errorf("picture %d came %v after the one before, want %v", i, gap, showAtLeast)
			}
		}
		if len(shown) < 7 {
			t.Errorf("%d pictures in 2 s", len(shown))
		}
	})
}

func TestSlowScreenKeepsUp(t *testing.T) {
	for _, refresh := range []time.Duration{60 * ms, 200 * ms, 400 * ms} {
		sink := recorder()
		sink.Refresh = refresh
		onScreen(t, sink, func(s *screen) {
			s.clock.Start(0, time.Now())
			s.give(1, 0, 250)
			time.Sleep(time.Second)
			shown := sink.Shown()
			for i, p := range shown {
				if i == 0 {
					continue
				}
				if gap := p.At.Sub(shown[i-1].At); gap > max(showAtLeast, refresh)+refresh {
					t.Errorf("refresh %v: %v without a picture", refresh, gap)
				}
				if late := p.At.Sub(s.began) - p.PTS; late > lateMax+2*refresh {
					t.Errorf("refresh %v: a picture is %v late", refresh, late)
				}
			}
			if r := s.monitor.Take(); r.Shown+r.Dropped != 250 || r.Shown != len(shown) || r.Dropped == 0 {
				t.Errorf("refresh %v: %d shown and %d dropped of 250", refresh, r.Shown, r.Dropped)
			}
		})
	}
}

func TestStaleEpochIsNeverShown(t *testing.T) {
	sink := recorder()
	onScreen(t, sink, func(s *screen) {
		s.give(1, 0, 4) // one is shown, one is waited with, two queue
		synctest.Wait()
		s.queue.Restart(2, 10*time.Second)
		s.clock.Set(10 * time.Second)
		s.video.pictures <- picture{epoch: 1} // the end of what is over
		s.give(2, 10*time.Second, 2)
		synctest.Wait()
		s.queue.Restart(3, 20*time.Second) // before the second picture of epoch 2
		s.clock.Set(20 * time.Second)
		s.give(2, 10*time.Second+2*period, 1) // late out of the decoder
		synctest.Wait()
		s.queue.Restart(4, 30*time.Second) // before any picture of epoch 3
		s.clock.Set(30 * time.Second)
		s.give(3, 20*time.Second, 2)
		s.give(4, 30*time.Second, 2)
		s.clock.Start(30*time.Second, time.Now())
		time.Sleep(time.Second)
		want := []time.Duration{0, 10 * time.Second, 30 * time.Second, 30*time.Second + period}
		if got := ptsOf(sink.Shown()); !slices.Equal(got, want) {
			t.Errorf("shown: %v, want %v", got, want)
		}
		r := s.monitor.Take()
		if r.VideoEnded > 1 {
			t.Errorf("epoch %d is said to have ended", r.VideoEnded)
		}
		if f := r.Firsts; len(f) != 3 || f[0].Epoch != 1 || f[1].Epoch != 2 || f[2].Epoch != 4 {
			t.Errorf("told of first pictures: %+v", f)
		}
	})
}

func TestEndIsToldAfterTheLastPicture(t *testing.T) {
	onScreen(t, recorder(), func(s *screen) {
		s.clock.Start(0, time.Now())
		s.give(1, 0, 3)
		s.video.pictures <- picture{epoch: 1}
		time.Sleep(3*period - ms)
		synctest.Wait()
		if got := s.monitor.Take().VideoEnded; got != 0 {
			t.Error("the end was told while the last picture still had a millisecond")
		}
		time.Sleep(ms)
		synctest.Wait()
		if got := s.monitor.Take().VideoEnded; got != 1 {
			t.Errorf("ended in epoch %d, want 1", got)
		}
	})
}

func TestEndWithoutAPicture(t *testing.T) {
	onScreen(t, recorder(), func(s *screen) {
		s.video.pictures <- picture{epoch: 1}
		synctest.Wait()
		if got := s.monitor.Take().VideoEnded; got != 1 {
			t.Errorf("ended in epoch %d, want 1", got)
		}
	})
}

func TestScreenVanishes(t *testing.T) {
	sink := recorder()
	sink.VanishAfter = 5
	onScreen(t, sink, func(s *screen) {
		s.clock.Start(0, time.Now())
		s.give(1, 0, 20)
		s.video.pictures <- picture{epoch: 1}
		time.Sleep(20 * period)
		synctest.Wait()
		r := s.monitor.Take()
		if r.VideoLost == nil || !errors.Is(r.VideoLost, platform.ErrClosed) || len(r.Failures) != 0 {
			t.Errorf("lost: %v, failures: %v", r.VideoLost, r.Failures)
		}
		if r.Shown != 20 || r.VideoEnded != 1 {
			t.Errorf("%d pictures were timed, ended in epoch %d: the session is to go on", r.Shown, r.VideoEnded)
		}
	})
}

// moodySink fails with one picture.
type moodySink struct {
	null.VideoSink
	fail time.Duration
}

func (s *moodySink) Show(f *platform.Frame) (time.Time, error) {
	if f.Picture != nil && f.Picture.PTS == s.fail {
		return time.Time{}, errors.New("no vertical blank")
	}
	return s.VideoSink.Show(f)
}

func TestScreenFailsOnce(t *testing.T) {
	sink := &moodySink{VideoSink: null.VideoSink{Record: true}, fail: 2 * period}
	onScreen(t, sink, func(s *screen) {
		s.clock.Start(0, time.Now())
		s.give(1, 0, 5)
		time.Sleep(time.Second)
		if n := len(sink.Shown()); n != 4 {
			t.Errorf("%d pictures were shown, want 4", n)
		}
		if r := s.monitor.Take(); len(r.Failures) != 1 || r.Failures[0].PTS != 2*period || r.VideoLost != nil {
			t.Errorf("failures: %+v, lost: %v", r.Failures, r.VideoLost)
		}
	})
}

func TestPictureStaysValidUntilTheNextIsShown(t *testing.T) {
	var on *platform.Picture
	sink := &null.VideoSink{OnShow: func(f *platform.Frame, _ time.Time) {
		if on != nil && on.Free == nil {
			t.Error("the picture on the screen was released before the next was there")
		}
		on = f.Picture
	}}
	onScreen(t, sink, func(s *screen) {
		s.clock.Start(0, time.Now())
		s.give(1, 0, 10)
		s.queue.Restart(2, 0)
		s.give(2, 0, 3)
		time.Sleep(time.Second)
	})
}

func TestEveryFormatIsToldOnce(t *testing.T) {
	sink := recorder()
	onScreen(t, sink, func(s *screen) {
		s.clock.Start(0, time.Now())
		first := s.format
		s.give(1, 0, 5)
		s.format = &platform.Format{Width: 2}
		s.give(1, 5*period, 5)
		time.Sleep(time.Second)
		r := s.monitor.Take()
		if len(r.Firsts) != 2 || r.Firsts[0].Format != first || r.Firsts[1].Format != s.format ||
			r.Firsts[1].First || r.Firsts[1].PTS != 5*period {
			t.Errorf("told: %+v", r.Firsts)
		}
	})
}

func TestPicturesShownTooLongAreCounted(t *testing.T) {
	onScreen(t, recorder(), func(s *screen) {
		s.clock.Start(0, time.Now())
		s.give(1, 0, 3)
		time.Sleep(500 * ms)   // nothing comes
		s.give(1, 3*period, 1) // the next one: late
		s.give(1, 13*period, 3)
		time.Sleep(500 * ms)
		if r := s.monitor.Take(); r.Repeated != 1 {
			t.Errorf("%d are counted, want 1", r.Repeated)
		}
	})
}

func TestPresenterEndsAtAnyTime(t *testing.T) {
	for i := range 40 {
		sink := recorder()
		if i%2 == 1 {
			sink.Refresh = 25 * ms
		}
		onScreen(t, sink, func(s *screen) {
			s.clock.Start(0, time.Now())
			s.give(1, 0, 3+pictureQueue)
			time.Sleep(time.Duration(i) * 4 * ms)
			s.cancel()
		})
	}
}
