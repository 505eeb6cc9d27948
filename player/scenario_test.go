package player_test

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

const period = 40 * time.Millisecond

// whole asserts that a session ended well and showed every picture of [from, to)
// once, in order.
func whole(t *testing.T, r *playertest.Result, from, to time.Duration) {
	t.Helper()
	if r.Err != nil || r.Summary.End != event.Completed {
		t.Errorf("ended as %s: %v", r.Summary.End, r.Err)
	}
	var got []time.Duration
	for _, s := range r.Shown {
		got = append(got, s.PTS)
	}
	var want []time.Duration
	for pts := from; pts < to; pts += period {
		want = append(want, pts)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d pictures shown, want %d from %v to %v; %s", len(got), len(want), from, to, differs(got, want))
	}
}

func differs(got, want []time.Duration) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return "the first that differs is " + got[i].String() + " in place of " + want[i].String()
		}
	}
	return "one is the beginning of the other"
}

// unbroken asserts that the sound was one piece, without gap or silence put in.
func unbroken(t *testing.T, r *playertest.Result, length time.Duration) {
	t.Helper()
	if len(r.Heard) != 1 || r.Summary.AudioGaps != 0 || r.Sound.Underruns != 0 {
		t.Errorf("the sound has %d pieces, %d gaps and %d underruns", len(r.Heard), r.Summary.AudioGaps, r.Sound.Underruns)
		return
	}
	heard := time.Duration(r.Heard[0].Frames) * time.Second / 48000
	if (heard - length).Abs() > 30*time.Millisecond {
		t.Errorf("%v of sound were heard, want %v", heard, length)
	}
}

// inSync asserts that every picture shown while playing was within limit of the
// sound, by what reached the sinks.
func inSync(t *testing.T, r *playertest.Result, limit time.Duration) {
	t.Helper()
	if worst := r.Summary.AVOffset.Max(); worst > limit {
		t.Errorf("pictures and sound are up to %v apart, at most %v is allowed", worst, limit)
	}
}

func TestPlaysToTheEnd(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario { return playertest.Scenario{} })
	whole(t, r, 0, 30*time.Second)
	unbroken(t, r, 30*time.Second)
	inSync(t, r, 5*time.Millisecond)
	playertest.Golden(t, "plays_to_the_end", r.Events)
}

func TestStartsInTheMiddle(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{Config: func(c *player.Config) { c.Start = 11*time.Second + 10*time.Millisecond }}
	})
	whole(t, r, 11*time.Second, 30*time.Second)
	inSync(t, r, 15*time.Millisecond)
	playertest.Golden(t, "starts_in_the_middle", r.Events)
}

func TestSoundAlone(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{Config: func(c *player.Config) { c.NoVideo = true }}
	})
	if len(r.Shown) != 0 || r.Err != nil {
		t.Errorf("%d pictures, error %v", len(r.Shown), r.Err)
	}
	for _, f := range event.Bodies[event.Fragment](r.Events) {
		if f.Track != "audio" {
			t.Errorf("a fragment of %s was fetched", f.Track)
		}
	}
	unbroken(t, r, 30*time.Second)
	playertest.Golden(t, "sound_alone", r.Events)
}

func TestPicturesAlone(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{Config: func(c *player.Config) { c.NoAudio = true }}
	})
	whole(t, r, 0, 30*time.Second)
	if len(r.Heard) != 0 {
		t.Error("something was heard")
	}
	playertest.Golden(t, "pictures_alone", r.Events)
}

func TestSoundEndsFirst(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		p := playertest.Default()
		p.AudioLength = 21 * time.Second
		return playertest.Scenario{Handler: p}
	})
	whole(t, r, 0, 30*time.Second)
	unbroken(t, r, 21*time.Second)
	playertest.Golden(t, "sound_ends_first", r.Events)
}

func TestPicturesEndFirst(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		p := playertest.Default()
		p.Length, p.AudioLength = 20*time.Second, 27*time.Second
		return playertest.Scenario{Handler: p}
	})
	whole(t, r, 0, 20*time.Second)
	unbroken(t, r, 27*time.Second)
	playertest.Golden(t, "pictures_end_first", r.Events)
}

