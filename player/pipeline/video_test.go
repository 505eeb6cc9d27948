package pipeline

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/player/buffer"
)

// movie is a queue, a decode loop and a presenter, in a bubble.
type movie struct {
	t       *testing.T
	clock   Clock
	queue   *buffer.Queue
	monitor *Monitor
	sink    *null.VideoSink
	video   *Video
	epoch   uint64
	began   time.Time
	cancel  context.CancelFunc
	freed   int // fragments
	pushed  int
	before  int // pictures shown that shows leaves out
}

// showing runs do with an empty queue in epoch 0 behind decoders, and fails
// where a picture or a fragment is not let go of.
func showing(t *testing.T, decoders platform.Decoders, do func(*movie)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := &movie{t: t, queue: buffer.New(0), monitor: NewMonitor(), sink: recorder(), began: time.Now()}
		screen := NewScreen(m.sink, m.monitor)
		v := NewVideo(m.queue, decoders, &m.clock, m.monitor)
		m.video = v
		p := NewPresenter(v, &m.clock, screen, m.monitor)
		ctx, cancel := context.WithCancel(t.Context())
		m.cancel = cancel
		var work sync.WaitGroup
		work.Go(func() { _ = v.Run(ctx) })
		work.Go(func() { _ = p.Run(ctx) })
		do(m)
		cancel()
		work.Wait()
		screen.Clear()
		m.queue.Restart(0, 0)
		if h, ok := decoders.(interface{ Held() int }); ok && h.Held() != 0 {
			t.Errorf("%d pictures were never released", h.Held())
		}
		if m.freed != m.pushed {
			t.Errorf("%d of %d fragments were freed", m.freed, m.pushed)
		}
	})
}

// restart drops everything and begins an epoch at pos.
func (m *movie) restart(pos time.Duration) {
	m.epoch++
	m.queue.Restart(m.epoch, pos)
	m.clock.Set(pos)
}

const fragmentLasts = 2 * time.Second

// push appends fragments of two seconds: a key picture, then groups of one that
// is referred to and two that are not and are shown before it.
func (m *movie) push(format *platform.Format, from, to int) {
	for n := from; n < to; n++ {
		f := &buffer.Fragment{
			Chunk: n, Start: time.Duration(n) * fragmentLasts, End: time.Duration(n+1) * fragmentLasts,
			Format: format, Bytes: 1000, Free: func() { m.freed++ },
		}
		for i := range int(fragmentLasts / period) {
			s := platform.Sample{Duration: period, DTS: f.Start + time.Duration(i)*period, PTS: f.Start + time.Duration(i)*period, Data: []byte{0}}
			switch {
			case i == 0:
				s.Key = true
			case i == 49:
			case i%3 == 1:
				s.PTS += 2 * period
			default:
				s.PTS -= period
				s.Disposable = true
			}
			f.Samples = append(f.Samples, s)
		}
		m.pushed++
		m.queue.Push(f)
	}
}

func (m *movie) play() {
	synctest.Wait()
	now := time.Now()
	m.clock.Start(m.clock.Position(now), now)
}

// seek moves to pos in what is held.
func (m *movie) seek(pos time.Duration) {
	m.t.Helper()
	m.epoch++
	if !m.queue.Seek(m.epoch, pos) {
		m.t.Fatalf("%v is not in the queue", pos)
	}
	m.clock.Set(pos)
}

// shows fails where not exactly the pictures from..to were shown.
func (m *movie) shows(from, to time.Duration) {
	m.t.Helper()
	synctest.Wait()
	var want []time.Duration
	for pts := from; pts < to; pts += period {
		want = append(want, pts)
	}
	if got := ptsOf(m.sink.Shown()[m.before:]); !slices.Equal(got, want) {
		m.t.Errorf("%d pictures were shown: %v, want those from %v to %v", len(got), got[:min(len(got), 5)], from, to)
	}
}

func h264() *platform.Format { return &platform.Format{Kind: platform.Video, Codec: platform.H264} }

func TestEveryPictureIsShownOnceAcrossFormats(t *testing.T) {
	d := &null.Decoders{}
	showing(t, d, func(m *movie) {
		m.restart(0)
		m.push(h264(), 0, 2)
		m.push(h264(), 2, 3)
		m.queue.SetEnded(true)
		m.play()
		time.Sleep(7 * time.Second)
		m.shows(0, 6*time.Second)
		if r := m.monitor.Take(); r.VideoEnded != 1 || r.Decoded != 150 || len(r.Failures) != 0 {
			t.Errorf("ended in epoch %d, %d decoded, failures %v", r.VideoEnded, r.Decoded, r.Failures)
		}
	})
}

