//go:build cgo

package main

import (
	"slices"
	"testing"
	"time"

	"smoothplay/platform/null"
	"smoothplay/platform/platformtest"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
	"smoothplay/testdata/demo"
)

// The sound of each language beeps in its own pitch, a beep a second, at 0.4 s,
// and is never silent.
func TestRealSound(t *testing.T) {
	for language, other := range map[string]string{"eng": "deu", "deu": "eng"} {
		pcm := referenceOf(t, language)
		if len(pcm) != 24*rate {
			t.Errorf("%s: %d samples", language, len(pcm))
		}
		beeps := platformtest.FindBeeps(pcm, rate, pitch[language])
		if len(beeps) != 24 {
			t.Errorf("%s: %d beeps", language, len(beeps))
		}
		for s, at := range beeps {
			want := s*rate + rate*demo.BeatFrame/demo.FrameRate
			if off := at - want; max(off, -off) > rate*3/1000 {
				t.Errorf("%s: the beep of second %d is %d samples late", language, s, off)
			}
		}
		if n := len(platformtest.FindBeeps(pcm, rate, pitch[other])); n > 0 {
			t.Errorf("%s: %d beeps of the other language", language, n)
		}
		if at := silent(pcm); at >= 0 {
			t.Errorf("%s: silent at %v", language, at)
		}
	}
}

// silent is where sound of the demo first is silent for 20 ms; -1: nowhere.
func silent(pcm []int16) time.Duration {
	const window = rate / 50
	for at := rate / 5; at+window < len(pcm)-rate/5; at += window {
		loud := slices.ContainsFunc(pcm[at:at+window], func(v int16) bool { return v > 20 || v < -20 })
		if !loud {
			return time.Duration(at) * time.Second / rate
		}
	}
	return -1
}

// A change of language is heard at once and without a gap: before it the sound is
// that of one language and after it that of the other, sample by sample.
func TestRealLanguages(t *testing.T) {
	sec := time.Second
	for _, c := range []struct {
		name     string
		link     string
		policy   []int
		switches []time.Duration // to the other language
	}{
		{"once", "20M", []int{3}, []time.Duration{5 * sec}},
		{"in the first second", "4M", []int{1}, []time.Duration{600 * time.Millisecond}},
		{"often", "20M", every, []time.Duration{2*sec + 700*time.Millisecond, 6 * sec, 9*sec + 100*time.Millisecond, 14*sec + 800*time.Millisecond, 20 * sec}},
		{"over a slow link", "450k", []int{0}, []time.Duration{4 * sec, 13 * sec}},
		{"to the end", "20M", []int{1}, []time.Duration{22*sec + 600*time.Millisecond}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := watch(t, func(*camera) playertest.Scenario {
				s := playertest.Scenario{Link: c.link, Config: func(p *player.Config) { little(p); p.NewPolicy = following(c.policy) }}
				for i, at := range c.switches {
					s.Script = append(s.Script, playertest.SelectAudio(at, (i+1)%2))
				}
				return s
			})
			w.completed()
			w.showed(frames(0, demo.Frames))
			checkSplices(t, w.onePiece(24*time.Second), len(c.switches))
			w.inSync(0.99)
			if got := len(event.Bodies[event.AudioSelected](w.Events)); got != len(c.switches) {
				t.Errorf("%d changes of language are told, want %d", got, len(c.switches))
			}
			for _, s := range event.Bodies[event.AudioSelected](w.Events) {
				t.Logf("%s heard after %v", s.Language, s.Elapsed)
				if c.link == "20M" && s.Elapsed >= 300*time.Millisecond {
					t.Errorf("%s is heard %v after it was asked for", s.Language, s.Elapsed)
				}
			}
		})
	}
}

// steepest is the largest step from one sample to the next.
func steepest(pcm []int16) int {
	most := 0
	for i := 1; i < len(pcm); i++ {
		step := int(pcm[i]) - int(pcm[i-1])
		most = max(most, step, -step)
	}
	return most
}

// checkSplices asserts that pcm is the sound of the demo, in one language after
// the other, beginning with English, with the given number of changes.
func checkSplices(t *testing.T, pcm []int16, changes int) {
	t.Helper()
	if at := silent(pcm); at >= 0 {
		t.Errorf("silent at %v", at)
	}
	checkBeeps(t, pcm)
	languages := []string{"eng", "deu"}
	if got, own := steepest(pcm), max(steepest(referenceOf(t, "eng")), steepest(referenceOf(t, "deu"))); got > own {
		t.Errorf("a click: from one sample to the next %d, in the languages themselves at most %d", got, own)
	}
	now, made := 0, 0
	odd := 0 // steps of neither, one after the other
	const step = rate / 200
	for at := 0; at+likeness <= len(pcm); at += step {
		is := func(n int) bool {
			ref := referenceOf(t, languages[n])
			return at+likeness <= len(ref) && alike(pcm[at:at+likeness], ref[at:at+likeness])
		}
		switch {
		case is(now):
			odd = 0
		case is(1 - now):
			now, odd = 1-now, 0
			made++
		default:
			// Both are in what is compared, and of a language that begins the
			// first frame is not whole.
			if odd++; odd > (likeness+1024)/step {
				t.Fatalf("%v: the sound is of neither language", time.Duration(at)*time.Second/rate)
			}
		}
	}
	if made != changes {
		t.Errorf("the language changes %d times, want %d", made, changes)
	}
}

