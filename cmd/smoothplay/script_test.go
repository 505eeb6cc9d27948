package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// actor notes what a script asks of a session.
type actor struct {
	scripted // nil: what is not below is not called
	did      []string
	status   player.Status
	limits   player.Limits
}

func (a *actor) note(format string, args ...any) error {
	a.did = append(a.did, fmt.Sprintf(format, args...))
	return nil
}

func (a *actor) Play(context.Context) error                   { return a.note("play") }
func (a *actor) Pause(context.Context) error                  { return a.note("pause") }
func (a *actor) Stop(context.Context) error                   { return a.note("stop") }
func (a *actor) GoLive(context.Context) error                 { return a.note("go-live") }
func (a *actor) Replay(context.Context) error                 { return a.note("replay") }
func (a *actor) Open(_ context.Context, url string) error     { return a.note("open %s", url) }
func (a *actor) Step(_ context.Context, n int) error          { return a.note("step %d", n) }
func (a *actor) SetRate(_ context.Context, r float64) error   { return a.note("rate %v", r) }
func (a *actor) SetVolume(_ context.Context, v float64) error { return a.note("volume %v", v) }
func (a *actor) Mute(_ context.Context, on bool) error        { return a.note("mute %v", on) }
func (a *actor) SelectVideo(_ context.Context, n string) error {
	return a.note("angle %s", n)
}
func (a *actor) SelectText(_ context.Context, n int) error  { return a.note("text %d", n) }
func (a *actor) SelectAudio(_ context.Context, n int) error { return a.note("audio %d", n) }
func (a *actor) Seek(_ context.Context, to time.Duration, m player.SeekMode) error {
	return a.note("seek %v %v", to, m)
}
func (a *actor) SetLimits(_ context.Context, l player.Limits) error {
	a.limits = l
	return a.note("levels %s %v of %d", l.Levels, l.At, l.MaxBPS)
}
func (a *actor) Status() player.Status { return a.status }