func TestTimesDoNotBeginAtZero(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		p := playertest.Default()
		p.Offset = 17443164950004001
		return playertest.Scenario{Handler: p}
	})
	whole(t, r, 0, 30*time.Second)
	playertest.Golden(t, "times_do_not_begin_at_zero", r.Events)
}

func TestSeeks(t *testing.T) {
	for _, c := range []struct {
		name     string
		script   []playertest.Step
		inBuffer bool
	}{
		{"seek_ahead_in_the_buffer", []playertest.Step{playertest.Seek(3*time.Second, 7*time.Second+500*time.Millisecond)}, true},
		{"seek_back_in_the_buffer", []playertest.Step{playertest.Seek(6*time.Second, 2*time.Second)}, true},
		{"seek_out_of_the_buffer", []playertest.Step{playertest.Seek(time.Second, 25*time.Second+10*time.Millisecond)}, false},
		{"seek_beyond_the_end", []playertest.Step{playertest.Seek(2*time.Second, time.Hour)}, false},
		{"seek_while_paused", []playertest.Step{
			playertest.Pause(2 * time.Second), playertest.Seek(3*time.Second, 5*time.Second), playertest.Play(6 * time.Second)}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := playertest.RunThrice(t, func() playertest.Scenario {
				return playertest.Scenario{Script: c.script, Config: func(c *player.Config) { c.BufferAhead = 12 * time.Second }}
			})
			if r.Err != nil {
				t.Error(r.Err)
			}
			seeks, done := event.Bodies[event.Seek](r.Events), event.Bodies[event.SeekDone](r.Events)
			if len(seeks) != 1 || len(done) != 1 {
				t.Fatalf("%d seeks begun, %d done", len(seeks), len(done))
			}
			if seeks[0].InBuffer != c.inBuffer {
				t.Errorf("in the buffer: %t", seeks[0].InBuffer)
			}
			if to := min(seeks[0].To, 30*time.Second-1); done[0].Shown > to || done[0].Shown <= to-period {
				t.Errorf("sought %v, the first picture shown is that of %v", seeks[0].To, done[0].Shown)
			}
			if c.inBuffer {
				asked := map[uint64]int{}
				for _, f := range event.Bodies[event.Fragment](r.Events) {
					if f.Track == "video" {
						asked[f.T]++
					}
				}
				for at, n := range asked {
					if n > 1 {
						t.Errorf("the fragment at %d was fetched %d times", at, n)
					}
				}
			}
			inSync(t, r, 20*time.Millisecond)
			playertest.Golden(t, c.name, r.Events)
		})
	}
}

func TestSeekStorm(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		var script []playertest.Step
		for i := range 20 {
			to := time.Duration(i*7%29)*time.Second + 300*time.Millisecond
			script = append(script, playertest.Step{
				At: 2*time.Second + time.Duration(i)*3*time.Millisecond,
				Do: func(s *playertest.Session) {
					go s.Player.Seek(s.Ctx, to, player.Exact) // all but the last are overtaken
				},
			})
		}
		return playertest.Scenario{Script: script, Latency: 30 * time.Millisecond}
	})
	done := event.Bodies[event.SeekDone](r.Events)
	last := time.Duration(19*7%29)*time.Second + 300*time.Millisecond
	if len(done) == 0 || done[len(done)-1].To != last {
		t.Errorf("the last seek done is %+v, want to %v", done, last)
	}
	if end := r.Shown[len(r.Shown)-1].PTS; end != 30*time.Second-period {
		t.Errorf("the last picture is that of %v", end)
	}
	playertest.Golden(t, "seek_storm", r.Events)
}

func TestPauseAcrossALevelSwitch(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{
			Link:   "6M:6s,1200k:600s",
			Script: []playertest.Step{playertest.Pause(5 * time.Second), playertest.Play(12 * time.Second)},
		}
	})
	whole(t, r, 0, 30*time.Second)
	if len(event.Bodies[event.LevelShown](r.Events)) < 2 {
		t.Error("no level switch was shown")
	}
	playertest.Golden(t, "pause_across_a_level_switch", r.Events)
}

