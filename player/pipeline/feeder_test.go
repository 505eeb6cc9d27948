package pipeline

import (
	"context"
	"encoding/binary"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/player/buffer"
)

var stereo = platform.PCMFormat{Rate: 48000, Channels: 2}

// rig is a feeder on a sink that keeps what was heard, in a bubble.
type rig struct {
	t       *testing.T
	clock   Clock
	monitor *Monitor
	sink    *null.AudioSink
	feeder  *Feeder
	branch  *Audio
	began   time.Time
	ctx     context.Context
	cancel  context.CancelFunc
	spares  []*null.AudioSink // that replaced the sink
}

// inBubble runs do with a feeder in epoch 1 at 0 that plays what do gives to
// branch.
func inBubble(t *testing.T, sink *null.AudioSink, do func(*rig)) {
	t.Helper()
	inBubbleWith(t, sink, func(r *rig) *Audio { return r.newBranch(1) }, do)
}

// inBubbleWith is inBubble with a branch of the caller's.
func inBubbleWith(t *testing.T, sink *null.AudioSink, branch func(*rig) *Audio, do func(*rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sink.Record, sink.Capture = true, true
		r := &rig{t: t, monitor: NewMonitor(), sink: sink, began: time.Now()}
		if _, err := sink.Configure(stereo); err != nil {
			t.Fatal(err)
		}
		r.feeder = NewFeeder(&r.clock, sink, stereo, func() platform.AudioSink {
			spare := &null.AudioSink{Record: true, Capture: true}
			r.spares = append(r.spares, spare)
			return spare
		}, r.monitor)
		r.branch = branch(r)
		r.feeder.Flush(1, 0)
		ctx, cancel := context.WithCancel(t.Context())
		r.ctx, r.cancel = ctx, cancel
		var work sync.WaitGroup
		work.Go(func() { _ = r.feeder.Run(ctx, r.branch) })
		defer work.Wait()
		defer cancel()
		do(r)
	})
}

// newBranch is a branch of sound without a decoder: tests give it its pieces.
func (r *rig) newBranch(id int) *Audio {
	return NewAudio(id, buffer.New(0), nil, stereo, r.monitor)
}

// give hands the sound from..to of epoch to a in pieces of the given length, as
// fast as it takes them. Frame n has the value pattern(n).
func give(ctx context.Context, a *Audio, epoch uint64, from, to, piece time.Duration, pattern func(int) int16) {
	for pts := from; pts < to; pts += piece {
		select {
		case a.pieces <- sound{epoch, pts, pcm(pts, min(pts+piece, to), pattern)}:
		case <-ctx.Done():
			return
		}
	}
}

// pcm is the sound from..to.
func pcm(from, to time.Duration, pattern func(int) int16) []byte {
	var data []byte
	for i := frames(stereo, from); i < frames(stereo, to); i++ {
		for range stereo.Channels {
			data = binary.NativeEndian.AppendUint16(data, uint16(pattern(i)))
		}
	}
	return data
}

// count numbers the frames of 200 ms, from 1: no two frames near each other are
// the same, and none is silent.
func count(frame int) int16 { return int16(frame%9600 + 1) }

// heard is the left channel of all that was heard on a sink.
func heard(sink *null.AudioSink) []int16 {
	var all []int16
	for _, h := range sink.Heard() {
		for i := 0; i < len(h.Data); i += stereo.FrameBytes() {
			all = append(all, sample(h.Data[i:]))
		}
	}
	return all
}

// want fails where got is not the frames from..to of pattern.
func want(t *testing.T, got []int16, from, to time.Duration, pattern func(int) int16) {
	t.Helper()
	first, n := frames(stereo, from), frames(stereo, to)-frames(stereo, from)
	if len(got) != n {
		t.Errorf("%d frames were heard, want %d", len(got), n)
	}
	for i := range min(len(got), n) {
		if got[i] != pattern(first+i) {
			t.Errorf("frame %d is %d, want %d", i, got[i], pattern(first+i))
			return
		}
	}
}

func silent(int) int16 { return 0 }