func TestExactSeek(t *testing.T) {
	for _, c := range []struct {
		pos, first time.Duration
		skipped    int // pictures nothing refers to, before the place
	}{
		{0, 0, 0},
		{39 * ms, 0, 0},
		{40 * ms, 40 * ms, 0},
		{1300 * ms, 1280 * ms, 21},
		{1999 * ms, 1960 * ms, 32},
		{2000 * ms, 2000 * ms, 0},
		{3*time.Second + 1, 3 * time.Second, 16},
	} {
		t.Run(c.pos.String(), func(t *testing.T) {
			var decoded int
			d := &null.Decoders{Cost: func(*platform.Sample) time.Duration { decoded++; return 0 }}
			showing(t, d, func(m *movie) {
				m.restart(0)
				m.push(h264(), 0, 3)
				synctest.Wait() // the first pictures are decoded, one is shown
				decoded, m.before = 0, 1
				m.seek(c.pos)
				m.shows(c.first, c.first+1)
				if r := m.monitor.Take(); r.Skipped != c.skipped {
					t.Errorf("%d samples were skipped, want %d", r.Skipped, c.skipped)
				}
				m.queue.SetEnded(true)
				m.play()
				time.Sleep(7 * time.Second)
				m.shows(c.first, 6*time.Second)
				key := int(c.pos / fragmentLasts)
				if want := (3-key)*50 - c.skipped; decoded != want {
					t.Errorf("%d samples were decoded, want %d", decoded, want)
				}
			})
		})
	}
}

func TestSeekBeyondTheEndShowsTheLastPicture(t *testing.T) {
	for _, pos := range []time.Duration{2 * time.Second, time.Hour} {
		showing(t, &null.Decoders{}, func(m *movie) {
			m.restart(0)
			m.push(h264(), 0, 1)
			m.queue.SetEnded(true)
			synctest.Wait()
			m.before = 1
			m.seek(pos)
			m.shows(fragmentLasts-period, fragmentLasts)
			m.play()
			synctest.Wait()
			if r := m.monitor.Take(); r.VideoEnded != 2 {
				t.Errorf("ended in epoch %d, want 2", r.VideoEnded)
			}
		})
	}
}

func TestSeeksInARowShowOnlyWhatIsWanted(t *testing.T) {
	showing(t, &null.Decoders{Cost: func(*platform.Sample) time.Duration { return 5 * ms }}, func(m *movie) {
		m.restart(0)
		m.push(h264(), 0, 5)
		for i := range 50 {
			pos := time.Duration(i*37%100) * 100 * ms
			m.seek(pos)
			time.Sleep(time.Duration(i%9) * 3 * ms)
			for _, s := range m.sink.Shown() {
				if s.At.Equal(time.Now()) && (s.PTS > pos || s.PTS+period <= pos) {
					t.Errorf("sought %v, shown: %v", pos, s.PTS)
				}
			}
		}
		time.Sleep(time.Second)
		shown := m.sink.Shown()
		last := time.Duration(49*37%100) * 100 * ms
		if got := shown[len(shown)-1].PTS; got > last || got+period <= last {
			t.Errorf("the last seek goes to %v, shown is %v", last, got)
		}
		if r := m.monitor.Take(); len(r.Failures) != 0 {
			t.Errorf("failures: %v", r.Failures)
		}
		m.queue.SetEnded(true)
		m.play()
		time.Sleep(10 * time.Second)
	})
}

// script is a decoder that gives each sample's picture at once and follows
// orders.
type script struct {
	open   int // decoders opened
	closed int
	decode func(n int, s *platform.Sample) error // before the n-th sample, from 0
	flush  func() error
	told   []*platform.Format // of each sample
	flight int                // pictures not released
	mu     sync.Mutex
}

func (d *script) Held() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.flight
}

func (d *script) Supports(platform.Format) error { return nil }
func (d *script) OpenAudio(platform.Format, platform.PCMFormat) (platform.AudioDecoder, error) {
	return nil, platform.ErrUnsupported
}

func (d *script) OpenVideo(platform.Format) (platform.VideoDecoder, error) {
	d.open++
	return &scripted{script: d}, nil
}