// Every command does what it says.
func TestScriptCommands(t *testing.T) {
	const text = `
# a script
10s seek 1:00
11s   seek   5s   key   # with spaces
20s pause 5s
0:30 angle left camera
31s text off
32s go-live
33s replay
34s stop
35s play
36s pause
37s rate -1.5
38s step 3
39s volume 50
40s mute on
41s audio de
42s levels 0,2 now
43s levels all
44s open http://h/x.ism/Manifest#here
45s audio fr
46s text ar
46s text fr
46s bandwidth 500k
`
	s, err := readScript("test", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	a := &actor{status: player.Status{Audio: []player.AudioChoice{{Name: "main", Language: "eng"}, {Name: "dub", Language: "deu"}},
		Text: []player.TextChoice{{Name: "words", Language: "eng"}, {Name: "words", Language: "ara", Role: "subtitle"}}}}
	on := &stage{session: a, limits: player.Limits{MaxBPS: 7}}
	var failed []string
	last := time.Duration(0)
	for _, step := range s.steps {
		if step.at < last {
			t.Errorf("%v comes after %v", step.at, last)
		}
		last = step.at
		if err := step.do(t.Context(), on); err != nil {
			failed = append(failed, fmt.Sprintf("%d: %v", step.line, err))
		}
	}
	want := []string{"seek 1m0s exact", "seek 5s key", "pause", "play", "angle left camera", "text -1", "go-live", "replay", "stop", "play",
		"pause", "rate -1.5", "step 3", "volume 0.5", "mute true", "audio 1", "levels 0,2 now of 7", "levels  buffer_end of 7",
		"open http://h/x.ism/Manifest#here", "text 1"}
	if !slices.Equal(a.did, want) {
		t.Errorf("did\n%q, want\n%q", a.did, want)
	}
	if len(failed) != 3 || !strings.Contains(failed[0], `21: no audio is called "fr": there is main [eng], dub [deu]`) || !strings.Contains(failed[1], `23: no captions are called "fr": there are words [eng], words [ara, subtitle]`) ||
		!strings.Contains(failed[2], "24: the link") {
		t.Errorf("failed: %q", failed)
	}
	secret, err := readScript("test", strings.NewReader("1s open http://me:pass@h/x.ism?token=abc"))
	if err != nil || secret.steps[0].text != "open http://h/x.ism?token=..." {
		t.Errorf("a secret is told: %+v, %v", secret, err)
	}
	if !s.changesLink() || (&script{}).changesLink() || (*script)(nil).changesLink() {
		t.Error("it is not known which script changes the link")
	}
	if s.steps[3].at != 25*time.Second || s.steps[3].line != 5 {
		t.Errorf("a pause ends at %v, of line %d", s.steps[3].at, s.steps[3].line)
	}
	for word := range scriptCommands {
		if !strings.Contains(scriptHelp(), word) {
			t.Errorf("no help about %s", word)
		}
	}
}

// A fault in a script is told with its line and with what may stand there.
func TestScriptFaults(t *testing.T) {
	for line, says := range map[string]string{
		"soon play":          "begins with the time",
		"10s":                "followed by no command",
		"10s sek 5s":         `"sek" is no command: use one of angle, audio, bandwidth`,
		"10s seek":           `an argument is missing: write it as "TIME seek TIME [key]"`,
		"10s seek soon":      `"soon" is not a time`,
		"10s seek 5s slowly": `"slowly" is no way to seek`,
		"10s play 5s":        `nothing follows this word: write it as "TIME play"`,
		"10s pause soon":     `"soon" is not a time`,
		"10s volume 200":     "0 to 100",
		"10s mute":           "an argument is missing",
		"10s mute maybe":     "neither on nor off",
		"10s levels high":    `"high" names no levels`,
		"10s levels 1 soon":  `"soon" is not now`,
		"10s rate fast":      `"fast" is not a number`,
		"10s step 1.5":       "not a number of pictures",
		"10s bandwidth slow": "slow",
	} {
		_, err := readScript("my.txt", strings.NewReader("# first\n\n"+line+"\n"))
		if err == nil || !strings.HasPrefix(err.Error(), "my.txt:3: ") || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want my.txt:3 and %q", line, err, says)
		}
	}
}

func FuzzScript(f *testing.F) {
	f.Add("10s seek 1:00\n20s pause 5s # x\n")
	f.Add("1 levels 0-2 now\n2 bandwidth 8M:1s,max")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := readScript("x", strings.NewReader(text))
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%q has more than one line", err)
			}
			return
		}
		for _, step := range s.steps {
			if step.do == nil || step.at < 0 || step.line < 1 {
				t.Errorf("%+v", step)
			}
		}
	})
}