// play begins and fails where there is nothing to be heard.
func (r *rig) play() {
	r.t.Helper()
	synctest.Wait()
	if !r.feeder.Play(time.Now()) {
		r.t.Error("there is no sound to follow")
	}
}

func TestSoundIsHeardWholeAndInTime(t *testing.T) {
	inBubble(t, &null.AudioSink{Latency: 30 * ms}, func(r *rig) {
		go give(r.ctx, r.branch, 1, 0, 3*time.Second, 21333*time.Microsecond, count)
		synctest.Wait()
		if got := r.monitor.Take().AudioReady; got != 1 {
			t.Errorf("ready in epoch %d, want 1", got)
		}
		r.play()
		for range 30 {
			time.Sleep(100 * ms)
			if off := r.clock.Position(time.Now()) - (time.Since(r.began) - 30*ms); off.Abs() > 5*ms {
				t.Errorf("after %v the clock is %v off what is heard", time.Since(r.began), off)
			}
		}
		r.branch.pieces <- sound{epoch: 1}
		time.Sleep(100 * ms)
		synctest.Wait()
		want(t, heard(r.sink), 0, 3*time.Second, count)
		if rep := r.monitor.Take(); rep.AudioEnded != 1 || rep.Gaps != 0 || r.sink.Counts().Underruns != 0 {
			t.Errorf("ended in epoch %d, %d gaps, %d underruns", rep.AudioEnded, rep.Gaps, r.sink.Counts().Underruns)
		}
	})
}

func TestGapIsFilledToTheFrame(t *testing.T) {
	for _, c := range []struct {
		name  string
		gap   time.Duration
		fills bool
	}{
		{"none", 0, false},
		{"rounding", 4 * ms, false}, // heard as it comes, within the tolerance
		{"short", 6 * ms, true},
		{"of an odd number of frames", 31237 * time.Microsecond, true},
		{"longer than the device takes", 700 * ms, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, &null.AudioSink{}, func(r *rig) {
				go func() {
					give(r.ctx, r.branch, 1, 0, 100*ms, 20*ms, count)
					give(r.ctx, r.branch, 1, 100*ms+c.gap, 200*ms+c.gap, 20*ms, count)
				}()
				r.play()
				time.Sleep(2 * time.Second)
				got := heard(r.sink)
				silence := frames(stereo, c.gap)
				if !c.fills {
					silence = 0
				}
				if len(got) != 9600+silence {
					t.Fatalf("%d frames were heard, want %d", len(got), 9600+silence)
				}
				want(t, got[:4800], 0, 100*ms, count)
				want(t, got[4800:4800+silence], 0, time.Duration(silence)*time.Second/48000, silent)
				first := frames(stereo, 100*ms+c.gap)
				want(t, got[4800+silence:], 100*ms+c.gap, 200*ms+c.gap, func(i int) int16 { return count(max(i, first)) })
				if gaps := r.monitor.Take().Gaps; gaps != map[bool]int{true: 1}[c.fills] {
					t.Errorf("%d gaps are counted", gaps)
				}
			})
		})
	}
}

func TestOverlapIsTrimmed(t *testing.T) {
	inBubble(t, &null.AudioSink{}, func(r *rig) {
		go func() {
			give(r.ctx, r.branch, 1, 0, 40*ms, 40*ms, count)
			give(r.ctx, r.branch, 1, 20*ms, 60*ms, 40*ms, count)     // half of it is there
			give(r.ctx, r.branch, 1, 10*ms, 50*ms, 40*ms, count)     // all of it is there
			give(r.ctx, r.branch, 1, 60*ms, 300*ms, 21*ms, count)    // goes on
			give(r.ctx, r.branch, 1, 295*ms, 400*ms, 21*ms, silent)  // within the tolerance: played whole
			give(r.ctx, r.branch, 1, 400*ms, 500*ms, 100*ms, silent) // as a whole again
		}()
		r.play()
		time.Sleep(time.Second)
		got := heard(r.sink)
		want(t, got[:min(len(got), 14400)], 0, 300*ms, count)
		if n := len(got) - 14400; n != frames(stereo, 205*ms) {
			t.Errorf("%d frames follow, want %d", n, frames(stereo, 205*ms))
		}
		if gaps := r.monitor.Take().Gaps; gaps != 0 {
			t.Errorf("%d gaps were filled", gaps)
		}
	})
}