// likeness is how much sound alike compares.
const likeness = rate / 25

// alike reports whether two pieces of sound are the same but for the noise that
// an AAC decoder makes up, which is another each time. Of the two languages of
// the demo nothing is alike, of the same one everything by far.
func alike(a, b []int16) bool {
	var diff, all float64
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		diff += d * d
		all += (float64(a[i])*float64(a[i]) + float64(b[i])*float64(b[i])) / 2
	}
	return diff <= all/2
}

// checkBeeps asserts that of either language there is a beep each second.
func checkBeeps(t *testing.T, pcm []int16) {
	t.Helper()
	beeps := append(platformtest.FindBeeps(pcm, rate, demo.BeepEngHz), platformtest.FindBeeps(pcm, rate, demo.BeepDeuHz)...)
	slices.Sort(beeps)
	if len(beeps) != len(pcm)/rate {
		t.Errorf("%d beeps in %d s", len(beeps), len(pcm)/rate)
	}
	for i := 1; i < len(beeps); i++ {
		if step := beeps[i] - beeps[i-1]; step < rate-rate/500 || step > rate+rate/500 {
			t.Errorf("beep %d follows the one before by %d samples", i, step)
		}
	}
}

// Languages change while paused and around seeks, too.
func TestRealLanguagesAndSeeks(t *testing.T) {
	w := watch(t, func(*camera) playertest.Scenario {
		return playertest.Scenario{Config: little, Script: []playertest.Step{
			playertest.Pause(1700 * time.Millisecond),
			playertest.SelectAudio(2*time.Second, 1),
			playertest.Play(4 * time.Second),
			playertest.SelectAudio(6*time.Second, 0),
			playertest.Seek(6*time.Second+time.Millisecond, 15*time.Second),
			playertest.Seek(8*time.Second, 9*time.Second+800*time.Millisecond),
			playertest.SelectAudio(8*time.Second+time.Millisecond, 1),
		}}
	})
	w.completed()
	checkRuns(t, w, []time.Duration{15 * time.Second, 9*time.Second + 800*time.Millisecond})
	w.inSync(0.9)
	last := w.anchors[len(w.anchors)-1]
	if last.language != "deu" {
		t.Errorf("in the end %q is heard", last.language)
	}
	if w.Sound.Underruns != 0 {
		t.Errorf("%d underruns", w.Sound.Underruns)
	}
}

// --no-video: all of the sound, and no picture.
func TestRealSoundAlone(t *testing.T) {
	w := watch(t, func(*camera) playertest.Scenario {
		return playertest.Scenario{Config: func(c *player.Config) { little(c); c.NoVideo = true }}
	})
	w.completed()
	w.showed(nil)
	if !slices.Equal(w.onePiece(24*time.Second), referenceOf(t, "eng")) {
		t.Error("the sound is not that of the demo, sample by sample")
	}
}

// --no-audio: all of the pictures, each at its time, and no sound.
func TestRealPicturesAlone(t *testing.T) {
	w := watch(t, func(*camera) playertest.Scenario {
		return playertest.Scenario{Config: func(c *player.Config) { little(c); c.NoAudio = true }}
	})
	w.completed()
	w.showed(frames(0, demo.Frames))
	if len(w.Heard) != 0 {
		t.Error("something was heard")
	}
	w.paced(1, demo.Frames, 2*time.Millisecond)
}

// paced asserts that pictures from one to before another came at their times,
// by the clock of the wall.
func (w *watched) paced(from, to int, limit time.Duration) {
	w.t.Helper()
	first := w.pictures[from]
	for _, p := range w.pictures[from+1 : to] {
		want := time.Duration(p.frame-first.frame) * period
		if off := p.at.Sub(first.at) - want; off.Abs() > limit {
			w.t.Fatalf("picture %d comes %v late", p.frame, off)
		}
	}
}

// A sound device that vanishes takes nothing along: the pictures go on at their
// pace.
func TestRealSoundDeviceVanishes(t *testing.T) {
	w := watch(t, func(*camera) playertest.Scenario {
		return playertest.Scenario{Audio: &null.AudioSink{VanishAfter: 9*time.Second + 300*time.Millisecond}, Config: little}
	})
	w.completed()
	w.showed(frames(0, demo.Frames))
	w.inSync(0.3)
	w.paced(1, demo.Frames, 45*time.Millisecond)
	if w.codes() != string(event.SoundLost) {
		t.Errorf("what is told is %q", w.codes())
	}
}

// A device that takes no more than 100 ms of sound, and one that is heard late,
// change nothing.
func TestRealSoundDevices(t *testing.T) {
	for name, ears := range map[string]*null.AudioSink{
		"small": {Queue: 100 * time.Millisecond, Latency: time.Millisecond},
		"late":  {Queue: 2 * time.Second, Latency: 400 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			w := watch(t, func(*camera) playertest.Scenario {
				return playertest.Scenario{Audio: ears, Config: func(c *player.Config) { c.NewPolicy = following([]int{0}) }, Script: []playertest.Step{
					playertest.Pause(3700 * time.Millisecond), playertest.Play(5 * time.Second),
					playertest.Seek(8*time.Second, 18*time.Second+700*time.Millisecond),
				}}
			})
			w.completed()
			checkRuns(t, w, []time.Duration{18*time.Second + 700*time.Millisecond})
			w.inSync(0.9)
		})
	}
}
