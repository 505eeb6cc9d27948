package pipeline

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/platform/null"
)

// marked is a tone with a pause of 100 ms at the beginning of each second.
func marked(frame int) int16 {
	if frame%48000 < 4800 {
		return 0
	}
	return int16(9000 * math.Sin(2*math.Pi*440*float64(frame)/48000))
}

// TestClockFollowsTheRateOfWhatIsHeard: while sound is played faster and slower,
// each mark is heard when the clock says so.
func TestClockFollowsTheRateOfWhatIsHeard(t *testing.T) {
	inBubble(t, &null.AudioSink{Latency: 200 * ms}, func(r *rig) {
		go func() {
			give(r.ctx, r.branch, 1, 0, 30*time.Second, 21333*time.Microsecond, marked)
			r.branch.pieces <- sound{epoch: 1}
		}()
		r.play()
		began := time.Now()
		rates := map[time.Duration]float64{2 * time.Second: 1.05, 8 * time.Second: .95, 14 * time.Second: 1, 18 * time.Second: 1.5, 20 * time.Second: .5, 26 * time.Second: 1}
		var positions []time.Duration // each 10 ms
		for at := time.Duration(0); at < 34*time.Second; at += 10 * ms {
			if rate, ok := rates[at]; ok {
				r.feeder.SetRate(rate)
			}
			positions = append(positions, r.clock.Position(time.Now()))
			time.Sleep(10 * ms)
			synctest.Wait()
		}
		var all []int16
		var times []time.Duration
		for _, h := range r.sink.Heard() {
			for i := 0; i < len(h.Data); i += stereo.FrameBytes() {
				all = append(all, sample(h.Data[i:]))
				times = append(times, h.At.Sub(began)+stereo.Duration(i))
			}
		}
		quiet, marks := 0, 0
		for i, v := range all {
			if v > -300 && v < 300 {
				quiet++
				continue
			}
			if quiet > 1500 { // the end of a pause: media time n s + 100 ms
				at := min(int(times[i]/(10*ms)), len(positions)-1)
				said := positions[at]
				off := (said-100*ms+time.Second/2)%time.Second - time.Second/2
				if off > 45*ms || off < -45*ms {
					t.Errorf("mark %d is heard at %v, when the clock stands at %v", marks, times[i], said)
				}
				marks++
			}
			quiet = 0
		}
		if marks != 30 {
			t.Errorf("%d marks were heard, want 30", marks)
		}
		if got := r.monitor.Take(); got.Gaps != 0 || got.AudioEnded != 1 {
			t.Errorf("%d gaps, ended %d", got.Gaps, got.AudioEnded)
		}
		// 24 s of media took 26 s when the rate was 1 again.
		if lasts := stereo.Duration(len(all) * 4).Seconds(); math.Abs(lasts-32) > .4 {
			t.Errorf("30 s of media took %.2f s, want 32", lasts)
		}
	})
}

func TestWrittenMapsWhatIsHeard(t *testing.T) {
	var w written
	w.reset(10 * time.Second)
	w.add(time.Second, 1)
	w.add(2*time.Second, 1.5)
	w.add(time.Second, 1)
	for _, test := range []struct {
		delay, media time.Duration
		rate         float64
	}{
		{0, 15 * time.Second, 1}, {500 * ms, 14500 * ms, 1}, {time.Second, 14 * time.Second, 1},
		{2 * time.Second, 12500 * ms, 1.5}, {3500 * ms, 10500 * ms, 1}, {5 * time.Second, 9 * time.Second, 1},
	} {
		if media, rate := w.heard(test.delay); media != test.media || rate != test.rate {
			t.Errorf("%v ago %v at %v was written, want %v at %v", test.delay, media, rate, test.media, test.rate)
		}
	}
	w.end(15*time.Second + 5*ms)
	if media, _ := w.heard(0); media != 15*time.Second+5*ms {
		t.Errorf("ends at %v", media)
	}
	w.end(20 * time.Second)
	w.add(time.Second, 1)
	if media, _ := w.heard(time.Second); media != 20*time.Second {
		t.Errorf("after a jump it begins at %v", media)
	}
	for range 10_000 {
		w.add(10*ms, 1)
		w.add(10*ms, 2)
	}
	if len(w.pieces) > 1100 {
		t.Errorf("%d pieces are kept", len(w.pieces))
	}
}

func TestClockAtARate(t *testing.T) {
	var c Clock
	noon := time.Date(2020, 1, 1, 12, 0, 0, 0, time.UTC)
	c.Start(10*time.Second, noon)
	c.SetRate(2, noon.Add(time.Second))
	if got := c.Position(noon.Add(3 * time.Second)); got != 15*time.Second {
		t.Errorf("at %v, want 15s", got)
	}
	due, running, changed := c.Due(19 * time.Second)
	if !running || due != noon.Add(5*time.Second) {
		t.Errorf("19 s is due at %v, want 12:00:05", due)
	}
	c.SetRate(2, noon)
	if isClosed(changed) {
		t.Error("the same rate is told as a change")
	}
	c.SetRate(-1, noon.Add(3*time.Second))
	if !isClosed(changed) {
		t.Error("another rate is not told")
	}
	if got := c.Position(noon.Add(4 * time.Second)); got != 14*time.Second || c.Rate() != -1 {
		t.Errorf("backwards it is at %v, want 14s", got)
	}
	c.Stop(noon.Add(4 * time.Second))
	c.SetRate(1, noon.Add(9*time.Second))
	if got := c.Position(noon.Add(99 * time.Second)); got != 14*time.Second {
		t.Errorf("stopped it is at %v, want 14s", got)
	}
}