// TestStatedTimesCount: packagers round, and some count a little wrong. The
// sound is played as it comes, and the clock keeps to what is stated.
func TestStatedTimesCount(t *testing.T) {
	for _, stated := range []time.Duration{19900 * time.Microsecond, 20100 * time.Microsecond} {
		inBubble(t, &null.AudioSink{}, func(r *rig) {
			go func() {
				for i := range 400 {
					from := time.Duration(i) * 20 * ms
					r.branch.pieces <- sound{1, time.Duration(i) * stated, pcm(from, from+20*ms, count)}
				}
			}()
			r.play()
			time.Sleep(7 * time.Second)
			if want := 7 * time.Second / (20 * ms) * stated; (r.clock.Position(time.Now()) - want).Abs() > 10*ms {
				t.Errorf("after 7s the clock is at %v, want %v", r.clock.Position(time.Now()), want)
			}
			time.Sleep(2 * time.Second)
			want(t, heard(r.sink), 0, 8*time.Second, count)
			if gaps := r.monitor.Take().Gaps; gaps != 0 {
				t.Errorf("%d gaps", gaps)
			}
		})
	}
}

func TestDryDeviceIsAnchoredAnew(t *testing.T) {
	inBubble(t, &null.AudioSink{}, func(r *rig) {
		go give(r.ctx, r.branch, 1, 0, 200*ms, 20*ms, count)
		r.play()
		time.Sleep(512 * ms) // dry for 312 ms, while the pictures go on
		if got := r.clock.Position(time.Now()); (got - 512*ms).Abs() > ms {
			t.Errorf("the clock is at %v, want 512ms: it goes on without sound", got)
		}
		give(r.ctx, r.branch, 1, 200*ms, time.Second, 20*ms, count)
		time.Sleep(time.Second)
		got := heard(r.sink)
		want(t, got[:9600], 0, 200*ms, count)
		want(t, got[9600:], 512*ms, time.Second, count)
		pieces := r.sink.Heard()
		if at := pieces[len(pieces)-1].At.Sub(r.began); len(pieces) != 2 || (at-512*ms).Abs() > 5*ms {
			t.Errorf("in %d pieces, the last heard at %v: the sound is to be in its place again", len(pieces), at)
		}
	})
}

func TestDeviceThatTakesLittleAtOnce(t *testing.T) {
	inBubble(t, &null.AudioSink{Queue: 100 * ms}, func(r *rig) {
		go give(r.ctx, r.branch, 1, 0, 2*time.Second, 700*ms, count) // pieces larger than its queue
		r.play()
		time.Sleep(3 * time.Second)
		want(t, heard(r.sink), 0, 2*time.Second, count)
		if c := r.sink.Counts(); c.Underruns != 0 {
			t.Errorf("the device ran dry %d times", c.Underruns)
		}
	})
}

func TestReadyWithoutAFullDevice(t *testing.T) {
	inBubble(t, &null.AudioSink{Queue: 2 * time.Second}, func(r *rig) {
		give(r.ctx, r.branch, 1, 0, readyAt-20*ms, 20*ms, count)
		synctest.Wait()
		if got := r.monitor.Take().AudioReady; got != 0 {
			t.Error("ready before there is enough")
		}
		give(r.ctx, r.branch, 1, readyAt-20*ms, readyAt, 20*ms, count)
		synctest.Wait()
		if got := r.monitor.Take().AudioReady; got != 1 {
			t.Errorf("ready in epoch %d, want 1", got)
		}
	})
}

func TestEndIsReadyHoweverShort(t *testing.T) {
	inBubble(t, &null.AudioSink{}, func(r *rig) {
		give(r.ctx, r.branch, 1, 0, 20*ms, 20*ms, count)
		r.branch.pieces <- sound{epoch: 1}
		synctest.Wait()
		if rep := r.monitor.Take(); rep.AudioReady != 1 || rep.AudioEnded != 0 {
			t.Errorf("ready in epoch %d, ended in %d, want 1 and 0: nothing was heard yet", rep.AudioReady, rep.AudioEnded)
		}
		r.play()
		time.Sleep(21 * ms)
		synctest.Wait()
		if rep := r.monitor.Take(); rep.AudioEnded != 1 {
			t.Error("the end was not told when the last sound was heard")
		}
	})
}

