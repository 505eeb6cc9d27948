//go:build cgo

package main

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"smoothplay/drm/clearkey"
	"smoothplay/platform/null"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
	"smoothplay/render/ffmpeg"
)

// loopedDemo serves the demo, repeated for ten minutes, on demand: an event that is
// over.
func loopedDemo(t *testing.T, protect *origin.Protect) http.Handler {
	t.Helper()
	o, err := origin.New(origin.Config{Protect: protect, Live: &origin.Live{
		Epoch: atEvent(-12 * time.Minute), Start: atEvent(-12 * time.Minute), End: atEvent(-2 * time.Minute),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// wind plays at a rate for a while and returns what was shown meanwhile. The camera
// has checked that each picture is what its time says.
func wind(t *testing.T, s playertest.Scenario, rate float64, from, to time.Duration) (w *watched, shown []seen, at time.Time) {
	t.Helper()
	c := &eventCamera{t: t, lag: -1}
	s.Video, s.Decoders = c, ffmpeg.Decoders{}
	s.Audio = &null.AudioSink{Record: true, Capture: true, Latency: 37 * time.Millisecond}
	s.Path = "/demo.isml/Manifest"
	s.For = to + 3*time.Second
	set := func(at time.Duration, rate float64) playertest.Step {
		return playertest.Step{At: at, Do: func(s *playertest.Session) { s.Must(s.Player.SetRate(s.Ctx, rate)) }}
	}
	s.Script = []playertest.Step{set(from, rate), set(to, 1)}
	w = &watched{Result: playertest.Run(t, s), t: t, pictures: c.pictures}
	changes := []time.Time{}
	for _, e := range w.Events {
		if b, ok := e.Body.(event.Rate); ok && b.Cause == "command" {
			changes = append(changes, w.Began.Add(e.At))
		}
	}
	if w.Err != nil || len(changes) != 2 {
		t.Fatalf("%d changes of the rate: %v", len(changes), w.Err)
	}
	for _, p := range w.pictures {
		if p.at.After(changes[0]) && p.at.Before(changes[1]) {
			shown = append(shown, p)
		}
	}
	return w, shown, changes[0]
}

// evenly asserts that pictures come soon, often and evenly, and that their numbers
// go by at the rate.
func evenly(t *testing.T, shown []seen, from time.Time, rate float64) {
	t.Helper()
	n := len(shown) - 1
	if n < 10 {
		t.Fatalf("%d pictures were shown", n+1)
	}
	took := shown[n].at.Sub(shown[0].at)
	mean, passed := took/time.Duration(n), 0
	least, most := time.Hour, time.Duration(0)
	levels := map[int]int{}
	for i := 1; i <= n; i++ {
		gap := shown[i].at.Sub(shown[i-1].at)
		least, most = min(least, gap), max(most, gap)
		step := shown[i].frame - shown[i-1].frame
		if rate < 0 {
			step = -step
		}
		passed += (step + int(repetition/period)) % int(repetition/period)
		levels[shown[i].level]++
	}
	first := shown[0].at.Sub(from)
	got := float64(passed) * period.Seconds() / took.Seconds()
	t.Logf("%v x: %.2f pictures a second, %v to %v apart, the first after %v, media at %.2f x, levels %v",
		rate, float64(n)/took.Seconds(), least, most, first, got, levels)
	if mean > 125*time.Millisecond+time.Microsecond || first > 300*time.Millisecond {
		t.Errorf("pictures are %v apart on average, and the first came after %v", mean, first)
	}
	if float64(least) < .7*float64(mean) || float64(most) > 1.3*float64(mean) {
		t.Errorf("pictures are %v to %v apart, %v on average", least, most, mean)
	}
	if size := max(rate, -rate); got < .95*size || got > 1.05*size {
		t.Errorf("pictures went by at %.2f x", got)
	}
}

var realRates = []float64{-64, -8, -4, -1, 4, 8, 64}

// At every rate the pictures are the right ones, by their numbers: on demand, over
// 4 Mbit/s.
func TestRealRates(t *testing.T) {
	for _, rate := range realRates {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			_, shown, at := wind(t, playertest.Scenario{
				Handler: loopedDemo(t, nil), Link: "4M", Config: func(c *player.Config) { c.Start = 5 * time.Minute },
			}, rate, 5*time.Second, 9*time.Second)
			evenly(t, shown, at, rate)
		})
	}
}

// The same of a live event, within its window.
func TestRealEventRates(t *testing.T) {
	for _, rate := range realRates {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			_, shown, at := wind(t, playertest.Scenario{
				Handler: eventOrigin(t, nil, ""), Link: "4M", Config: func(c *player.Config) {
					c.Live.Start = player.LiveStart{Offset: -5 * time.Minute}
				},
			}, rate, 5*time.Second, 9*time.Second)
			evenly(t, shown, at, rate)
		})
	}
}