type scripted struct{ *script }

func (d *scripted) Decode(s *platform.Sample, out func(*platform.Picture) error) error {
	n := len(d.told)
	d.told = append(d.told, s.Format)
	if d.decode != nil {
		if err := d.decode(n, s); err != nil {
			return err
		}
	}
	d.mu.Lock()
	d.flight++
	d.mu.Unlock()
	return out(&platform.Picture{PTS: s.PTS, Duration: s.Duration, Source: s.Format, Free: func() {
		d.mu.Lock()
		d.flight--
		d.mu.Unlock()
	}})
}

func (d *scripted) Drain(func(*platform.Picture) error) error { return nil }
func (d *scripted) Close() error                              { d.closed++; return nil }
func (d *scripted) Flush() error {
	if d.flush == nil {
		return nil
	}
	return d.flush()
}

// single makes fragments of one key picture each.
func (m *movie) single(format *platform.Format, from, to int) {
	for n := from; n < to; n++ {
		at := time.Duration(n) * period
		m.pushed++
		m.queue.Push(&buffer.Fragment{
			Chunk: n, Start: at, End: at + period, Format: format, Free: func() { m.freed++ },
			Samples: []platform.Sample{{PTS: at, DTS: at, Duration: period, Key: true, Data: []byte{0}}},
		})
	}
}

func TestErrorOfASampleCostsThatSample(t *testing.T) {
	broken := errors.New("broken slice")
	d := &script{decode: func(n int, s *platform.Sample) error {
		if n == 4 {
			return broken
		}
		return nil
	}}
	showing(t, d, func(m *movie) {
		m.restart(0)
		m.single(h264(), 0, 10)
		m.queue.SetEnded(true)
		m.play()
		time.Sleep(time.Second)
		got := ptsOf(m.sink.Shown())
		if len(got) != 9 || slices.Contains(got, 4*period) {
			t.Errorf("shown: %v, want all but %v", got, 4*period)
		}
		r := m.monitor.Take()
		if len(r.Failures) != 1 || r.Failures[0].PTS != 4*period || r.Failures[0].Kind != platform.Video || !errors.Is(r.Failures[0].Err, broken) {
			t.Errorf("failures: %+v", r.Failures)
		}
		if r.VideoEnded != 1 || d.open != 1 {
			t.Errorf("ended in epoch %d, %d decoders", r.VideoEnded, d.open)
		}
	})
}

func TestDecoderThatCannotBeFlushedIsReplaced(t *testing.T) {
	d := &script{flush: func() error { return errors.New("stuck") }}
	showing(t, d, func(m *movie) {
		m.restart(0)
		m.single(h264(), 0, 5)
		synctest.Wait()
		m.restart(2 * time.Second)
		m.single(h264(), 50, 55)
		m.queue.SetEnded(true)
		m.play()
		time.Sleep(time.Second)
		if d.open != 2 || d.closed != 1 {
			t.Errorf("%d decoders opened, %d closed, want 2 and 1", d.open, d.closed)
		}
		want := []time.Duration{0, 50 * period, 51 * period, 52 * period, 53 * period, 54 * period}
		if got := ptsOf(m.sink.Shown()); !slices.Equal(got, want) {
			t.Errorf("shown: %v, want %v", got, want)
		}
		if r := m.monitor.Take(); len(r.Failures) != 1 {
			t.Errorf("failures: %v", r.Failures)
		}
		m.cancel()
		synctest.Wait()
		if d.closed != 2 {
			t.Error("the decoder was not closed in the end")
		}
	})
}

// TestFormatIsToldWhereItChanges: a port may reopen its hardware for every
// format it is told, so it is not told again after a seek.
func TestFormatIsToldWhereItChanges(t *testing.T) {
	d := &script{}
	one, other := h264(), h264()
	showing(t, d, func(m *movie) {
		m.restart(0)
		m.single(one, 0, 3)
		synctest.Wait()
		m.restart(time.Second)
		m.single(one, 25, 26)
		m.single(other, 26, 28)
		m.queue.SetEnded(true)
		m.play()
		time.Sleep(time.Second)
		want := []*platform.Format{one, nil, nil, nil, other, nil}
		if !slices.Equal(d.told, want) {
			t.Errorf("the decoder was told the formats %v, want %v", d.told, want)
		}
	})
}