func TestHoldKeepsEveryFrame(t *testing.T) {
	inBubble(t, &null.AudioSink{Latency: 10 * ms}, func(r *rig) {
		go give(r.ctx, r.branch, 1, 0, 4*time.Second, 21333*time.Microsecond, count)
		r.play()
		for i := range 12 {
			time.Sleep(time.Duration(i*i)*7*ms + 3*ms)
			r.feeder.Hold()
			r.clock.Stop(time.Now())
			held := r.clock.Position(time.Now())
			time.Sleep(5 * time.Second)
			before := len(heard(r.sink))
			r.play()
			if got := r.clock.Position(time.Now()); (got - held).Abs() > 5*ms {
				t.Errorf("after a pause at %v media time goes on from %v", held, got)
			}
			if len(heard(r.sink)) != before {
				t.Error("sound was heard in a pause")
			}
		}
		time.Sleep(5 * time.Second)
		want(t, heard(r.sink), 0, 4*time.Second, count)
		if rep := r.monitor.Take(); rep.Gaps != 0 {
			t.Errorf("%d gaps", rep.Gaps)
		}
	})
}

func TestPausedFeederDoesNothing(t *testing.T) {
	counted := &countingSink{}
	synctest.Test(t, func(t *testing.T) {
		_, _ = counted.Configure(stereo)
		var clock Clock
		f := NewFeeder(&clock, counted, stereo, nil, NewMonitor())
		a := NewAudio(1, buffer.New(0), nil, stereo, f.monitor)
		f.Flush(1, 0)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go f.Run(ctx, a)
		go give(ctx, a, 1, 0, time.Second, 20*ms, count)
		synctest.Wait()
		before := counted.total()
		time.Sleep(time.Hour)
		if n := counted.total() - before; n != 0 {
			t.Errorf("the sound device was called %d times in an hour of pause", n)
		}
	})
}

// countingSink counts the calls of its methods.
type countingSink struct {
	null.AudioSink
	mu    sync.Mutex
	calls int
}

func (s *countingSink) Delay() time.Duration {
	s.mu.Lock()
	s.calls++
	s.mu.Unlock()
	return s.AudioSink.Delay()
}

func (s *countingSink) Write(b []byte) (int, error) {
	s.mu.Lock()
	s.calls++
	s.mu.Unlock()
	return s.AudioSink.Write(b)
}

func (s *countingSink) total() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

func TestFlushDropsWhatIsStale(t *testing.T) {
	for _, c := range []struct {
		name   string
		before time.Duration // of the sound of epoch 1 in one piece: the longest blocks the feeder
	}{{"queued", 100 * ms}, {"being written", 900 * ms}} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, &null.AudioSink{}, func(r *rig) {
				give(r.ctx, r.branch, 1, 0, c.before, c.before, func(int) int16 { return -7 })
				r.play()
				time.Sleep(50 * ms)
				r.branch.pieces <- sound{1, c.before, pcm(0, 20*ms, func(int) int16 { return -8 })}
				r.feeder.Flush(2, 10*time.Second)
				r.clock.Set(10 * time.Second)
				r.branch.pieces <- sound{epoch: 1} // a late end of the former epoch
				go give(r.ctx, r.branch, 2, 10*time.Second, 11*time.Second, 20*ms, count)
				time.Sleep(time.Second)
				if n := len(heard(r.sink)); n != frames(stereo, 50*ms) {
					t.Errorf("%d frames were heard while held, want those of 50 ms", n)
				}
				if rep := r.monitor.Take(); rep.AudioReady != 2 || rep.AudioEnded != 0 {
					t.Errorf("ready in epoch %d, want 2; ended in %d", rep.AudioReady, rep.AudioEnded)
				}
				r.play()
				if got := r.clock.Position(time.Now()); got != 10*time.Second {
					t.Errorf("the clock goes on from %v", got)
				}
				time.Sleep(2 * time.Second)
				want(t, heard(r.sink)[frames(stereo, 50*ms):], 10*time.Second, 11*time.Second, count)
			})
		})
	}
}