func TestEveryLanguage(t *testing.T) {
	for i, language := range []string{"eng", "deu"} {
		t.Run("begins with "+language, func(t *testing.T) {
			r := playertest.RunThrice(t, func() playertest.Scenario {
				return playertest.Scenario{Config: func(c *player.Config) { c.AudioLanguages = []string{language[:2]} }}
			})
			whole(t, r, 0, 30*time.Second)
			unbroken(t, r, 30*time.Second)
			for _, f := range event.Bodies[event.Fragment](r.Events) {
				if f.Track == "audio" && f.Language != language {
					t.Errorf("a fragment in %q was fetched", f.Language)
				}
			}
			playertest.Golden(t, "language_"+language, r.Events)
		})
		_ = i
	}
	r := playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{Script: []playertest.Step{
			playertest.SelectAudio(5*time.Second, 1), playertest.SelectAudio(12*time.Second, 0), playertest.SelectAudio(20*time.Second, 1),
		}}
	})
	whole(t, r, 0, 30*time.Second)
	unbroken(t, r, 30*time.Second)
	changes := event.Bodies[event.AudioSelected](r.Events)
	if len(changes) != 3 {
		t.Fatalf("%d changes of language, want 3", len(changes))
	}
	for _, c := range changes {
		if c.Elapsed > 300*time.Millisecond {
			t.Errorf("the change to %s took %v", c.Language, c.Elapsed)
		}
	}
	playertest.Golden(t, "language_switches", r.Events)
}

// faulty is a presentation in front of which every request passes spoil first,
// with its number from 1; spoil reports whether it answered.
func faulty(spoil func(n int64, w http.ResponseWriter, r *http.Request) bool) http.Handler {
	var n atomic.Int64
	p := playertest.Default()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/Manifest") || !spoil(n.Add(1), w, r) {
			p.ServeHTTP(w, r)
		}
	})
}

// cutInHalf answers with the first half of the true answer.
func cutInHalf(w http.ResponseWriter, r *http.Request) {
	var whole recorder
	playertest.Default().ServeHTTP(&whole, r)
	w.Header().Set("Content-Length", whole.Header().Get("Content-Length"))
	_, _ = w.Write(whole.body[:len(whole.body)/2])
	panic(http.ErrAbortHandler)
}

type recorder struct {
	header http.Header
	body   []byte
}

func (r *recorder) Header() http.Header {
	if r.header == nil {
		r.header = http.Header{}
	}
	return r.header
}
func (r *recorder) WriteHeader(int) {}
func (r *recorder) Write(b []byte) (int, error) {
	r.body = append(r.body, b...)
	return len(b), nil
}

// chunkOf is the ordinal of the video chunk that r asks for, -1 for others.
func chunkOf(r *http.Request) int {
	_, rest, ok := strings.Cut(r.URL.Path, "Fragments(video=")
	if !ok {
		return -1
	}
	n := 0
	for _, c := range strings.TrimSuffix(rest, ")") {
		n = n*10 + int(c-'0')
	}
	return n / 20_000_000
}