// The same of an encrypted presentation.
func TestRealProtectedRates(t *testing.T) {
	for _, scheme := range []origin.Scheme{origin.Schemes[0], origin.Schemes[len(origin.Schemes)-1]} {
		for _, rate := range []float64{-8, 8, 64} {
			t.Run(fmt.Sprint(scheme, " ", rate), func(t *testing.T) {
				key := origin.ContentKey{KID: [16]byte{7}, Key: [16]byte([]byte("no secret at all"))}
				w, shown, at := wind(t, playertest.Scenario{
					Handler: loopedDemo(t, &origin.Protect{Scheme: scheme, Keys: []origin.ContentKey{key}}), Link: "4M",
					Keys:   &clearkey.Server{URL: "http://test" + origin.ClearKeyPath},
					Config: func(c *player.Config) { c.Start = 5 * time.Minute },
				}, rate, 5*time.Second, 9*time.Second)
				evenly(t, shown, at, rate)
				if codes := w.codes(); codes != "" {
					t.Errorf("errors: %s", codes)
				}
			})
		}
	}
}

// With sound, every picture is shown, and the pitch of the sound stays.
func TestRealHeardRates(t *testing.T) {
	for _, factor := range []float64{0.25, 0.5, 1.25, 1.5, 2} {
		t.Run(fmt.Sprint(factor), func(t *testing.T) {
			w, shown, _ := wind(t, playertest.Scenario{Handler: loopedDemo(t, nil), Link: "8M"}, factor, 4*time.Second, 16*time.Second)
			for i := 1; i < len(w.pictures); i++ {
				if w.pictures[i].frame != (w.pictures[i-1].frame+1)%int(repetition/period) {
					t.Errorf("picture %d follows picture %d", w.pictures[i].frame, w.pictures[i-1].frame)
				}
			}
			if got := float64(len(shown)) * period.Seconds() / 12; got < .93*factor || got > 1.07*factor {
				t.Errorf("media went by at %.3f x", got)
			}
			pcm := w.wholeSound()
			tone := pitches(pcm[6*rate : min(15*rate, len(pcm))])
			if len(tone) < 5 {
				t.Fatal("no beep was heard")
			}
			if hz := tone[len(tone)/2]; hz < 990 || hz > 1010 {
				t.Errorf("the beeps have %.0f Hz, want 1000", hz)
			}
			t.Logf("%d pieces of beeps, of %.0f to %.0f Hz", len(tone), tone[0], tone[len(tone)-1])
		})
	}
}

// wholeSound is all that was heard.
func (w *watched) wholeSound() (pcm []int16) {
	for _, h := range w.Heard {
		pcm = append(pcm, left(h.Data)...)
	}
	return pcm
}

// pitches are those of the stretches of 20 ms that are a tone near 1000 Hz.
func pitches(pcm []int16) (list []float64) {
	const window = rate / 50
	for from := 0; from+window <= len(pcm); from += window {
		part := pcm[from : from+window]
		var up []int // where it crosses zero upwards
		for i := 1; i < len(part); i++ {
			if part[i-1] < 0 && part[i] >= 0 {
				up = append(up, i)
			}
		}
		tone := len(up) >= 15 && loudness(part) > 2000
		for i := 1; tone && i < len(up); i++ {
			tone = up[i]-up[i-1] > 40 && up[i]-up[i-1] < 60
		}
		if tone {
			list = append(list, float64(len(up)-1)*rate/float64(up[len(up)-1]-up[0]))
		}
	}
	slices.Sort(list)
	return list
}

// Steps show the pictures one by one, both ways, by their numbers.
func TestRealSteps(t *testing.T) {
	steps := []int{1, 1, 1, -1, -1, -1, -1, -1, 1, 12, -12}
	w := watch(t, func(*camera) playertest.Scenario {
		s := playertest.Scenario{Config: func(c *player.Config) { c.Start, c.Paused = 1920*time.Millisecond, true }, For: 20 * time.Second}
		for i, n := range steps {
			s.Script = append(s.Script, playertest.Step{At: 2*time.Second + time.Duration(i)*time.Second, Do: func(s *playertest.Session) {
				s.Must(s.Player.Step(s.Ctx, n))
			}})
		}
		return s
	})
	want := []int{48, 49, 50, 51, 50, 49, 48, 47, 46, 47}
	want = append(want, frames(48, 60)...)
	for n := 58; n >= 47; n-- {
		want = append(want, n)
	}
	if got := w.counters(); !slices.Equal(got, want) {
		t.Errorf("the pictures shown are %v, want %v", got, want)
	}
}