func TestPlayWithoutSound(t *testing.T) {
	inBubble(t, &null.AudioSink{}, func(r *rig) {
		if r.feeder.Play(time.Now()) || r.clock.Running() {
			t.Error("the feeder started the clock, though there is nothing to follow")
		}
	})
}

func TestGainRampsWithoutClicks(t *testing.T) {
	const loud = 20000
	inBubble(t, &null.AudioSink{}, func(r *rig) {
		go give(r.ctx, r.branch, 1, 0, 4*time.Second, 20*ms, func(int) int16 { return loud })
		r.play()
		for _, g := range []float64{0, 1, 0.25, 0.5} {
			time.Sleep(500 * ms)
			r.feeder.SetGain(g)
		}
		time.Sleep(4 * time.Second)
		got := heard(r.sink)
		if len(got) != 4*48000 {
			t.Fatalf("%d frames were heard", len(got))
		}
		const step = loud/960 + 1
		plateaus := []int16{got[0]}
		for i := 1; i < len(got); i++ {
			if d := int(got[i]) - int(got[i-1]); d > step || d < -step {
				t.Fatalf("a click: frame %d is %d after %d", i, got[i], got[i-1])
			}
			if i >= 960 && got[i] == got[i-959] && plateaus[len(plateaus)-1] != got[i] && slices.Max(got[i-959:i]) == slices.Min(got[i-959:i]) {
				plateaus = append(plateaus, got[i])
			}
		}
		if !slices.Equal(plateaus, []int16{loud, 0, loud, loud / 4, loud / 2}) {
			t.Errorf("the volume rested at %v", plateaus)
		}
	})
}

func TestGain(t *testing.T) {
	one := platform.PCMFormat{Rate: 1000, Channels: 1}
	apply := func(g *gain, values ...int16) []int16 {
		data := make([]byte, 2*len(values))
		for i, v := range values {
			binary.NativeEndian.PutUint16(data[2*i:], uint16(v))
		}
		g.apply(one, data)
		for i := range values {
			values[i] = sample(data[2*i:])
		}
		return values
	}
	for _, c := range []struct {
		name      string
		gain      gain
		in, want  []int16
		gainAfter float64
	}{
		{"as is", gain{1, 1}, []int16{-32768, 0, 32767}, []int16{-32768, 0, 32767}, 1},
		{"silent", gain{0, 0}, []int16{-32768, 5, 32767}, []int16{0, 0, 0}, 0},
		{"half", gain{0.5, 0.5}, []int16{-32768, 100, -100}, []int16{-16384, 50, -50}, 0.5},
		{"down by a twentieth a frame", gain{1, 0.9}, []int16{1000, 1000, 1000}, []int16{950, 900, 900}, 0.9},
		{"up by a twentieth a frame", gain{0, 0.1}, []int16{1000, 1000, 1000}, []int16{50, 100, 100}, 0.1},
	} {
		g := c.gain
		if got := apply(&g, slices.Clone(c.in)...); !slices.Equal(got, c.want) || g.now != c.gainAfter {
			t.Errorf("%s: %v became %v, want %v; the gain is %v", c.name, c.in, got, c.want, g.now)
		}
	}
}

// volumeSink sets the volume itself.
type volumeSink struct {
	null.AudioSink
	volume float64
}

func (s *volumeSink) SetVolume(g float64) error { s.volume = g; return nil }

func TestDeviceThatSetsTheVolumeItself(t *testing.T) {
	sink := &volumeSink{}
	f := NewFeeder(&Clock{}, sink, stereo, nil, NewMonitor())
	f.SetGain(0.25)
	if sink.volume != 0.25 || f.gain != (gain{1, 1}) {
		t.Errorf("the device has the volume %v, and the samples are scaled by %+v", sink.volume, f.gain)
	}
}