func TestSurvivesFailingServers(t *testing.T) {
	status := func(code int) func(int64, http.ResponseWriter, *http.Request) bool {
		return func(n int64, w http.ResponseWriter, r *http.Request) bool {
			if n%7 != 0 {
				return false
			}
			w.WriteHeader(code)
			return true
		}
	}
	for _, c := range []struct {
		name  string
		spoil func(n int64, w http.ResponseWriter, r *http.Request) bool
		holes bool
	}{
		{"every_7th_request_404", status(404), false},
		{"every_7th_request_500", status(500), false},
		{"every_7th_fragment_always_404", func(_ int64, w http.ResponseWriter, r *http.Request) bool {
			if chunkOf(r)%7 != 6 {
				return false
			}
			http.NotFound(w, r)
			return true
		}, true},
		{"every_7th_body_cut", func(n int64, w http.ResponseWriter, r *http.Request) bool {
			if n%7 == 0 {
				cutInHalf(w, r)
			}
			return false
		}, false},
		{"a_level_is_missing", func(_ int64, w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "(1500000)") {
				return false
			}
			http.NotFound(w, r)
			return true
		}, false},
		{"one_fragment_404_on_one_level", func(_ int64, w http.ResponseWriter, r *http.Request) bool {
			if chunkOf(r) != 5 || !strings.Contains(r.URL.Path, "(3000000)") {
				return false
			}
			http.NotFound(w, r)
			return true
		}, false},
		{"a_fragment_of_another_time", func(_ int64, w http.ResponseWriter, r *http.Request) bool {
			if chunkOf(r) == 4 {
				r.URL.Path = strings.Replace(r.URL.Path, "video=80000000", "video=120000000", 1)
			}
			return false
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := playertest.RunThrice(t, func() playertest.Scenario { return playertest.Scenario{Handler: faulty(c.spoil)} })
			if c.holes {
				if r.Err != nil || r.Summary.End != event.Completed {
					t.Errorf("ended as %s: %v", r.Summary.End, r.Err)
				}
				skipped := 0
				for _, e := range event.Bodies[event.Error](r.Events) {
					if e.Code == event.FragmentSkipped {
						skipped++
					}
				}
				missing := 750 - len(r.Shown)
				if skipped == 0 || missing != skipped*50 {
					t.Errorf("%d fragments were skipped and %d pictures are missing", skipped, missing)
				}
			} else {
				whole(t, r, 0, 30*time.Second)
			}
			unbroken(t, r, 30*time.Second)
			inSync(t, r, 20*time.Millisecond)
			if r.Summary.Stalls != 0 {
				t.Errorf("%d stalls", r.Summary.Stalls)
			}
			playertest.Golden(t, c.name, r.Events)
		})
	}
}

func TestServerDiesAndComesBack(t *testing.T) {
	for _, c := range []struct {
		name string
		away time.Duration
	}{{"server_away_for_30s", 30 * time.Second}, {"network_gone_for_ten_minutes", 10 * time.Minute}} {
		t.Run(c.name, func(t *testing.T) {
			r := playertest.RunThrice(t, func() playertest.Scenario {
				return playertest.Scenario{
					Config: func(c *player.Config) { c.BufferAhead = 8 * time.Second },
					Script: []playertest.Step{
						{At: 4 * time.Second, Do: func(s *playertest.Session) { s.Network.Close() }},
						{At: 4*time.Second + c.away, Do: func(s *playertest.Session) { s.Network.Reopen() }},
					},
				}
			})
			whole(t, r, 0, 30*time.Second)
			if r.Summary.Stalls != 1 {
				t.Errorf("%d stalls, want 1", r.Summary.Stalls)
			}
			inSync(t, r, 20*time.Millisecond)
			playertest.Golden(t, c.name, r.Events)
		})
	}
}

func TestServerDiesForGoodAfterTheStart(t *testing.T) {
	gone := func(n int64, w http.ResponseWriter, r *http.Request) bool {
		if n < 12 {
			return false
		}
		http.NotFound(w, r)
		return true
	}
	r := playertest.RunThrice(t, func() playertest.Scenario { return playertest.Scenario{Handler: faulty(gone)} })
	if r.Err == nil || r.Summary.End != event.HasFailed {
		t.Errorf("ended as %s: %v", r.Summary.End, r.Err)
	}
	fetched := time.Duration(0)
	for _, f := range event.Bodies[event.Fragment](r.Events) {
		if f.Track == "video" && f.Outcome == event.Received {
			fetched += f.Duration
		}
	}
	if shown := time.Duration(len(r.Shown)) * period; shown != fetched {
		t.Errorf("%v of video were received and %v shown: what is buffered is to be played first", fetched, shown)
	}
	playertest.Golden(t, "server_dies_for_good", r.Events)
}