// follows makes a step that carries a script out.
func follows(t *testing.T, text string, run **scriptRun) playertest.Step {
	s, err := readScript("test", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return playertest.Step{Do: func(p *playertest.Session) {
		*run = newScriptRun(s, &stage{link: p.Link})
		(*run).Handle(event.Event{})
		(*run).stage.session = p.Player
		(*run).follow(p.Ctx)
	}}
}

// decodeLoad is how much longer decoding takes, by time: a trace of a device.
var decodeLoad = []struct {
	until  time.Duration
	factor float64
}{{15 * time.Second, 1}, {30 * time.Second, 1.8}, {time.Hour, 1}}

// TestReproducible: a script, a decode-load trace and a shaped link give the
// same decisions in three runs.
func TestReproducible(t *testing.T) {
	const text = `
5s audio deu
8s bandwidth 900k
14s bandwidth 6M:4s,2M
20s pause 3s
26s levels 0-1
34s levels all
36s seek 50s
40s angle B
`
	var run *scriptRun
	r := playertest.RunThrice(t, func() playertest.Scenario {
		p := playertest.Default()
		p.Length = 70 * time.Second
		began := time.Time{}
		return playertest.Scenario{
			Handler: p, Link: "4M:10s,2M:10s",
			Config: func(c *player.Config) { began = time.Now(); c.BufferAhead = 12 * time.Second },
			Decoders: &null.Decoders{Cost: func(s *platform.Sample) time.Duration {
				i := slices.IndexFunc(decodeLoad[:], func(l struct {
					until  time.Duration
					factor float64
				}) bool {
					return time.Since(began) < l.until
				})
				return time.Duration(decodeLoad[i].factor * float64(2*time.Millisecond+11*time.Microsecond))
			}},
			Script: []playertest.Step{follows(t, text, &run)},
		}
	})
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	if n := len(event.Bodies[event.AudioSelected](r.Events)); n != 1 {
		t.Errorf("the language changed %d times", n)
	}
	seeks := event.Bodies[event.Seek](r.Events)
	if len(seeks) != 1 || seeks[0].To != 50*time.Second {
		t.Errorf("seeks %+v", seeks)
	}
	var pausedFor, pausedAt time.Duration
	for _, e := range r.Events {
		switch s, _ := e.Body.(event.StateChanged); {
		case s.To == event.Paused:
			pausedAt = e.At
		case s.From == event.Paused:
			pausedFor += e.At - pausedAt
		}
	}
	if (pausedFor - 3*time.Second).Abs() > 10*time.Millisecond {
		t.Errorf("paused for %v", pausedFor)
	}
	for _, e := range r.Events {
		if d, ok := e.Body.(event.LevelDecided); ok && d.Track == "video" && d.Decision.Level > 1 && e.At > 27*time.Second && e.At < 34*time.Second {
			t.Errorf("at %v level %d is chosen", e.At, d.Decision.Level)
		}
	}
	// The link is as fast as the script says.
	for _, e := range r.Events {
		f, ok := e.Body.(event.Fragment)
		if !ok || f.Track != "video" || f.Outcome != event.Received || f.Asked < 9*time.Second || e.At > 14*time.Second {
			continue
		}
		if bps := float64(f.Bytes) * 8 / (f.Elapsed - f.TTFB).Seconds(); bps > 920_000 {
			t.Errorf("at %v %.0f bit/s arrive", e.At, bps)
		}
	}
	// What cannot be done is an event and a failure.
	var told []string
	for _, e := range event.Bodies[event.Error](r.Events) {
		told = append(told, e.Message)
	}
	if len(told) != 1 || !strings.HasPrefix(told[0], `test:9: angle B: there is no camera angle "B"`) {
		t.Errorf("told %q", told)
	}
	if len(run.failed) != 1 || run.pending != 0 {
		t.Errorf("failed %v, %d pending", run.failed, run.pending)
	}
}

// TestScriptGoesOnDuringASeek: a command that takes long holds no other up, and
// what was overtaken has not failed.
func TestScriptGoesOnDuringASeek(t *testing.T) {
	var run *scriptRun
	r := playertest.Run(t, playertest.Scenario{
		Link:   "20M",
		Script: []playertest.Step{follows(t, "2s bandwidth 0:5s,20M\n2s seek 25s\n3s seek 20s\n100s stop\n", &run)},
		Config: func(c *player.Config) { c.BufferAhead = 4 * time.Second },
	})
	if r.Err != nil || len(run.failed) > 0 {
		t.Fatal(r.Err, run.failed)
	}
	var asked []time.Duration
	for _, e := range r.Events {
		if _, ok := e.Body.(event.Seek); ok {
			asked = append(asked, e.At.Truncate(100*time.Millisecond))
		}
	}
	if !slices.Equal(asked, []time.Duration{2 * time.Second, 3 * time.Second}) {
		t.Errorf("seeks at %v", asked)
	}
	if run.pending != 1 {
		t.Errorf("%d commands are left", run.pending)
	}
}