func TestSlowDecoderCatchesUp(t *testing.T) {
	for _, c := range []struct {
		name    string
		cost    time.Duration
		dropped float64 // of all, at most
	}{
		{"a little too slow", 45 * ms, 0.5},
		{"much too slow", 100 * ms, 0.9},
		{"hopeless", 700 * ms, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &null.Decoders{Cost: func(*platform.Sample) time.Duration { return c.cost }}
			showing(t, d, func(m *movie) {
				m.restart(0)
				m.push(h264(), 0, 30)
				m.queue.SetEnded(true)
				m.play()
				time.Sleep(65 * time.Second)
				shown := m.sink.Shown()
				last := time.Duration(-1)
				for i, s := range shown {
					if s.PTS <= last {
						t.Fatalf("%v is shown after %v", s.PTS, last)
					}
					last = s.PTS
					if i > 0 && s.At.Sub(shown[i-1].At) > 4*time.Second {
						t.Errorf("nothing was shown from %v to %v", shown[i-1].PTS, s.PTS)
					}
					if late := s.At.Sub(m.began) - c.cost*3 - s.PTS; late > lagging+2*time.Second {
						t.Errorf("the picture of %v is %v late", s.PTS, late)
					}
				}
				r := m.monitor.Take()
				if r.VideoEnded != 1 {
					t.Error("the end was not reached in time")
				}
				if r.Omitted == 0 || r.Decoded+r.Omitted+len(r.Failures) != 1500 {
					t.Errorf("%d decoded, %d omitted of 1500", r.Decoded, r.Omitted)
				}
				if lost := 1 - float64(len(shown))/1500; lost > c.dropped {
					t.Errorf("%.0f %% of the pictures were not shown", 100*lost)
				}
				if len(r.Failures) != 0 {
					t.Errorf("failures: %v", r.Failures[0].Err)
				}
			})
		})
	}
}

func TestTooLate(t *testing.T) {
	for _, c := range []struct {
		name    string
		late    time.Duration
		sample  platform.Sample
		held    bool
		lagged  bool
		want    bool
		lagging bool
	}{
		{"in time", 0, platform.Sample{Disposable: true}, false, false, false, false},
		{"late, not referred to", 101 * ms, platform.Sample{Disposable: true}, false, false, true, false},
		{"late, referred to", 101 * ms, platform.Sample{}, false, false, false, false},
		{"very late, referred to", 1501 * ms, platform.Sample{}, false, false, true, true},
		{"in time, but others before it were not", 0, platform.Sample{}, false, true, true, true},
		{"a key sample", time.Hour, platform.Sample{Key: true}, false, true, false, false},
		{"while held", time.Hour, platform.Sample{Disposable: true}, true, false, false, false},
	} {
		v := NewVideo(buffer.New(0), nil, &Clock{}, NewMonitor())
		v.begun, v.lags = true, c.lagged
		v.clock.Set(c.late)
		if !c.held {
			synctest.Test(t, func(t *testing.T) {
				v.clock.Start(c.late, time.Now())
				if got := v.tooLate(&c.sample); got != c.want || v.lags != c.lagging {
					t.Errorf("%s: too late: %t, lags: %t, want %t, %t", c.name, got, v.lags, c.want, c.lagging)
				}
			})
		} else if got := v.tooLate(&c.sample); got != c.want {
			t.Errorf("%s: too late: %t", c.name, got)
		}
	}
}

// TestEndsAtAnyTime: whichever of the decoder and the presenter ends first, no
// picture is forgotten.
func TestEndsAtAnyTime(t *testing.T) {
	for i := range 60 {
		d := &null.Decoders{Cost: func(*platform.Sample) time.Duration { return time.Duration(1+i%7) * ms }}
		showing(t, d, func(m *movie) {
			m.restart(0)
			m.push(h264(), 0, 5)
			m.play()
			time.Sleep(time.Duration(i) * 11 * ms)
			m.cancel()
		})
	}
}

func TestTimesOfDecodingLeaveOutTheWait(t *testing.T) {
	showing(t, &null.Decoders{Cost: func(*platform.Sample) time.Duration { return 3 * ms }}, func(m *movie) {
		m.restart(0)
		m.push(h264(), 0, 2)
		m.queue.SetEnded(true)
		m.play()
		time.Sleep(5 * time.Second)
		for _, d := range m.monitor.Take().Decodes {
			if d.Took != 3*ms {
				t.Fatalf("a sample is said to have taken %v, want 3ms", d.Took)
			}
		}
	})
}