func TestSlowDecoder(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{Decoders: &null.Decoders{Cost: func(s *platform.Sample) time.Duration {
			return time.Duration(len(s.Data)) * 5 * time.Microsecond // the two highest levels take too long
		}}}
	})
	if r.Err != nil {
		t.Error(r.Err)
	}
	unbroken(t, r, 30*time.Second)
	caps := event.Bodies[event.RenderLoad](r.Events)
	if len(caps) == 0 || caps[0].Cap >= caps[0].Top {
		t.Errorf("the level was not capped: %+v", caps)
	}
	shown := event.Bodies[event.LevelShown](r.Events)
	if last := shown[len(shown)-1]; last.Level > 1 {
		t.Errorf("level %d is shown in the end", last.Level)
	}
	if lost := r.Summary.PicturesDropped; lost > 150 {
		t.Errorf("%d pictures were dropped", lost)
	}
	playertest.Golden(t, "slow_decoder", r.Events)
}

func TestSoundDeviceVanishes(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{Audio: &null.AudioSink{Record: true, VanishAfter: 9 * time.Second}}
	})
	whole(t, r, 0, 30*time.Second)
	found := false
	for _, e := range event.Bodies[event.Error](r.Events) {
		found = found || e.Code == event.SoundLost && !e.Fatal
	}
	if !found {
		t.Error("nobody was told")
	}
	playertest.Golden(t, "sound_device_vanishes", r.Events)
}

func TestLoopAndKeepOpen(t *testing.T) {
	short := func() *playertest.Presentation {
		p := playertest.Default()
		p.Length = 6 * time.Second
		return p
	}
	r := playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{Handler: short(), Config: func(c *player.Config) { c.Loop = true }, For: 20 * time.Second}
	})
	if n := len(r.Shown); n < 3*150 {
		t.Errorf("%d pictures in 20 s of a loop", n)
	}
	playertest.Golden(t, "loop", r.Events)

	r = playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{
			Handler: short(), Config: func(c *player.Config) { c.KeepOpen = true },
			Script: []playertest.Step{
				playertest.Seek(8*time.Second, 3*time.Second), // plays to the end again
				playertest.Play(14 * time.Second),             // from the start
				playertest.Stop(25 * time.Second),
			},
		}
	})
	if n := len(r.Shown); n != 150+75+150 || r.Err != nil {
		t.Errorf("%d pictures, want 375: %v", n, r.Err)
	}
	playertest.Golden(t, "keep_open", r.Events)
}

func TestPausedAtTheStart(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{
			Config: func(c *player.Config) { c.Paused = true },
			Script: []playertest.Step{{At: 4 * time.Second, Do: func(s *playertest.Session) {
				if n := len(s.Video.Shown()); n != 1 {
					s.T.Errorf("%d pictures shown while paused, want the first", n)
				}
			}}, playertest.Play(5 * time.Second)},
		}
	})
	whole(t, r, 0, 30*time.Second)
	playertest.Golden(t, "paused_at_the_start", r.Events)
}

func TestLittleMemory(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		p := playertest.Default()
		p.Levels = []int64{6_000_000}
		p.Length = 60 * time.Second
		return playertest.Scenario{Handler: p, Config: func(c *player.Config) { c.BufferBytes = 8 << 20 }}
	})
	whole(t, r, 0, 60*time.Second)
	if r.Summary.Stalls != 0 {
		t.Errorf("%d stalls", r.Summary.Stalls)
	}
}

func TestLanguageThatCannotBeHad(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{
			Handler: faulty(func(_ int64, w http.ResponseWriter, r *http.Request) bool {
				if !strings.Contains(r.URL.Path, "audio_deu") {
					return false
				}
				http.NotFound(w, r)
				return true
			}),
			Script: []playertest.Step{playertest.SelectAudio(5*time.Second, 1)},
		}
	})
	whole(t, r, 0, 30*time.Second)
	unbroken(t, r, 30*time.Second)
	if changes := event.Bodies[event.AudioSelected](r.Events); len(changes) != 0 {
		t.Errorf("the change is told as done: %+v", changes)
	}
	playertest.Golden(t, "language_that_cannot_be_had", r.Events)
}