func TestSoundDeviceVanishesWhilePlaying(t *testing.T) {
	inBubble(t, &null.AudioSink{VanishAfter: 500 * ms}, func(r *rig) {
		go func() {
			give(r.ctx, r.branch, 1, 0, 2*time.Second, 20*ms, count)
			r.branch.pieces <- sound{epoch: 1}
		}()
		r.play()
		for range 20 {
			time.Sleep(100 * ms)
			if off := r.clock.Position(time.Now()) - time.Since(r.began); off.Abs() > 40*ms {
				t.Errorf("after %v the clock is %v off", time.Since(r.began), off)
			}
		}
		time.Sleep(300 * ms)
		synctest.Wait()
		rep := r.monitor.Take()
		if rep.AudioLost == nil || rep.AudioEnded != 1 || len(r.spares) != 1 {
			t.Errorf("lost: %v; ended in epoch %d; %d sinks took over", rep.AudioLost, rep.AudioEnded, len(r.spares))
		}
		want(t, heard(r.sink), 0, 500*ms, count)
		if n := len(heard(r.spares[0])); n < frames(stereo, 1400*ms) || n > frames(stereo, 1600*ms) {
			t.Errorf("the sink that took over kept time for %d frames", n)
		}
	})
}

func TestSoundDeviceVanishesWithItsLastSound(t *testing.T) {
	inBubble(t, &null.AudioSink{VanishAfter: 950 * ms}, func(r *rig) {
		go func() {
			give(r.ctx, r.branch, 1, 0, time.Second, 20*ms, count)
			r.branch.pieces <- sound{epoch: 1}
		}()
		r.play()
		time.Sleep(10 * time.Second)
		rep := r.monitor.Take()
		if rep.AudioLost == nil || rep.AudioEnded != 1 {
			t.Errorf("lost: %v; ended in epoch %d: the session would never end", rep.AudioLost, rep.AudioEnded)
		}
		if pos := r.clock.Position(time.Now()); pos < 9*time.Second {
			t.Errorf("the clock hangs at %v", pos)
		}
	})
}

func TestSoundDeviceVanishesWhileNothingComes(t *testing.T) {
	inBubble(t, &null.AudioSink{VanishAfter: 100 * ms}, func(r *rig) {
		give(r.ctx, r.branch, 1, 0, 160*ms, 20*ms, count)
		r.play()
		time.Sleep(3 * time.Second) // no more sound, as when the network is gone
		if pos := r.clock.Position(time.Now()); (pos - 3*time.Second).Abs() > 100*ms {
			t.Errorf("after 3s the clock hangs at %v", pos)
		}
	})
}

func TestSoundDeviceVanishesWhileHeld(t *testing.T) {
	inBubble(t, &null.AudioSink{}, func(r *rig) {
		go give(r.ctx, r.branch, 1, 0, 2*time.Second, 20*ms, count)
		r.play()
		time.Sleep(500 * ms)
		r.feeder.Hold()
		r.clock.Stop(time.Now())
		r.sink.Vanish()
		time.Sleep(time.Minute)
		now := time.Now()
		if !r.feeder.Play(now) {
			r.clock.Start(r.clock.Position(now), now)
		}
		if pos := r.clock.Position(now); (pos - 500*ms).Abs() > ms {
			t.Errorf("media time goes on from %v, want 500ms", pos)
		}
		time.Sleep(time.Second)
		if pos := r.clock.Position(time.Now()); (pos - 1500*ms).Abs() > 40*ms {
			t.Errorf("a second later media time is %v", pos)
		}
		if r.monitor.Take().AudioLost == nil {
			t.Error("nobody was told")
		}
	})
}

// brokenSink fails without being gone.
type brokenSink struct {
	null.AudioSink
	fail error
}

func (s *brokenSink) Pause(on bool) error {
	if s.fail != nil {
		return s.fail
	}
	return s.AudioSink.Pause(on)
}

func TestSoundDeviceThatFailsOnce(t *testing.T) {
	sink := &brokenSink{fail: platform.ErrUnsupported}
	m := NewMonitor()
	f := NewFeeder(&Clock{}, sink, stereo, nil, m)
	f.Hold()
	if rep := m.Take(); rep.AudioLost != nil || len(rep.Failures) != 1 || f.sink != sink {
		t.Errorf("lost: %v, failures: %v: a device that fails is told of and kept", rep.AudioLost, rep.Failures)
	}
}
